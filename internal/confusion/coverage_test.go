package confusion

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Every fault, every ending and every ready-made rule of the proxy, and every word of
// the server with which it departs from a good server, has a row.
func TestEveryFaultHasARow(t *testing.T) {
	all := rows()
	faults, endings, ready := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var words strings.Builder
	for _, r := range all {
		for _, rule := range r.rules {
			faults[reflect.TypeOf(rule.Do).Name()], ready[rule.Name] = true, true
			if end, ok := rule.Do.(faultproxy.End); ok {
				endings[end.Client.String()], endings[end.Server.String()] = true, true
			}
		}
		for _, h := range r.handlers {
			words.WriteString(h.String() + "\n")
		}
	}
	for _, name := range declared(t, "../../faultproxy", isFault) {
		if !faults[name] {
			t.Errorf("no row plays the fault %s", name)
		}
	}
	for _, name := range declared(t, "../../faultproxy", isReadyMade) {
		if !ready[name] {
			t.Errorf("no row plays the ready-made rule %q", name)
		}
	}
	for e := faultproxy.Keep; !strings.HasPrefix(e.String(), "ending("); e++ {
		if !endings[e.String()] {
			t.Errorf("no row plays the ending %s", e)
		}
	}
	for _, name := range declared(t, "../../fakeserver", isWord) {
		if name != "Choose" && !strings.Contains(words.String(), name) { // which does what the handler does that it picks
			t.Errorf("no row plays the server's %s", name)
		}
	}
	var names []string
	for _, r := range all {
		names = append(names, r.group+"/"+r.name)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			t.Errorf("two rows are called %s", names[i])
		}
	}
}

// declared returns the names that a package's files declare and the function picks.
func declared(t *testing.T, dir string, pick func(ast.Decl) []string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		must(t, err)
		for _, d := range file.Decls {
			names = append(names, pick(d)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isFault picks the exported types that have a method Stages.
func isFault(d ast.Decl) []string {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Recv == nil || f.Name.Name != "Stages" {
		return nil
	}
	recv := f.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if name, ok := recv.(*ast.Ident); ok && ast.IsExported(name.Name) {
		return []string{name.Name}
	}
	return nil
}

// isReadyMade picks the names of the rules that functions return.
func isReadyMade(d ast.Decl) (names []string) {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil {
		return nil
	}
	if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); !ok || result.Name != "Rule" {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			key, isKey := pair.Key.(*ast.Ident)
			value, isValue := pair.Value.(*ast.BasicLit)
			if isKey && isValue && key.Name == "Name" {
				names = append(names, strings.Trim(value.Value, `"`))
			}
		}
		return true
	})
	return names
}

// isWord picks the exported functions and variables of the types that scripts are
// made of.
func isWord(d ast.Decl) []string {
	kinds := []string{"Ending", "HandshakeStep", "Detail", "AnswerPolicy", "Handler"}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil || !d.Name.IsExported() || d.Type.Results == nil {
			return nil
		}
		if kind, ok := d.Type.Results.List[0].Type.(*ast.Ident); ok && slices.Contains(kinds, kind.Name) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, s := range d.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || !v.Names[0].IsExported() {
				continue
			}
			lit, ok := v.Values[0].(*ast.CompositeLit)
			if !ok {
				continue
			}
			if kind, ok := lit.Type.(*ast.Ident); ok && slices.Contains(kinds, kind.Name) {
				names = append(names, v.Names[0].Name)
			}
		}
		return names
	}
	return nil
}
