package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"
)

// defaulter gives each worker group of a fault-tolerant cluster that has no reconnect timeout the one that KubeRay would
// give its Pods. It is the least that a default in this place takes: it reads no timeout of the head's, and does not look
// at what an object was before an update.
type defaulter struct{}

var _ admission.CustomDefaulter = defaulter{}

func (defaulter) Default(_ context.Context, object runtime.Object) error {
	switch object := object.(type) {
	case *rayv1.RayCluster:
		write(&object.Spec, object.Annotations)
	case *rayv1.RayService:
		write(&object.Spec.RayClusterSpec, object.Annotations)
	default:
		return fmt.Errorf("%T is neither a RayCluster nor a RayService", object)
	}
	return nil
}

func write(cluster *rayv1.RayClusterSpec, annotations map[string]string) {
	if !utils.IsGCSFaultToleranceEnabled(cluster, annotations) {
		return
	}
	for group := range cluster.WorkerGroupSpecs {
		containers := cluster.WorkerGroupSpecs[group].Template.Spec.Containers
		if len(containers) == 0 {
			continue
		}
		variables := &containers[utils.RayContainerIndex].Env
		isTimeout := func(variable corev1.EnvVar) bool {
			return variable.Name == utils.RAY_GCS_RPC_SERVER_RECONNECT_TIMEOUT_S
		}
		if !slices.ContainsFunc(*variables, isTimeout) {
			*variables = append(*variables, corev1.EnvVar{
				Name:  utils.RAY_GCS_RPC_SERVER_RECONNECT_TIMEOUT_S,
				Value: utils.DefaultWorkerRayGcsReconnectTimeoutS,
			})
		}
	}
}
