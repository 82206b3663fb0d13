package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// instrumented is the changed package of KubeRay, and validation is the changed file in it.
const instrumented, validation = "controllers/ray/utils", "validation.go"

// instrument copies KubeRay's Go sources into a folder, and changes one thing in them: each exported validator records
// how it is called. Calls between validators are not recorded. Next to the copy it writes this program's go.mod, with a
// replacement that takes KubeRay from the copy.
func instrument(module, folder string) error {
	copied := filepath.Join(folder, "ray-operator")
	if err := copySources(module, copied); err != nil {
		return err
	}
	file := filepath.Join(copied, instrumented, validation)
	source, err := recorded(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, source, 0o644); err != nil {
		return err
	}
	requirements, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	requirements = fmt.Appendf(requirements, "\nreplace github.com/ray-project/kuberay/ray-operator => %s\n", copied)
	if err := os.WriteFile(filepath.Join(folder, "go.mod"), requirements, 0o644); err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "go.sum"), sums, 0o644)
}

// copySources copies a module's Go sources and its go.mod into a new folder.
func copySources(module, folder string) error {
	// Files in Go's module cache are read-only, and so are copies of them.
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return fs.WalkDir(os.DirFS(module), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".go" && path != "go.mod" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(module, path))
		if err != nil {
			return err
		}
		target := filepath.Join(folder, path)
		return errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, text, 0o644))
	})
}

// recorded returns a source file in which each exported validator is wrapped by one that records the call.
func recorded(file string) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var recorders bytes.Buffer
	inner := map[string]string{}
	for _, declared := range parsed.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(function.Name.Name, "Validate") {
			continue
		}
		outer := function.Name.Name
		inner[outer] = "un" + outer
		var signature bytes.Buffer
		if err := printer.Fprint(&signature, files, function.Type); err != nil {
			return nil, err
		}
		arguments := names(function.Type.Params)
		fmt.Fprintf(&recorders, "\nfunc %s%s {\n\terr := %s(%s)\n\trecorder.Record(%q, err, %s)\n\treturn err\n}\n",
			outer, strings.TrimPrefix(signature.String(), "func"), inner[outer], arguments, outer, arguments)
	}
	if len(inner) == 0 {
		return nil, fmt.Errorf("%s has no validators", file)
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		if identifier, ok := node.(*ast.Ident); ok && inner[identifier.Name] != "" {
			identifier.Name = inner[identifier.Name]
		}
		return true
	})
	var source bytes.Buffer
	if err := format.Node(&source, files, parsed); err != nil {
		return nil, err
	}
	clause := "package " + parsed.Name.Name + "\n"
	text := strings.Replace(source.String(), clause, clause+"\nimport \"rayguard.dev/validators/recorder\"\n", 1)
	return append([]byte(text), recorders.Bytes()...), nil
}

// names returns the names of a function's parameters, separated by commas as in a call.
func names(parameters *ast.FieldList) string {
	var all []string
	for _, field := range parameters.List {
		for _, name := range field.Names {
			all = append(all, name.Name)
		}
	}
	return strings.Join(all, ", ")
}
