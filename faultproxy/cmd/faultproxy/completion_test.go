package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completions are command lines, the last word unfinished, and what shells must offer.
var completions = []struct {
	name  string
	words []string
	want  []string // all of them
	some  bool     // want is only a part
	not   string   // and this is none of them
}{
	{"commands", []string{"c"}, []string{"check", "completion", "ctl"}, false, ""},
	{"commands within a command", []string{"ctl", "d"}, []string{"delete", "diagnose", "disable", "download"}, false, ""},
	{"flags", []string{"run", "--pre"}, []string{"--preserve-host", "--preset"}, false, ""},
	{"flags that can be taken back", []string{"run", "--no-"}, []string{"--no-watch"}, false, ""},
	{"flags of the command above", []string{"ctl", "ls", "--pr"}, []string{"--presets", "--proxies", "--proxy"}, false, ""},
	{"flags behind a flag with a value", []string{"ctl", "--proxy", "ls", "kill", "--c"}, []string{"--code", "--cut"}, false, ""},
	{"a flag that is an enum", []string{"run", "--compression", ""}, []string{"no-takeover", "pass", "strip"}, false, ""},
	{"presets", []string{"run", "--preset", "cl"}, []string{"cloudflare", "cloudfront"}, false, ""},
	{"an argument that is an enum", []string{"completion", ""}, []string{"bash", "fish", "zsh"}, false, ""},
	{"presets, or none", []string{"ctl", "preset", "n"}, []string{"nginx", "none"}, false, ""},
	{"connections", []string{"ctl", "kill", "--cut", ""}, []string{"all", "latest"}, false, ""},
	{"nothing behind the last argument", []string{"ctl", "heal", "1", ""}, nil, false, ""},
	{"no file behind the last argument", []string{"explain", "one.jsonl", ""}, nil, false, ""},
	{"a file behind a flag", []string{"run", "--rules", ""}, []string{"my rules.yaml"}, true, "run"},
	{"a file behind a short flag", []string{"report", "x.jsonl", "-o", ""}, []string{"my rules.yaml"}, true, "run"},
	{"a file as an argument", []string{"check", "one.yaml", ""}, []string{"my rules.yaml"}, true, "run"},
	{"a file, or stop", []string{"ctl", "play", ""}, []string{"my rules.yaml", "stop"}, true, "run"},
	{"a file whose name is a pattern", []string{"report", "out"}, []string{"out1.har", "out[1].har"}, false, ""},
	{"what cannot be known", []string{"run", "--listen", ""}, nil, false, ""},
}

// files are what is there to be completed.
var files = []string{"my rules.yaml", "out[1].har", "out1.har"}

// shells ask the real shells, but zsh; FILE is the script, and WORDS are behind it.
var shells = []struct {
	name string
	ask  string // the program, given the words as arguments
}{
	{"bash", `source "$FILE"; COMP_WORDS=(faultproxy "$@"); COMP_CWORD=$#; _faultproxy; printf '%s\n' "${COMPREPLY[@]}"`},
	{"fish", `source "$FILE"; complete -C (string join -- ' ' faultproxy $argv) | string replace -r '\t.*' ''; true`},
}

func TestShellsComplete(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			program, err := exec.LookPath(shell.name)
			if err != nil {
				t.Skipf("NOT TESTED: there is no %s on this machine: %v", shell.name, err)
			}
			dir := t.TempDir()
			script := completionScript(t, shell.name)
			for _, name := range files {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range completions {
				got := offered(t, program, shell.ask, dir, script, c.words)
				wrong := !slices.Equal(got, c.want)
				if c.some {
					wrong = slices.ContainsFunc(c.want, func(w string) bool { return !slices.Contains(got, w) })
				}
				if wrong || c.not != "" && slices.Contains(got, c.not) {
					t.Errorf("%s: %q: got %q, want %q", c.name, c.words, got, c.want)
				}
			}
		})
	}
}

// Bash takes a word apart at "=", fish does not.
func TestShellsCompleteBehindAnEqualsSign(t *testing.T) {
	for _, shell := range shells {
		program, err := exec.LookPath(shell.name)
		if err != nil {
			t.Logf("NOT TESTED: there is no %s on this machine: %v", shell.name, err)
			continue
		}
		words := []string{"run", "--preset=clo"}
		if shell.name == "bash" {
			words = []string{"run", "--preset", "=", "clo"}
		}
		got := offered(t, program, shell.ask, t.TempDir(), completionScript(t, shell.name), words)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "--preset=") // as fish says it
		}
		if want := []string{"cloudflare", "cloudfront"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", shell.name, got, want)
		}
	}
}

// unescaped takes back what fish and zsh do to special characters of file names.
var unescaped = strings.NewReplacer(`\ `, " ", `\[`, "[", `\]`, "]")

// completionScript is a file with what the command prints.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	if code := run(t.Context(), []string{"completion", shell}, strings.NewReader(""), &out, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// offered is what a shell offers for a command line, in order.
func offered(t *testing.T, program, ask, dir, script string, words []string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"-c", ask}
	switch filepath.Base(program) {
	case "bash":
		args = append([]string{"--norc", "--noprofile"}, append(args, "bash")...)
	case "fish":
		args = append([]string{"--no-config"}, append(args, "--")...)
	}
	cmd := exec.CommandContext(ctx, program, append(args, words...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "FILE="+script, "HOME="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Errorf("%s %q: %v\n%s", filepath.Base(program), words, err, &stderr)
	}
	got := strings.Split(strings.Trim(string(out), "\n"), "\n")
	for i := range got {
		got[i] = unescaped.Replace(got[i])
	}
	slices.Sort(got)
	return slices.DeleteFunc(slices.Compact(got), func(s string) bool { return s == "" })
}
