package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
	// Undecodable says why the object is none that the API server could have stored.
	Undecodable string `json:"undecodable,omitempty"`
	// Errors are what the validators say, and nothing if they accept the object.
	Errors []fault `json:"errors"`
	// Panics are the validators that gave no verdict, with the reason.
	Panics []fault `json:"panics"`
}

// fault is what one validator says.
type fault struct {
	Validator string `json:"validator"`
	Text      string `json:"text"`
}

// judgeAll answers every line.
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
		given, err := judge(asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
}

// judge asks each validator by itself, as the operator's reconcile loop would.
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
		return given, fmt.Errorf("%q is no kind of KubeRay's", kind.Kind)
	}
	object, validators := read()
	// As the API server reads JSON: field names in their own case, whole numbers as such.
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

// untouched has every gate as the operator sets it itself.
var untouched = utilfeature.DefaultMutableFeatureGate.DeepCopy()

// setGates sets gates as the operator's --feature-gates would. They belong to the process, so those that an earlier
// question set have to go.
func setGates(gates map[string]bool) error {
	fresh := untouched.DeepCopy()
	utilfeature.DefaultMutableFeatureGate, utilfeature.DefaultFeatureGate = fresh, fresh
	return fresh.SetFromMap(gates)
}

// call runs a validator; some of them take fields for set that the API server's defaults would set.
func call(validate func() error) (err error, panicked any) {
	defer func() { panicked = recover() }()
	return validate(), nil
}

// texts are the single errors in what may be several joined ones.
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
