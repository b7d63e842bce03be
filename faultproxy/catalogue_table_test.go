package faultproxy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The clients whose reports have a column, once there is one. TestCatalogue measures
// the first; the others come from tests that have those clients.
var reporters = []string{"gorilla/websocket 1.5.3", "ws", "Chromium"}

// reported is an entry in testdata/catalogue.json: what others need to play it, and
// what each client reported.
type reported struct {
	Section  string            `json:"section"`
	What     string            `json:"what"`
	Document string            `json:"rule"`
	With     scene             `json:"with,omitempty"`
	Reports  map[string]string `json:"reports"`
}

const reportsFile = "testdata/catalogue.json"

// TestCatalogue plays every entry from its document, wants the timeline to show that
// it fired, and compares what gorilla reports with what the table says.
func TestCatalogue(t *testing.T) {
	before := readReports(t)
	var now []reported
	for _, e := range catalogue {
		r := reported{e.section, e.what, e.document, e.with, map[string]string{}}
		for who, what := range before[e.document] {
			r.Reports[who] = what
		}
		ok := t.Run(e.section+"/"+e.what, func(t *testing.T) {
			got := e.play(t)
			if want := r.Reports[reporters[0]]; got != want && !*update {
				t.Errorf("gorilla reports\n\t%s\nthe table says\n\t%s\n(go test -run Catalogue -update writes it anew)", got, want)
			}
			r.Reports[reporters[0]] = got
		})
		if ok && !*update && before[e.document] == nil {
			t.Errorf("%s is not in %s", e.document, reportsFile)
		}
		now = append(now, r)
	}
	if len(before) != len(catalogue) && !*update {
		t.Errorf("%s has %d entries, want %d", reportsFile, len(before), len(catalogue))
	}
	if *update {
		writeGolden(t, reportsFile, encode(t, now))
	}
}

// TestCatalogueTable compares FAULTS.md with what is made from the catalogue.
func TestCatalogueTable(t *testing.T) {
	want := table(t, readReports(t))
	if *update {
		writeGolden(t, "FAULTS.md", want)
	}
	got, err := os.ReadFile("FAULTS.md")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("FAULTS.md is not what the catalogue makes of it, %v; go test -run Catalogue -update writes it anew", err)
	}
}

func readReports(t *testing.T) map[string]map[string]string {
	t.Helper()
	var list []reported
	raw, err := os.ReadFile(reportsFile)
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	reports := map[string]map[string]string{}
	for _, r := range list {
		reports[r.Document] = r.Reports
	}
	return reports
}

func encode(t *testing.T, list []reported) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeGolden(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

const tableHead = `# Everything that can go wrong

Made by ` + "`go test ./faultproxy -run Catalogue -update`" + `; do not edit.

Each line is a rule, as a document (` + "`--rule`" + `, a file, an API body) and in Go, and what
clients report when it acts.

The client keeps to what gorilla/websocket's examples advise: a handshake timeout of 10 s, a
ping every 20 s, a read deadline of 60 s that every pong renews. It sends three messages one
second apart, which the server returns, and is watched for two and a half minutes; times count
from the opening, or from the dial where it does not open. What is not mentioned is as on a line
without faults: "nothing" is that the client noticed nothing at all.
`

// table is FAULTS.md.
func table(t *testing.T, reports map[string]map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(tableHead)
	var columns []string
	for _, who := range reporters {
		for _, r := range reports {
			if r[who] != "" {
				columns = append(columns, who)
				break
			}
		}
	}
	code := goSource(t)
	section := ""
	for i, e := range catalogue {
		if e.section != section {
			section = e.section
			fmt.Fprintf(&b, "\n## %s\n\n| what | document | Go |", section)
			for _, who := range columns {
				fmt.Fprintf(&b, " %s |", who)
			}
			b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s |", e.what, sceneNotes[e.with], cell(e.document), cell(code[i]))
		for _, who := range columns {
			fmt.Fprintf(&b, " %s |", strings.ReplaceAll(reports[e.document][who], "|", `\|`))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

var sceneNotes = map[scene]string{
	secured: " (wss)", leaving: " (the client closes with 1000 after 10 s)", pinging: " (the server pings every 15 s)",
	third: " (the third client)", squeezed: " (both sides can permessage-deflate)",
}

func cell(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

// goSource returns the source text of every entry's rule, as it stands in this package
// and is compiled.
func goSource(t *testing.T) (list []string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "catalogue_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "catalogue" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			var b strings.Builder
			if err := printer.Fprint(&b, fset, e.(*ast.CompositeLit).Elts[3]); err != nil {
				t.Fatal(err)
			}
			list = append(list, plainGo(b.String()))
		}
		return false
	})
	if len(list) != len(catalogue) {
		t.Fatalf("the source has %d entries, the catalogue %d", len(list), len(catalogue))
	}
	return list
}

// plainGo writes out what only this package abbreviates.
func plainGo(code string) string {
	for _, r := range [][2]string{
		{`\bfaultproxy\.`, ""}, {`\bsec / 10\b`, "100 * time.Millisecond"}, {`\bsec / 5\b`, "200 * time.Millisecond"},
		{`\bsec / 2\b`, "500 * time.Millisecond"}, {`\bsec\b`, "time.Second"}, {`\s+`, " "},
		{`\bfromServer\b`, "frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpText))"},
	} {
		code = regexp.MustCompile(r[0]).ReplaceAllString(code, r[1])
	}
	return code
}
