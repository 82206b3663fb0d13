package main

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// convert returns the JSON that KubeRay sends to Ray for the text of a serveConfigV2, or the error for which it sends nothing
// (updateServeDeployment, ray-operator/controllers/ray/rayservice_controller.go).
func convert(text string) (map[string]any, error) {
	config := make(map[string]any)
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return map[string]any{"error": err.Error()}, nil
	}
	sent, err := json.Marshal(config)
	if err != nil {
		return map[string]any{"error": err.Error()}, nil
	}
	return map[string]any{"json": json.RawMessage(sent)}, nil
}
