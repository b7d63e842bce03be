package zoo_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// row is what became of a bug. The zero value, of one that was skipped, is not shown.
type row struct {
	bug
	buggy, fixed *trial
}

// show writes the rows as a table.
func show(t *testing.T, rows []row) {
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.buggy == nil })
	if len(rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "bug\tpackage\tbuggy\tfixed\tspec\twhat the spec says of the buggy release")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d lines\t%s\n", r.id, r.buggy.pkg, r.buggy.outcome(), r.fixed.outcome(), lines(t, r.spec), r.buggy.said())
	}
	_ = w.Flush()
}

// outcome is the release, whether it was red or green, and how long that took.
func (t *trial) outcome() string {
	colour := "green"
	if t.Failed() {
		colour = "red"
	}
	return fmt.Sprintf("%s %s %.0f s", t.version, colour, t.took.Seconds())
}

// said is the first failure, in one line.
func (t *trial) said() string {
	if !t.Failed() {
		return ""
	}
	return strings.Join(strings.Fields(t.failures[0]), " ")
}

// lines counts the lines of a spec, without the function's own two.
func lines(t *testing.T, spec func(*trial)) int {
	t.Helper()
	name := runtime.FuncForPC(reflect.ValueOf(spec).Pointer()).Name()
	_, name, _ = strings.Cut(name, "zoo_test.")
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "specs_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return set.Position(f.Body.Rbrace).Line - set.Position(f.Body.Lbrace).Line - 1
		}
	}
	t.Errorf("no function %s in specs_test.go", name)
	return 0
}
