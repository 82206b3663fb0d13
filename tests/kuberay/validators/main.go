// Validators runs KubeRay's own validators on objects, and helps to record how KubeRay's tests call them.
//
//	validators judge                      reads one JSON object {"gates", "object"} per line, writes one answer per line
//	validators serve-config               reads the text of one serveConfigV2 per line, writes the JSON that KubeRay sends to Ray
//	validators submit                     reads one RayJob per line, writes what bash runs in its submitter per line
//	validators messages MODULE            writes the texts of the validators' errors, one JSON string per line
//	validators instrument MODULE FOLDER   copies KubeRay's sources, so that its own tests record how they call validators
package main

import (
	"fmt"
	"os"

	"rayguard.dev/validators/lines"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "validators:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("no command: use judge, serve-config, submit, messages or instrument")
	}
	switch command, rest := arguments[0], arguments[1:]; {
	case command == "judge" && len(rest) == 0:
		return lines.Answer(os.Stdin, os.Stdout, judge)
	case command == "serve-config" && len(rest) == 0:
		return lines.Answer(os.Stdin, os.Stdout, convert)
	case command == "submit" && len(rest) == 0:
		return submitAll(os.Stdin, os.Stdout)
	case command == "messages" && len(rest) == 1:
		return printMessages(rest[0], os.Stdout)
	case command == "instrument" && len(rest) == 2:
		return instrument(rest[0], rest[1])
	default:
		return fmt.Errorf("unknown command or wrong number of arguments: %q", arguments)
	}
}
