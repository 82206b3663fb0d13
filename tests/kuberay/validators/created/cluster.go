package main

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/common"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"
)

// The line numbers in this folder are those of KubeRay 1.6.2, ray-operator/controllers/ray.

// name completes metadata as the API server does.
func name(metadata *metav1.ObjectMeta) {
	if metadata.Namespace == "" {
		metadata.Namespace = "default"
	}
	if metadata.Name == "" {
		metadata.Name = metadata.GenerateName + "abcde"
	}
}

// ofCluster returns the Pods and Services of a RayCluster whose spec is at a path of the user's object.
func ofCluster(cluster *rayv1.RayCluster, at string) []creation {
	setDefaults(cluster)
	all := []creation{{From: at + ".headGroupSpec.template", Object: head(*cluster.DeepCopy())}}
	for index := range cluster.Spec.WorkerGroupSpecs {
		from := fmt.Sprintf("%s.workerGroupSpecs[%d].template", at, index)
		copied := cluster.DeepCopy()
		all = append(all, creation{From: from, Object: worker(*copied, copied.Spec.WorkerGroupSpecs[index])})
	}
	return append(all, services(cluster.DeepCopy(), at)...)
}

// setDefaults does what setDefaults does in raycluster_controller.go, 2020-2031.
func setDefaults(cluster *rayv1.RayCluster) {
	if cluster.Spec.HeadGroupSpec.RayStartParams == nil {
		cluster.Spec.HeadGroupSpec.RayStartParams = map[string]string{}
	}
	for index := range cluster.Spec.WorkerGroupSpecs {
		if group := &cluster.Spec.WorkerGroupSpecs[index]; group.RayStartParams == nil {
			group.RayStartParams = map[string]string{}
		}
	}
}

// head builds the head's Pod as buildHeadPod does in raycluster_controller.go, 1404-1425.
func head(cluster rayv1.RayCluster) corev1.Pod {
	ctx, group := context.Background(), cluster.Spec.HeadGroupSpec
	podName := utils.PodName(cluster.Name, rayv1.HeadNode, !utils.IsDeterministicHeadPodNameEnabled())
	address := utils.GenerateFQDNServiceName(ctx, cluster, cluster.Namespace)
	port := common.GetHeadPort(group.RayStartParams)
	template := common.DefaultHeadPodTemplate(ctx, cluster, group, podName, port)
	return common.BuildPod(ctx, template, rayv1.HeadNode, group.RayStartParams, port,
		utils.IsAutoscalingEnabled(&cluster.Spec), creator(cluster), address, nil, cluster.Spec.RayVersion)
}

// worker builds a Pod of a worker group as buildWorkerPod does in raycluster_controller.go, 1432-1452.
func worker(cluster rayv1.RayCluster, group rayv1.WorkerGroupSpec) corev1.Pod {
	ctx := context.Background()
	podName := utils.PodName(cluster.Name+"-"+group.GroupName, rayv1.WorkerNode, true)
	address := utils.GenerateFQDNServiceName(ctx, cluster, cluster.Namespace)
	port := common.GetHeadPort(cluster.Spec.HeadGroupSpec.RayStartParams)
	template := common.DefaultWorkerPodTemplate(ctx, cluster, group, podName, address, port, "", 0, 0)
	return common.BuildPod(ctx, template, rayv1.WorkerNode, group.RayStartParams, port,
		utils.IsAutoscalingEnabled(&cluster.Spec), creator(cluster), address, nil, cluster.Spec.RayVersion)
}

// creator returns the kind that made the cluster, which decides some additions to its Pods.
func creator(cluster rayv1.RayCluster) utils.CRDType {
	return utils.GetCRDType(cluster.Labels[utils.RayOriginatedFromCRDLabelKey])
}

// services builds the Services of a RayCluster as reconcileHeadService, reconcileServeService and
// reconcileHeadlessService do in raycluster_controller.go, 523-633.
func services(cluster *rayv1.RayCluster, at string) []creation {
	ctx := context.Background()
	labels := map[string]string{}
	if name, ok := cluster.Spec.HeadGroupSpec.Template.Labels[utils.KubernetesApplicationNameLabelKey]; ok {
		labels[utils.KubernetesApplicationNameLabelKey] = name
	}
	annotations := maps.Clone(cluster.Spec.HeadServiceAnnotations)
	service, err := common.BuildServiceForHeadPod(ctx, *cluster, labels, annotations)
	all := []creation{made(service, err, headServiceField(cluster, at))}
	if cluster.Annotations[utils.EnableServeServiceKey] == utils.EnableServeServiceTrue {
		service, err := common.BuildServeServiceForRayCluster(ctx, *cluster)
		all = append(all, made(service, err, at+".headGroupSpec"))
	}
	for _, group := range cluster.Spec.WorkerGroupSpecs {
		if group.NumOfHosts > 1 {
			all = append(all, made(common.BuildHeadlessServiceForRayCluster(*cluster), nil, at))
			break
		}
	}
	return all
}

// headServiceField returns the field that describes the head's Service.
func headServiceField(cluster *rayv1.RayCluster, at string) string {
	if cluster.Spec.HeadGroupSpec.HeadService != nil {
		return at + ".headGroupSpec.headService"
	}
	return at + ".headGroupSpec"
}

// ofService returns what the operator creates for a RayService, which constructRayClusterForRayService does in
// rayservice_controller.go, 1261-1306, and reconcileServices in 1677-1740.
func ofService(service *rayv1.RayService) []creation {
	const at = "spec.rayClusterConfig"
	cluster := &rayv1.RayCluster{Spec: *service.Spec.RayClusterSpec.DeepCopy()}
	own(cluster, service.ObjectMeta, utils.RayServiceCRD)
	all := ofCluster(cluster, at)
	ctx := context.Background()
	built, err := common.BuildHeadServiceForRayService(ctx, *service, *cluster)
	all = append(all, made(built, err, headServiceField(cluster, at)))
	from := at + ".headGroupSpec"
	if service.Spec.ServeService != nil {
		from = "spec.serveService"
	}
	built, err = common.BuildServeServiceForRayService(ctx, *service, *cluster)
	return append(all, made(built, err, from))
}

// own names a cluster that the operator creates for another object, and marks it as the operator does.
func own(cluster *rayv1.RayCluster, owner metav1.ObjectMeta, kind utils.CRDType) {
	cluster.Name = utils.GenerateRayClusterName(owner.Name)
	cluster.Namespace = owner.Namespace
	cluster.Annotations = maps.Clone(owner.Annotations)
	cluster.Labels = map[string]string{}
	maps.Copy(cluster.Labels, owner.Labels)
	cluster.Labels[utils.RayOriginatedFromCRNameLabelKey] = owner.Name
	cluster.Labels[utils.RayOriginatedFromCRDLabelKey] = utils.RayOriginatedFromCRDLabelValue(kind)
}

// made adds the kind to a Service, which a typed client does not need. An error is why the operator does not create it.
func made(service *corev1.Service, err error, from string) creation {
	if err != nil {
		return creation{From: from, Refusal: err.Error()}
	}
	service.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}
	return creation{From: from, Object: service}
}
