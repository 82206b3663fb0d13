// Package lines answers questions: one line of JSON each, and so is the answer.
package lines

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Answer reads one question per line to the end, and writes one answer per line.
func Answer[Question, Given any](in io.Reader, out io.Writer, answer func(Question) (Given, error)) error {
	questions := json.NewDecoder(bufio.NewReader(in))
	buffered := bufio.NewWriter(out)
	answers := json.NewEncoder(buffered)
	answers.SetEscapeHTML(false)
	for {
		var question Question
		if err := questions.Decode(&question); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return err
		}
		given, err := answer(question)
		if err != nil {
			return err
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
}
