// Command validators decides as Kueue's webhooks do for KubeRay's objects, with Kueue's default feature gates. It reads
// one question per line, {"object": …, "old": …} with "old" for an update, and writes one answer per line:
// {"undecodable": "…", "errors": ["…"]}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/kueue/pkg/controller/jobs/raycluster"
	"sigs.k8s.io/kueue/pkg/controller/jobs/rayjob"
	"sigs.k8s.io/kueue/pkg/controller/jobs/rayservice"
)

type question struct {
	Object json.RawMessage `json:"object"`
	Old    json.RawMessage `json:"old"`
}

type answer struct {
	// Undecodable is the reason why the API server could not have stored the object.
	Undecodable string   `json:"undecodable,omitempty"`
	Errors      []string `json:"errors"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	if err := judgeAll(os.Stdin, out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judgeAll(in io.Reader, out io.Writer) error {
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
		given, err := judge(asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
}

func judge(asked question) (answer, error) {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(asked.Object, &kind); err != nil {
		return answer{}, err
	}
	switch kind.Kind {
	case "RayCluster":
		return validate[rayv1.RayCluster, *rayv1.RayCluster](asked, &raycluster.RayClusterWebhook{}), nil
	case "RayJob":
		return validate[rayv1.RayJob, *rayv1.RayJob](asked, &rayjob.RayJobWebhook{}), nil
	case "RayService":
		return validate[rayv1.RayService, *rayv1.RayService](asked, &rayservice.RayServiceWebhook{}), nil
	default:
		return answer{}, fmt.Errorf("Kueue has no webhook for %q", kind.Kind)
	}
}

// validate calls the webhook as the API server does, for a create or an update.
func validate[T any, P interface {
	*T
	runtime.Object
}](asked question, webhook admission.Validator[P]) answer {
	object, err := decode[T](asked.Object)
	if err != nil {
		return answer{Undecodable: err.Error(), Errors: []string{}}
	}
	if len(asked.Old) == 0 || string(asked.Old) == "null" {
		_, err = webhook.ValidateCreate(context.Background(), object)
		return answer{Errors: texts(err)}
	}
	old, err := decode[T](asked.Old)
	if err != nil {
		return answer{Undecodable: err.Error(), Errors: []string{}}
	}
	_, err = webhook.ValidateUpdate(context.Background(), old, object)
	return answer{Errors: texts(err)}
}

// decode reads JSON as the API server does: field names are case-sensitive, and integers stay integers.
func decode[T any](text json.RawMessage) (*T, error) {
	object := new(T)
	return object, kjson.UnmarshalCaseSensitivePreserveInts(text, object)
}

// texts returns the single errors of an aggregate.
func texts(err error) []string {
	all := []string{}
	var aggregate utilerrors.Aggregate
	switch {
	case err == nil:
	case errors.As(err, &aggregate):
		for _, one := range aggregate.Errors() {
			all = append(all, one.Error())
		}
	default:
		all = append(all, err.Error())
	}
	return all
}
