package zoo_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the specs, and what they say now, into README.md")

// The README shows the specs as they are, and what they said when that was last written.
func TestReadmeShowsTheSpecs(t *testing.T) {
	for _, b := range bugs {
		section, ok := readmeSection(readme(t), b.id)
		if !ok {
			t.Errorf("README.md has no section of %s, or none with <!-- shown --> and <!-- end -->", b.id)
			continue
		}
		if !strings.Contains(section, "```go\n"+source(t, b.spec)+"```\n") {
			t.Errorf("README.md shows another spec of %s; go test -count=1 ./examples/zoo -update writes it anew", b.id)
		}
		_, message, _ := strings.Cut(section, "```\n```text\n")
		if message, _, _ = strings.Cut(message, "\n\n"); !regexp.MustCompile(b.red).MatchString(message) {
			t.Errorf("README.md has another message of %s: %q", b.id, message)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeSection is what stands between the marks of a bug's section.
func readmeSection(text, id string) (string, bool) {
	_, text, ok := strings.Cut(text, "\n### "+id+":")
	text, _, _ = strings.Cut(text, "\n### ")
	_, text, marked := strings.Cut(text, "<!-- shown -->\n")
	text, _, ended := strings.Cut(text, "<!-- end -->")
	return text, ok && marked && ended
}

// write shows a spec in the README, and what it said of the buggy release.
func (r row) write(t *testing.T) {
	t.Helper()
	before := readme(t)
	old, ok := readmeSection(before, r.id)
	if !ok {
		t.Fatalf("README.md has no section of %s with <!-- shown --> and <!-- end -->", r.id)
	}
	said := clientsClock.ReplaceAllString(strings.TrimSpace(r.buggy.failures[0]), "")
	shown := fmt.Sprintf("```go\n%s```\n```text\n%s\n```\n", source(t, r.spec), said)
	at := strings.Index(before, "\n### "+r.id+":")
	after := before[:at] + strings.Replace(before[at:], "<!-- shown -->\n"+old+"<!-- end -->", "<!-- shown -->\n"+shown+"<!-- end -->", 1)
	if err := os.WriteFile("README.md", []byte(after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// clientsClock is a time that a driver adds to its reports, for those who run it by hand.
var clientsClock = regexp.MustCompile(` t=\d+`)

// source is a spec as it stands in its file, with its comment.
func source(t *testing.T, spec func(*trial)) string {
	t.Helper()
	text, set, f := declaration(t, spec)
	return text[set.Position(f.Doc.Pos()).Offset:set.Position(f.End()).Offset] + "\n"
}

// lines counts the lines of a spec, without the function's own two.
func lines(t *testing.T, spec func(*trial)) int {
	t.Helper()
	_, set, f := declaration(t, spec)
	return set.Position(f.Body.Rbrace).Line - set.Position(f.Body.Lbrace).Line - 1
}

// declaration finds a spec in its file.
func declaration(t *testing.T, spec func(*trial)) (text string, set *token.FileSet, f *ast.FuncDecl) {
	t.Helper()
	name := runtime.FuncForPC(reflect.ValueOf(spec).Pointer()).Name()
	_, name, _ = strings.Cut(name, "zoo_test.")
	code, err := os.ReadFile("specs_test.go")
	if err != nil {
		t.Fatal(err)
	}
	set = token.NewFileSet()
	file, err := parser.ParseFile(set, "specs_test.go", code, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return string(code), set, f
		}
	}
	t.Fatalf("no function %s in specs_test.go", name)
	return "", nil, nil
}
