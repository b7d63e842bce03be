package assertions_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// message compares a failure message with its golden file, or writes that anew.
func message(t *testing.T, name, got string) {
	t.Helper()
	used.Store(name, true)
	path := filepath.Join("testdata", "messages", filepath.FromSlash(name)+".txt")
	got = strings.TrimRight(got, "\n") + "\n"
	if flag.Lookup("heartbreak.update").Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v (run with -heartbreak.update, and read it)", err)
		return
	}
	if settled(string(want)) != settled(got) {
		t.Errorf("%s differs (run with -heartbreak.update, and read it):\n%s", path, got)
	}
}

var stamp = regexp.MustCompile(`^[ >]*([0-9.]+s) `)

// settled gives what happened at one instant, in goroutines side by side, one order.
func settled(text string) string {
	lines := strings.Split(text, "\n")
	at := func(i int) string {
		if m := stamp.FindStringSubmatch(lines[i]); m != nil {
			return m[1]
		}
		return ""
	}
	for i := 0; i < len(lines); {
		j := i + 1
		for j < len(lines) && at(i) != "" && at(i) == at(j) {
			j++
		}
		slices.Sort(lines[i:j])
		i = j
	}
	return strings.Join(lines, "\n")
}

// used are the names of the messages that were compared.
var used sync.Map

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !partial() {
		code = unused()
	}
	os.Exit(code)
}

// partial reports whether flags keep tests from running.
func partial() bool {
	return slices.ContainsFunc([]string{"test.run", "test.skip", "test.list"}, func(name string) bool {
		return flag.Lookup(name).Value.String() != ""
	})
}

// unused returns 1, and says so, if there is a golden file that no test compares.
func unused() (code int) {
	root := filepath.Join("testdata", "messages")
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, isText := strings.CutSuffix(filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))), ".txt")
		if _, compared := used.Load(name); err == nil && isText && !compared {
			fmt.Printf("no test compares %s: remove it\n", path)
			code = 1
		}
		return nil
	})
	return code
}
