package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// small is a command line with one of each of what a page has to say.
type small struct {
	Make struct {
		File   []string `arg:"" help:"What to make."`
		Output string   `group:"Where it goes:" short:"o" placeholder:"FILE" help:"Where. It's \"quoted\", C:\\path, ~ and ^, 1±2 → …"`
		Kind   string   `enum:"one,two" default:"one" env:"SMALL_KIND" help:"Which: ${enum}."`
		Force  bool     `group:"Where it goes:" negatable:"" help:"Do it all the same."`
		Secret bool     `hidden:"" help:"Not shown."`
	} `cmd:"" help:"Make something."`
	Group struct {
		Token string `env:"SMALL_TOKEN" placeholder:"TOKEN" help:"Who asks."`
		List  struct {
			Kind string `env:"SMALL_KIND" short:"k" placeholder:"KIND" help:"Which."`
		} `cmd:"" help:"List them."`
		Drop struct {
			Name string `arg:"" optional:"" help:"Which one."`
		} `cmd:"" help:"Drop one."`
	} `cmd:"" help:"Some that belong together."`
	Secret struct{} `cmd:"" hidden:"" help:"Not shown."`
}

// The page of a small command line is as it was when somebody last looked at it.
func TestManPageOfASmallCommandLine(t *testing.T) {
	parser, err := kong.New(&small{}, kong.Name("faultproxy"))
	if err != nil {
		t.Fatal(err)
	}
	parser.Model.Children[0].Detail = "Examples:\n\n  faultproxy make a-b      .dots and 'quotes'\n  .hidden line\n\n.A paragraph that begins with a dot,\nof two lines.\n\nAnother one."
	got := manPage(parser.Model)
	golden := filepath.Join("testdata", "small.1")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page has changed; look at it and run with -update if it is right:\n%s", got)
	}
	checkPage(t, got)
}

func TestManPageHasEverything(t *testing.T) {
	got := manOf(t)
	if again := manOf(t); again != got {
		t.Error("printed twice, it is another page")
	}
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spots(parser.Model.Node, "") {
		if s.path != "" && !strings.Contains(got, "\n.SS \""+roff(s.path)+"\"\n") {
			t.Errorf("there is no section of %s", s.path)
		}
		for _, f := range s.flags {
			if !strings.Contains(got, roff(f.text)) {
				t.Errorf("there is nothing of %s %s", s.path, f.text)
			}
		}
	}
	for _, name := range []string{"FAULTPROXY_ADMIN", "FAULTPROXY_ADMIN_TOKEN"} {
		if strings.Count(got, "\n.B "+name+"\n") != 1 {
			t.Errorf("%s is not there once", name)
		}
	}
	checkPage(t, got)
}

func manOf(t *testing.T) string {
	t.Helper()
	var out, stderr bytes.Buffer
	if code := run(t.Context(), []string{"man"}, strings.NewReader(""), &out, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	return out.String()
}

// checkPage has the programs that show manual pages look for what is wrong with one.
func checkPage(t *testing.T, page string) {
	t.Helper()
	for _, program := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-ww", "-z", "-Tutf8"}} {
		path, err := exec.LookPath(program[0])
		if err != nil {
			t.Logf("NOT CHECKED by %s: %v", program[0], err)
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, program[1:]...)
		cmd.Stdin = strings.NewReader(page)
		out, _ := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "missing date") { // the page has none, to be the same every day
				t.Errorf("%s: %s", program[0], line)
			}
		}
	}
}
