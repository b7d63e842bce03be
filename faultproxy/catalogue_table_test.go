package faultproxy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The clients whose reports have a column. TestCatalogue measures the first;
// internal/catalogue, which has those clients, the others.
var reporters = []string{"gorilla/websocket 1.5.3", "ws 8.23.0", "Chromium"}

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
	for _, e := range entries() {
		r := reported{e.section, e.what, e.document, e.with, map[string]string{}}
		for who, what := range before[e.document] {
			r.Reports[who] = what
		}
		ok := t.Run(e.section+"/"+e.what, func(t *testing.T) {
			got := e.play(t, e.parsed(t), 0).report
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
	if len(before) != len(now) && !*update {
		t.Errorf("%s has %d entries, want %d", reportsFile, len(before), len(now))
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

Made by ` + "`go test ./faultproxy -run Catalogue -update`, and the columns of ws and Chromium by\n`go test ./internal/catalogue -update`" + `; do not edit.

Each line is a rule, as a document (` + "`--rule`, `--rules` with a file" + `, an API body) and in Go, and what
clients report when it acts. The client sends three messages one second apart, which the server
returns, and pings every 20 s. Times count from the opening, or from the dial where it does not
open. What is not mentioned is as on a line without faults: "nothing" is that the client noticed
nothing at all.

- gorilla/websocket is played in virtual time and keeps to what its examples advise: a handshake
  timeout of 10 s, and a read deadline of 60 s that every pong renews. It is watched for two and a
  half minutes. What it calls a CloseError of 1006 is the end of TCP without a Close.
- ws, in Node.js, and a page in headless Chromium are played in real time over loopback and watched
  for 78 s; their times are in whole seconds. They have no timeouts but those they bring: ws waits
  for an answer to its Close and for the end of TCP for 30 s, Chromium for 60 s and 2 s, and for an
  answer to the upgrade for 240 s. "CloseEvent" is what onclose is told, "error" that onerror came
  before it. A page cannot ping, sees no pong, and learns the reason of no failure; it was given no
  authority to trust, so the three bad certificates are all unknown to it. "or else" stands between
  what they report now and then, where it depends on which of two things reaches them first.
`

// table is FAULTS.md.
func table(t *testing.T, reports map[string]map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(tableHead)
	code := goSource(t)
	section := ""
	for _, e := range entries() {
		if e.section != section {
			section = e.section
			fmt.Fprintf(&b, "\n## %s\n\n| what | document | Go |", section)
			for _, who := range reporters {
				fmt.Fprintf(&b, " %s |", who)
			}
			b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(reporters)) + "\n")
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s |", e.what, sceneNotes[e.with], cell(e.document), cell(code[e.document]))
		for _, who := range reporters {
			fmt.Fprintf(&b, " %s |", strings.ReplaceAll(reports[e.document][who], "|", `\|`))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

var sceneNotes = map[scene]string{
	secured: " (wss)", leaving: " (the client closes with 1000 after 10 s)", pinging: " (the server pings every 15 s)",
	third: " (the third client)", squeezed: " (both sides can permessage-deflate)",
	waiting: " (the rule comes when the client is there)", texting: " (the client beats with a text)",
}

func cell(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

// goSource returns the source text of every entry's rule by its document, as it stands
// in this package and is compiled.
func goSource(t *testing.T) map[string]string {
	t.Helper()
	code := map[string]string{}
	for file, list := range map[string]string{"catalogue_test.go": "catalogue", "catalogue_toserver_test.go": "towardServer"} {
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Names[0].Name != list {
				return true
			}
			for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
				fields := e.(*ast.CompositeLit).Elts
				document, err := strconv.Unquote(fields[2].(*ast.BasicLit).Value)
				var b strings.Builder
				if err := errors.Join(err, printer.Fprint(&b, fset, fields[3])); err != nil {
					t.Fatal(err)
				}
				code[document] = plainGo(b.String())
			}
			return false
		})
	}
	if len(code) != len(entries()) {
		t.Fatalf("the source has %d entries, the catalogue %d", len(code), len(entries()))
	}
	return code
}

// plainGo writes out what only this package abbreviates.
func plainGo(code string) string {
	for _, r := range [][2]string{
		{`\bfaultproxy\.`, ""}, {`\bsec / 10\b`, "100 * time.Millisecond"}, {`\bsec/2\b`, "500*time.Millisecond"}, {`\bsec/5\b`, "200*time.Millisecond"}, {`\bsec / 5\b`, "200 * time.Millisecond"},
		{`\bsec / 2\b`, "500 * time.Millisecond"}, {`\bsec\b`, "time.Second"}, {`\s+`, " "},
		{`\bfromClient\b`, "frame.AllOf(frame.Toward(frame.ToServer), frame.Op(frame.OpText))"},
		{`\bfromServer\b`, "frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpText))"},
	} {
		code = regexp.MustCompile(r[0]).ReplaceAllString(code, r[1])
	}
	return code
}
