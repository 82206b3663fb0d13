// Validators answers what KubeRay's own validators say of objects, and helps to record what its tests ask them.
//
//	validators judge                      one JSON object {"gates", "object"} a line in, one answer a line out
//	validators messages MODULE            the texts of the errors that KubeRay's validators make, one JSON string a line
//	validators instrument MODULE FOLDER   copies KubeRay's sources, so that its own tests record what they ask validators
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "validators:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("say what to do: judge, messages or instrument")
	}
	switch command, rest := arguments[0], arguments[1:]; {
	case command == "judge" && len(rest) == 0:
		out := bufio.NewWriter(os.Stdout)
		if err := judgeAll(os.Stdin, out); err != nil {
			return err
		}
		return out.Flush()
	case command == "messages" && len(rest) == 1:
		return printMessages(rest[0], os.Stdout)
	case command == "instrument" && len(rest) == 2:
		return instrument(rest[0], rest[1])
	default:
		return fmt.Errorf("cannot understand %q", arguments)
	}
}
