package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sources are the files with KubeRay's validators, in the folder of its module.
var sources = []string{
	"controllers/ray/utils/*.go",
	"controllers/ray/utils/dashboardclient/*.go",
	"pkg/webhooks/v1/*.go",
}

// isValidator matches the name of a validator, or of a function that validators call for a part of their work.
var isValidator = regexp.MustCompile(`^([vV]alidate|UnmarshalRuntimeEnvYAML$)`)

// makesError lists the functions that make an error from a message.
var makesError = []string{"fmt.Errorf", "fmt.Sprintf", "errstd.New", "errors.New", "field.Invalid"}

// printMessages writes the text of each error that KubeRay's validators make, as it is in the source.
func printMessages(module string, out io.Writer) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, pattern := range sources {
		files, err := filepath.Glob(filepath.Join(module, pattern))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("%s has no %s", module, pattern)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, message := range messages(parsed) {
				if err := lines.Encode(message); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// messages returns the texts in a file from which its validators make errors.
func messages(file *ast.File) []string {
	var found []string
	for _, declared := range file.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || !isValidator.MatchString(function.Name.Name) {
			continue
		}
		ast.Inspect(function, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || !slices.Contains(makesError, name(call.Fun)) {
				return true
			}
			for _, argument := range call.Args {
				if text, ok := literal(argument); ok {
					found = append(found, text)
				}
			}
			return true
		})
	}
	return found
}

// name returns the qualified name of a called function of another package, and "" for any other expression.
func name(function ast.Expr) string {
	selected, ok := function.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	owner, ok := selected.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return owner.Name + "." + selected.Sel.Name
}

// literal returns the text of a string literal, or of several that are concatenated.
func literal(expression ast.Expr) (string, bool) {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(expression.Value)
		return text, err == nil && expression.Kind == token.STRING
	case *ast.BinaryExpr:
		left, leftOk := literal(expression.X)
		right, rightOk := literal(expression.Y)
		return left + right, leftOk && rightOk && expression.Op == token.ADD
	default:
		return "", false
	}
}
