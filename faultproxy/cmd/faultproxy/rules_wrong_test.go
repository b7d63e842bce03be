package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every file of testdata/wrong has a mistake, or several that belong together.
// testdata/wrong.golden has what is said of them: file, line and column, the key, the
// line with a mark, and what would be right.
func TestWrongRuleFiles(t *testing.T) {
	refuses(t, "testdata/wrong", 30, "run", "--rules")
}

// The same for scripts.
func TestWrongScriptFiles(t *testing.T) {
	refuses(t, "testdata/wrong-scripts", 15, "fake", "--script")
}

// refuses has a flag of a command refuse every file of a folder, at least so many, and
// compares what it says with the golden file.
func refuses(t *testing.T, folder string, least int, command, flag string) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*")
	if err != nil || len(files) < least {
		t.Fatalf("%d files, %v; want at least %d", len(files), err, least)
	}
	var all strings.Builder
	for _, file := range files {
		file = filepath.ToSlash(file)
		var stdout, stderr bytes.Buffer
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what is not refused ends at once
		code := run(ctx, []string{command, "--listen", "127.0.0.1:0", flag, file}, nil, &stdout, &stderr)
		said, found := strings.CutPrefix(stderr.String(), "faultproxy: ")
		if code != exitUsage || !found || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q; want %d and what is wrong", file, code, &stdout, &stderr, exitUsage)
		}
		if !placed(file).MatchString(said) {
			t.Errorf("%s: it does not say where: %s", file, said)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n\n", strings.Repeat("=", 72))
		for line := range strings.Lines(strings.ToValidUTF8(string(content), "?")) {
			fmt.Fprintf(&all, "    %s", line)
		}
		fmt.Fprintf(&all, "\n%s\n", said)
	}
	golden := folder + ".golden"
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(all.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
			t.Fatalf("%s differs from line %d on (go test -run Wrong -update writes it anew): got\n%s", golden, i+1,
				strings.Join(got[min(i, len(got)):min(i+5, len(got))], "\n"))
		}
	}
}

// placed matches a message that begins with the file, a line and a column, and, unless
// the file is empty, is followed by that line and a mark.
func placed(file string) *regexp.Regexp {
	return regexp.MustCompile(`^` + regexp.QuoteMeta(file) + `:\d+:\d+: .+\n(  .+\n +\^\n|$)`)
}
