package main

import (
	"bufio"
	"encoding/json"
	"io"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// convertAll reads the text of one serveConfigV2 per line, as a JSON string, and writes the JSON that KubeRay sends to Ray for
// it, or the error for which it sends nothing (updateServeDeployment, ray-operator/controllers/ray/rayservice_controller.go).
func convertAll(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			return err
		}
		answer := map[string]any{}
		config := make(map[string]any)
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			answer["error"] = err.Error()
		} else if sent, err := json.Marshal(config); err != nil {
			answer["error"] = err.Error()
		} else {
			answer["json"] = json.RawMessage(sent)
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
