package main

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"
	webhooks "github.com/ray-project/kuberay/ray-operator/pkg/webhooks/v1"
)

// validator is one of KubeRay's validators, bound to an object.
type validator struct {
	name     string
	validate func() error
}

// kinds makes an empty object of each kind, with the validators that the operator calls before it processes it.
var kinds = map[string]func() (any, []validator){
	"RayCluster": func() (any, []validator) {
		object := &rayv1.RayCluster{}
		return object, []validator{
			{"ValidateRayClusterMetadata", func() error { return utils.ValidateRayClusterMetadata(object.ObjectMeta) }},
			{"ValidateRayClusterSpec", func() error { return utils.ValidateRayClusterSpec(&object.Spec, object.Annotations) }},
			{"ValidateRayClusterUpgradeOptions", func() error { return utils.ValidateRayClusterUpgradeOptions(object) }},
			{"ValidateRayClusterStatus", func() error { return utils.ValidateRayClusterStatus(object) }},
			{"RayClusterWebhook", func() error { return admissionErrors(object) }},
		}
	},
	"RayService": func() (any, []validator) {
		object := &rayv1.RayService{}
		return object, []validator{
			{"ValidateRayServiceMetadata", func() error { return utils.ValidateRayServiceMetadata(object.ObjectMeta) }},
			{"ValidateRayServiceSpec", func() error { return utils.ValidateRayServiceSpec(object) }},
		}
	},
	"RayJob": func() (any, []validator) {
		object := &rayv1.RayJob{}
		return object, []validator{
			{"ValidateRayJobMetadata", func() error { return utils.ValidateRayJobMetadata(object.ObjectMeta) }},
			{"ValidateRayJobSpec", func() error { return utils.ValidateRayJobSpec(object) }},
			{"ValidateRayJobStatus", func() error { return utils.ValidateRayJobStatus(object) }},
		}
	},
	"RayCronJob": func() (any, []validator) {
		object := &rayv1.RayCronJob{}
		return object, []validator{
			{"ValidateRayCronJobSpec", func() error { return utils.ValidateRayCronJobSpec(object) }},
		}
	},
}

// admissionErrors returns the errors of KubeRay's own webhook for a RayCluster, without those of its name, which the
// reconcile loop reports too.
func admissionErrors(object *rayv1.RayCluster) error {
	_, err := new(webhooks.RayClusterWebhook).ValidateCreate(context.Background(), object)
	if err == nil {
		return nil
	}
	var invalid *apierrors.StatusError
	if !errors.As(err, &invalid) || invalid.Status().Details == nil {
		return err
	}
	var all []error
	for _, cause := range invalid.Status().Details.Causes {
		if cause.Field != "metadata.name" {
			all = append(all, fmt.Errorf("%s: %s", cause.Field, cause.Message))
		}
	}
	return errors.Join(all...)
}
