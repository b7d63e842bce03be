package zoo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// install is the one command that fetches what the clients are made of.
const install = "examples/zoo/install.sh"

// driver is the client of a bug on a release, buggy or fixed. What it needs and is
// not installed skips the test; in CI it fails the test.
func driver(t *testing.T, id, release string) resilience.Client {
	t.Helper()
	dir := filepath.Join(id, "client")
	script := filepath.Join(dir, "driver.mjs")
	switch {
	case exists(filepath.Join(dir, "main.go")):
		return resilience.Command(build(t, dir, release))
	case !exists(script):
		t.Fatalf("examples/zoo/%s has neither main.go nor driver.mjs", dir)
	case !exists(filepath.Join("node_modules", ".package-lock.json")):
		realparts.Missing(t, "what the clients on Node.js are made of", install)
	}
	node := realparts.Find(t, "apt-get install nodejs npm", "node", "nodejs")
	return resilience.Command(node, script).Env("VARIANT=" + release)
}

// build builds a client in Go, from modules that were downloaded before: tests do
// not use the network.
func build(t *testing.T, dir, release string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), release)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-modfile="+release+".mod", "-o", program, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	switch out, err := cmd.CombinedOutput(); {
	case err == nil:
	case strings.Contains(string(out), "GOPROXY=off"):
		realparts.Missing(t, "what the clients in Go are made of", install)
	default:
		t.Fatalf("go build in examples/zoo/%s: %v\n%s", dir, err, out)
	}
	return program
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// published returns the package that has the bug, and the version of a release.
func published(t *testing.T, id, release string) (pkg, version string) {
	t.Helper()
	file, line := filepath.Join(id, "client", release+".mod"), `(?m)^require (\S+) (\S+)$`
	if !exists(file) {
		file, line = filepath.Join(id, "client", "package.json"), `-`+release+`": "npm:(.+)@(.+)"`
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(line).FindSubmatch(text)
	if found == nil {
		t.Fatalf("examples/zoo/%s names no %s release", file, release)
	}
	return string(found[1]), string(found[2])
}
