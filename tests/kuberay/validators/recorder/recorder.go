// Package recorder records how KubeRay's own tests call its validators.
package recorder

import (
	"encoding/json"
	"fmt"

	"github.com/ray-project/kuberay/ray-operator/pkg/features"
	"k8s.io/component-base/featuregate"
)

// gates are the feature gates that a verdict may depend on.
var gates = []featuregate.Feature{features.RayJobDeletionPolicy, features.RayServiceIncrementalUpgrade}

// call is one recorded line.
type call struct {
	Validator string                       `json:"validator"`
	Gates     map[featuregate.Feature]bool `json:"gates"`
	Inputs    []any                        `json:"inputs"`
	// Error is the error's text, and nil where the validator accepted its input.
	Error *string `json:"error"`
}

// Record writes a call of a validator to the standard output, as a line of JSON.
func Record(validator string, err error, inputs ...any) {
	made := call{Validator: validator, Gates: map[featuregate.Feature]bool{}, Inputs: inputs}
	for _, gate := range gates {
		made.Gates[gate] = features.Enabled(gate)
	}
	if err != nil {
		text := err.Error()
		made.Error = &text
	}
	line, err := json.Marshal(made)
	if err != nil {
		panic(err)
	}
	fmt.Printf("\n%s\n", line)
}
