package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a zsh script means only its own completion knows, which needs somebody who types:
// testdata/ask.zsh does, in a terminal of zsh's own.
func TestZshCompletes(t *testing.T) {
	answers := map[string]string{}
	var lines []string
	for _, c := range completions {
		lines = append(lines, "faultproxy "+strings.Join(c.words, " "))
	}
	lines = append(lines, "faultproxy run --preset=clo", "faultproxy run --compr")
	for i, answer := range askZsh(t, lines) {
		answers[lines[i]] = answer
	}
	hits := regexp.MustCompile(`<hit>([^<]*)</hit>`)
	offered := func(line string) (list []string) {
		for _, hit := range hits.FindAllStringSubmatch(answers[line], -1) {
			list = append(list, unescaped.Replace(hit[1]))
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	for i, c := range completions {
		got := offered(lines[i])
		wrong := !slices.Equal(got, c.want)
		if c.some {
			wrong = slices.ContainsFunc(c.want, func(w string) bool { return !slices.Contains(got, w) })
		}
		if wrong || c.not != "" && slices.Contains(got, c.not) {
			t.Errorf("%s: %q: got %q, want %q", c.name, lines[i], got, c.want)
		}
	}
	if got, want := offered("faultproxy run --preset=clo"), []string{"cloudflare", "cloudfront"}; !slices.Equal(got, want) {
		t.Errorf("behind an equals sign: got %q, want %q", got, want)
	}
	if got, want := answers["faultproxy run --compr"], "What to do about permessage-deflate"; !strings.Contains(got, want) {
		t.Errorf("%q is not told with the flag: %q", want, got)
	}
}

// askZsh types lines into one zsh, and returns what it was about to offer for each.
func askZsh(t *testing.T, lines []string) []string {
	t.Helper()
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skipf("NOT TESTED: there is no zsh on this machine: %v", err)
	}
	typist, err := filepath.Abs("testdata/ask.zsh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, zsh, append([]string{"-f", typist, completionScript(t, "zsh")}, lines...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), "HOME="+dir), time.Second
	out, err := cmd.CombinedOutput()
	answers := slices.Collect(strings.Lines(string(out)))
	if err != nil || len(answers) != len(lines) {
		t.Fatalf("%v, and %d answers to %d lines: %s", err, len(answers), len(lines), out)
	}
	return answers
}
