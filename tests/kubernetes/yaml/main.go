// Reads manifests as kubectl does. Each line of the input is a JSON string, the text of a manifest. Each line of the output is
// a list: for each document its value, and last the error that ended the reading, if any.
//
// The steps are those of StreamVisitor in k8s.io/cli-runtime, pkg/resource/visitor.go, and of the decoder that it passes each
// document to, UnstructuredJSONScheme, which reads JSON with the last of equal keys.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kubejson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type document struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

func read(text string) (documents []document) {
	documents = []document{}
	// FileVisitor does this for a file, and also decodes UTF-16.
	text = strings.TrimPrefix(text, "\ufeff")
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		raw := runtime.RawExtension{}
		if err := decoder.Decode(&raw); err != nil {
			if !errors.Is(err, io.EOF) {
				documents = append(documents, document{Error: err.Error()})
			}
			return documents
		}
		raw.Raw = bytes.TrimSpace(raw.Raw)
		if len(raw.Raw) == 0 || bytes.Equal(raw.Raw, []byte("null")) {
			continue
		}
		var value any
		if err := kubejson.Unmarshal(raw.Raw, &value); err != nil {
			return append(documents, document{Error: err.Error()})
		}
		documents = append(documents, document{Value: value})
	}
}

func run() error {
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(output)
	for {
		line, err := input.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return output.Flush()
		}
		if err != nil {
			return err
		}
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			return err
		}
		if err := encoder.Encode(read(text)); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "yaml:", err)
		os.Exit(1)
	}
}
