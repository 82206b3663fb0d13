package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ray-project/kuberay/ray-operator/controllers/ray/common"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// pods is one line of output: the Pods that the operator creates, the head first, and then one of each worker group.
type pods struct {
	Pods []corev1.PodSpec `json:"pods"`
	// Panic is the reason if KubeRay panics on the object.
	Panic string `json:"panic,omitempty"`
}

// printPods reads one RayCluster per line and writes its Pods as one line.
func printPods(in io.Reader, out *bufio.Writer) error {
	clusters := json.NewDecoder(bufio.NewReader(in))
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for {
		var text json.RawMessage
		if err := clusters.Decode(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var cluster rayv1.RayCluster
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &cluster); err != nil {
			return fmt.Errorf("%w: %s", err, text)
		}
		if err := answers.Encode(build(cluster)); err != nil {
			return err
		}
	}
}

// build creates Pods as the operator does in buildHeadPod and buildWorkerPod
// (ray-operator/controllers/ray/raycluster_controller.go:1404-1455 and 2018-2030 at v1.6.2).
func build(cluster rayv1.RayCluster) (built pods) {
	defer func() {
		if reason := recover(); reason != nil {
			built = pods{Pods: []corev1.PodSpec{}, Panic: fmt.Sprint(reason)}
		}
	}()
	ctx := context.Background()
	head := &cluster.Spec.HeadGroupSpec
	if head.RayStartParams == nil {
		head.RayStartParams = map[string]string{}
	}
	address := utils.GenerateFQDNServiceName(ctx, cluster, cluster.Namespace)
	port := common.GetHeadPort(head.RayStartParams)
	scales := utils.IsAutoscalingEnabled(&cluster.Spec)
	crd, version := utils.GetCRDType(""), cluster.Spec.RayVersion
	template := common.DefaultHeadPodTemplate(ctx, cluster, *head, "head", port)
	pod := common.BuildPod(ctx, template, rayv1.HeadNode, head.RayStartParams, port, scales, crd, address, nil, version)
	built.Pods = append(built.Pods, pod.Spec)
	for _, group := range cluster.Spec.WorkerGroupSpecs {
		if group.RayStartParams == nil {
			group.RayStartParams = map[string]string{}
		}
		template := common.DefaultWorkerPodTemplate(ctx, cluster, group, "worker", address, port, "", 0, 0)
		pod := common.BuildPod(ctx, template, rayv1.WorkerNode, group.RayStartParams, port, scales, crd, address, nil, version)
		built.Pods = append(built.Pods, pod.Spec)
	}
	return built
}
