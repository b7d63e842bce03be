// Package realparts finds and starts real programs for tests: nginx, headless
// Chromium and Node.js with the ws client. A fake shows that the kit agrees with
// itself; only the real program shows that the kit is right.
//
// A program that is not installed skips the test, with the command that installs
// it. In CI (the environment variable CI is true or 1) it fails the test: a gate
// that skips says nothing.
//
// Every program is started by the test that needs it, on loopback, with its files
// in a temporary directory, and is stopped by its process id when that test ends.
// What it printed is logged if the test failed.
package realparts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// usualPlaces are searched after PATH: daemons live in sbin, which the PATH of
// an ordinary user often lacks.
var usualPlaces = []string{
	"/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin",
	"/opt/homebrew/bin", "/snap/bin",
}

// Find returns the path of the first of names that is installed. If none is, the
// test is skipped, or fails in CI.
func Find(tb testing.TB, install string, names ...string) string {
	tb.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		for _, dir := range usualPlaces {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
	}
	Missing(tb, names[0], install)
	return ""
}

// Missing skips the test, or fails it in CI, for want of something; install is the
// command that brings it.
func Missing(tb testing.TB, what, install string) {
	tb.Helper()
	if inCI() {
		tb.Fatalf("%s is not installed, and in CI nothing may be skipped; install it with: %s", what, install)
	} else {
		tb.Skipf("NOT TESTED: %s is not installed; install it with: %s", what, install)
	}
}

// inCI says whether a missing program fails the test.
func inCI() bool {
	ci, err := strconv.ParseBool(os.Getenv("CI"))
	return err == nil && ci
}
