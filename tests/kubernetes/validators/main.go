// Validators decides as kube-apiserver does when a client creates a Pod, a Service or a Job. It is compiled once for each
// version of Kubernetes, by the script build in this folder.
//
//	validators   reads {"created": [{"from": …, "object": …}, …]} per line, as the program created in
//	             tests/kuberay/validators writes it; writes the same with "undecodable" and "errors" instead of "object"
//
// An object is read, defaulted and validated by the code of that version, with its default feature gates. What other
// parts of a cluster refuse is not included: admission plugins, webhooks, quotas.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/service"
)

// question is one line of the input.
type question struct {
	Undecodable string `json:"undecodable,omitempty"`
	Panic       string `json:"panic,omitempty"`
	Created     []struct {
		From    string          `json:"from"`
		Object  json.RawMessage `json:"object"`
		Refusal string          `json:"refusal"`
	} `json:"created"`
}

// answer is one line of the output. What is not about the created objects is copied from the question.
type answer struct {
	Undecodable string    `json:"undecodable,omitempty"`
	Panic       string    `json:"panic,omitempty"`
	Created     []verdict `json:"created"`
}

// verdict is the verdict on one object.
type verdict struct {
	// From is copied from the question.
	From string `json:"from"`
	// Kind is the kind of the object.
	Kind string `json:"kind"`
	// Undecodable is the reason why the object could not be read.
	Undecodable string `json:"undecodable,omitempty"`
	// Errors are the reasons for the refusal, and empty if the object would be created.
	Errors []fault `json:"errors"`
}

// fault is one error of the validation.
type fault struct {
	// Type is the kind of the error, such as FieldValueInvalid.
	Type string `json:"type"`
	// Path is the field in the object, as Kubernetes writes it.
	Path string `json:"path"`
	// Detail is the text without the path. It contains the value.
	Detail string `json:"detail"`
}

func main() {
	klog.SetLogger(logr.Discard()) // warnings to the client are written to the log if they are odd
	// As with --allow-privileged=true, which kubeadm and the clouds set.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
	out := bufio.NewWriter(os.Stdout)
	err := judgeAll(os.Stdin, out)
	if err = errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "validators:", err)
		os.Exit(1)
	}
}

// judgeAll reads one question per line and writes one answer per line.
func judgeAll(in io.Reader, out *bufio.Writer) error {
	questions := json.NewDecoder(bufio.NewReader(in))
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for {
		var asked question
		if err := questions.Decode(&asked); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		given := answer{asked.Undecodable, asked.Panic, []verdict{}}
		for _, one := range asked.Created {
			// KubeRay's own refusal counts as one of Kubernetes, because it comes as late.
			judged := verdict{Kind: "None", Errors: []fault{{Type: "KubeRay", Detail: one.Refusal}}}
			if one.Refusal == "" {
				var err error
				if judged, err = judge(one.Object); err != nil {
					return err
				}
			}
			judged.From = one.From
			given.Created = append(given.Created, judged)
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
}

// judge reads an object as kube-apiserver reads the body of a request, which applies the defaults, and runs what the
// strategy of its kind does before an object is stored.
func judge(text []byte) (verdict, error) {
	given := verdict{Errors: []fault{}}
	object, kind, err := legacyscheme.Codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		given.Undecodable = err.Error()
		return given, nil
	}
	given.Kind = kind.Kind
	strategy, err := strategyOf(object)
	if err != nil {
		return given, err
	}
	metadata, err := meta.Accessor(object)
	if err != nil {
		return given, err
	}
	complete(object)
	rest.FillObjectMetaSystemFields(metadata)
	if metadata.GetName() == "" && metadata.GetGenerateName() != "" {
		metadata.SetName(names.SimpleNameGenerator.GenerateName(metadata.GetGenerateName()))
	}
	ctx := genericapirequest.WithNamespace(context.Background(), metadata.GetNamespace())
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Namespace: metadata.GetNamespace(),
	})
	given.Errors = append(given.Errors, faults(rest.BeforeCreate(strategy, ctx, object))...)
	return given, nil
}

// complete adds what kube-apiserver adds between the defaults and the strategy, as far as validation needs it.
func complete(object runtime.Object) {
	switch created := object.(type) {
	case *core.Service:
		// As normalizeClusterIPs in pkg/registry/core/service/storage. The allocation of addresses and ports is left out,
		// because it depends on the cluster.
		if created.Spec.ClusterIP != "" && len(created.Spec.ClusterIPs) == 0 {
			created.Spec.ClusterIPs = []string{created.Spec.ClusterIP}
		}
	case *core.Pod:
		// As the admission plugin ServiceAccount, which is on by default.
		if created.Spec.ServiceAccountName == "" {
			created.Spec.ServiceAccountName = "default"
			// Later versions also keep the deprecated name, which must be equal.
			if deprecated := reflect.ValueOf(&created.Spec).Elem().FieldByName("DeprecatedServiceAccount"); deprecated.IsValid() {
				deprecated.SetString("default")
			}
		}
	}
}

// strategyOf returns how kube-apiserver creates an object of this kind.
func strategyOf(object runtime.Object) (rest.RESTCreateStrategy, error) {
	switch object.(type) {
	case *core.Pod:
		return pod.Strategy, nil
	case *core.Service:
		return service.Strategy, nil
	case *batch.Job:
		return job.Strategy, nil
	default:
		return nil, fmt.Errorf("KubeRay creates no %T", object)
	}
}

// faults returns the errors in the response to a request.
func faults(err error) []fault {
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []fault{{Type: "Other", Detail: err.Error()}}
	}
	var found []fault
	for _, cause := range status.Status().Details.Causes {
		found = append(found, fault{string(cause.Type), cause.Field, cause.Message})
	}
	return found
}
