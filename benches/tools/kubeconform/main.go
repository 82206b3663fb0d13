// Schemas writes the JSON schemas that kubeconform reads from CustomResourceDefinitions, one file for each version of a
// kind, such as raycluster_v1.json.
//
//	schemas FOLDER CRD...
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// definition is what is read of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				OpenAPIV3Schema json.RawMessage `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("say where to write and what to read: schemas FOLDER CRD")
	}
	for _, file := range arguments[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var read definition
		if err := yaml.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, version := range read.Spec.Versions {
			name := strings.ToLower(read.Spec.Names.Kind + "_" + version.Name + ".json")
			if err := os.WriteFile(filepath.Join(arguments[0], name), version.Schema.OpenAPIV3Schema, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
