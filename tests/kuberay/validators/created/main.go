// Created prints the objects that KubeRay's operator creates for an object of a user, built by KubeRay's own functions.
//
//	created   reads one RayCluster, RayService, RayJob or RayCronJob per line, writes one JSON object per line:
//	          {"undecodable": the reason why the API server could not have stored it,
//	           "panic": the reason why the operator cannot build the objects,
//	           "created": [{"from": the field that describes it, "object": a Pod, a Service or a Job},
//	                       {"from": …, "refusal": the reason why the operator creates no such object}]}
//
// It builds the head's Pod, one Pod of each worker group, the Services, and the Job that submits a RayJob with its Pod. It
// does not run KubeRay's validators.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	kjson "sigs.k8s.io/json"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"rayguard.dev/validators/lines"
)

// answer is one line of the output.
type answer struct {
	Undecodable string     `json:"undecodable,omitempty"`
	Panic       string     `json:"panic,omitempty"`
	Created     []creation `json:"created"`
}

// creation is one object that the operator creates.
type creation struct {
	// From is the field of the user's object that describes it most closely.
	From    string `json:"from"`
	Object  any    `json:"object,omitempty"`
	Refusal string `json:"refusal,omitempty"`
}

func main() {
	flag.Parse()
	// KubeRay's functions write log lines.
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	out := os.Stdout
	os.Stdout = nil // KubeRay's CheckName prints names that it shortens
	if err := lines.Answer(os.Stdin, out, create); err != nil {
		fmt.Fprintln(os.Stderr, "created:", err)
		os.Exit(1)
	}
}

// create builds everything that the operator creates for an object.
func create(text json.RawMessage) (given answer, err error) {
	given.Created = []creation{}
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return given, err
	}
	// As the API server reads JSON: field names are case-sensitive, and integers stay integers.
	read := func(object any) bool {
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, object); err != nil {
			given.Undecodable = err.Error()
		}
		return given.Undecodable == ""
	}
	defer func() {
		if reason := recover(); reason != nil {
			given.Panic = fmt.Sprint(reason)
		}
	}()
	switch kind.Kind {
	case "RayCluster":
		if cluster := (&rayv1.RayCluster{}); read(cluster) {
			name(&cluster.ObjectMeta)
			given.Created = ofCluster(cluster, "spec")
		}
	case "RayService":
		if service := (&rayv1.RayService{}); read(service) {
			name(&service.ObjectMeta)
			given.Created = ofService(service)
		}
	case "RayJob":
		if job := (&rayv1.RayJob{}); read(job) {
			name(&job.ObjectMeta)
			given.Created, err = ofJob(job, "spec")
		}
	case "RayCronJob":
		if cronJob := (&rayv1.RayCronJob{}); read(cronJob) {
			name(&cronJob.ObjectMeta)
			given.Created, err = ofCronJob(cronJob)
		}
	default:
		err = fmt.Errorf("%q is not a kind of KubeRay", kind.Kind)
	}
	return given, err
}
