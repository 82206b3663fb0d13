package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"
	webhooks "github.com/ray-project/kuberay/ray-operator/pkg/webhooks/v1"
)

// validator asks what the operator asks: KubeRay's own webhook, which there is for RayClusters, and then the validators
// that the reconcile loop calls before it does anything with an object.
type validator struct{}

var _ admission.CustomValidator = validator{}

func (validator) ValidateCreate(ctx context.Context, object runtime.Object) (admission.Warnings, error) {
	switch object := object.(type) {
	case *rayv1.RayCluster:
		// It checks the metadata too, as the reconcile loop does once more.
		if warnings, err := new(webhooks.RayClusterWebhook).ValidateCreate(ctx, object); err != nil {
			return warnings, err
		}
		return nil, errors.Join(
			utils.ValidateRayClusterSpec(&object.Spec, object.Annotations),
			utils.ValidateRayClusterUpgradeOptions(object),
			utils.ValidateRayClusterStatus(object),
		)
	case *rayv1.RayService:
		return nil, errors.Join(
			utils.ValidateRayServiceMetadata(object.ObjectMeta),
			utils.ValidateRayServiceSpec(object),
		)
	default:
		return nil, fmt.Errorf("%T is neither a RayCluster nor a RayService", object)
	}
}

// ValidateUpdate looks at the new object only, as KubeRay's webhook does.
func (v validator) ValidateUpdate(ctx context.Context, _, object runtime.Object) (admission.Warnings, error) {
	return v.ValidateCreate(ctx, object)
}

func (validator) ValidateDelete(context.Context, runtime.Object) (admission.Warnings, error) {
	return nil, nil
}
