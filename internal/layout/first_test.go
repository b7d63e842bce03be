package layout

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The README's first test of a reader's own client is done as it stands there: red with
// the output that is shown, and green with the fix.
func TestReadmeFirstTest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	heartbreak, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(command string) (string, error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	block := func(name string) string {
		t.Helper()
		_, rest, found := strings.Cut(string(text), "<!-- first: "+name+" -->\n```")
		_, rest, begun := strings.Cut(rest, "\n")
		content, _, ended := strings.Cut(rest, "\n```\n")
		if !found || !begun || !ended {
			t.Fatalf("README.md has no fenced block after <!-- first: %s -->", name)
		}
		return content + "\n"
	}

	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write("go.mod", "module example.com/chat\n\ngo 1.25\n")
	write("go.sum", string(sums)) // so that nothing is asked of the network
	write("client.go", block("client.go"))
	write("client_test.go", block("client_test.go"))
	// -mod=mod does of go mod tidy what the test needs.
	commands := strings.NewReplacer("=../heartbreak", "="+shellQuoted(heartbreak), "go mod tidy", "").Replace(block("module"))
	if out, err := run(commands); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	out, err := run("go test -mod=mod .")
	if err == nil {
		t.Fatalf("the first client passes:\n%s", out)
	}
	if got, want := comparable(out), comparable(block("output")); !strings.HasPrefix(got, want) {
		t.Errorf("the first client's test prints\n%s\nREADME.md has\n%s", got, want)
	}
	write("client.go", fixed(t, block("client.go"), block("fix")))
	if out, err := run("go test -mod=mod -count=1 -race=false . && go vet -mod=mod . && gofmt -l ."); err != nil || strings.Contains(out, ".go") {
		t.Errorf("the client with the fix: %v\n%s", err, out)
	}
}

// fixed is a client with another function read.
func fixed(t *testing.T, client, fix string) string {
	t.Helper()
	before, _, found := strings.Cut(client, "func read(")
	if !found {
		t.Fatal("the README's client has no function read")
	}
	return before + fix
}

// comparable is output without how long the test took and blanks at the ends of lines.
func comparable(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
		if strings.HasPrefix(line, "--- FAIL") {
			lines[i], _, _ = strings.Cut(line, " (")
		}
	}
	return strings.Join(lines, "\n")
}

func shellQuoted(s string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(s, "'", `'\''`))
}
