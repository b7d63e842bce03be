package assertions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The package is dot-imported next to Gomega and Ginkgo.
func TestNoNameClashesWithGomegaOrGinkgo(t *testing.T) {
	own := exported(t, ".")
	if len(own) < 40 {
		t.Fatalf("only %d exported names", len(own))
	}
	for _, other := range []string{"github.com/onsi/gomega", "github.com/onsi/ginkgo/v2"} {
		names := exported(t, other)
		if len(names) < 40 {
			t.Fatalf("only %d exported names of %s", len(names), other)
		}
		for name := range names {
			if own[name] {
				t.Errorf("%s is also a name of %s", name, other)
			}
		}
	}
}

func TestEveryMatcherHasATrial(t *testing.T) {
	tried := map[string]bool{}
	for _, tr := range trials() {
		name, _, _ := strings.Cut(tr.claim, "-")
		tried[name] = true
		if !strings.HasPrefix(tr.m.String(), name+"(") {
			t.Errorf("the trial %s is about %v", tr.claim, tr.m)
		}
	}
	for _, name := range matchers(t) {
		if !tried[name] {
			t.Errorf("%s has no trial", name)
		}
	}
}

func TestEveryMatcherHasAnExample(t *testing.T) {
	examples := map[string]bool{}
	for name := range declared(t, ".", func(file string) bool { return strings.HasPrefix(filepath.Base(file), "example") }) {
		examples[name] = true
	}
	for _, name := range matchers(t) {
		if !examples["Example"+name] {
			t.Errorf("%s has no example", name)
		}
	}
}

// matchers are the functions that make one.
func matchers(t *testing.T) (names []string) {
	t.Helper()
	for name, decl := range declared(t, ".", func(file string) bool { return !strings.HasSuffix(file, "_test.go") }) {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !ast.IsExported(name) || f.Type.Results.NumFields() != 1 {
			continue
		}
		if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && (result.Name == "Matcher" || result.Name == "Counted") {
			names = append(names, name)
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d matchers: %v", len(names), names)
	}
	return names
}

// exported returns the exported names of a package.
func exported(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pkg, err)
	}
	names := map[string]bool{}
	for name := range declared(t, strings.TrimSpace(string(dir)), func(file string) bool { return !strings.HasSuffix(file, "_test.go") }) {
		if ast.IsExported(name) {
			names[name] = true
		}
	}
	return names
}

// declared returns what the files of a folder declare at the top level.
func declared(t *testing.T, dir string, in func(file string) bool) map[string]ast.Node {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	found := map[string]ast.Node{}
	for _, file := range files {
		if !in(file) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					found[d.Name.Name] = d
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						found[s.Name.Name] = s
					case *ast.ValueSpec:
						for _, name := range s.Names {
							found[name.Name] = s
						}
					}
				}
			}
		}
	}
	return found
}
