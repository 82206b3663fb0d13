package main

import (
	"encoding/json"
	"errors"
	"fmt"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	kjson "sigs.k8s.io/json"
)

// question is one line of the input.
type question struct {
	Gates  map[string]bool `json:"gates"`
	Object json.RawMessage `json:"object"`
}

// answer is one line of the output.
type answer struct {
	// Undecodable is the reason why the API server could not have stored the object.
	Undecodable string `json:"undecodable,omitempty"`
	// Errors are the errors of the validators, and empty if they accept the object.
	Errors []fault `json:"errors"`
	// Panics are the validators that panicked, with the reason.
	Panics []fault `json:"panics"`
}

// fault is one message of one validator.
type fault struct {
	Validator string `json:"validator"`
	Text      string `json:"text"`
}

// judge calls each validator separately, as the operator's reconcile loop would.
func judge(asked question) (answer, error) {
	given := answer{Errors: []fault{}, Panics: []fault{}}
	if err := setGates(asked.Gates); err != nil {
		return given, err
	}
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(asked.Object, &kind); err != nil {
		return given, err
	}
	read, known := kinds[kind.Kind]
	if !known {
		return given, fmt.Errorf("%q is not a kind of KubeRay", kind.Kind)
	}
	object, validators := read()
	// As the API server reads JSON: field names are case-sensitive, and integers stay integers.
	if err := kjson.UnmarshalCaseSensitivePreserveInts(asked.Object, object); err != nil {
		given.Undecodable = err.Error()
		return given, nil
	}
	for _, validator := range validators {
		err, panicked := call(validator.validate)
		if panicked != nil {
			given.Panics = append(given.Panics, fault{validator.name, fmt.Sprint(panicked)})
		}
		for _, text := range texts(err) {
			given.Errors = append(given.Errors, fault{validator.name, text})
		}
	}
	return given, nil
}

// untouched has every gate at the operator's default.
var untouched = utilfeature.DefaultMutableFeatureGate.DeepCopy()

// setGates sets gates as the operator's --feature-gates would. Gates are global to the process, so it first resets
// those that an earlier question set.
func setGates(gates map[string]bool) error {
	fresh := untouched.DeepCopy()
	utilfeature.DefaultMutableFeatureGate, utilfeature.DefaultFeatureGate = fresh, fresh
	return fresh.SetFromMap(gates)
}

// call runs a validator. Some validators panic where a field is missing that the API server's defaults would set.
func call(validate func() error) (err error, panicked any) {
	defer func() { panicked = recover() }()
	return validate(), nil
}

// texts returns the messages of an error, one for each error that errors.Join has joined.
func texts(err error) []string {
	if err == nil {
		return nil
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if joined, ok := inner.(interface{ Unwrap() []error }); ok {
			var all []string
			for _, one := range joined.Unwrap() {
				all = append(all, texts(one)...)
			}
			return all
		}
	}
	return []string{err.Error()}
}
