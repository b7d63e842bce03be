// Package layout holds no code, only the tests that keep the module's shape.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/heartbreak-ws/heartbreak/"

type layer struct {
	pkg     string   // of this module
	own     []string // packages of this module
	modules []string // other modules
}

// layers says, for every package, what of this module and of other modules its
// code may be built from, directly or through others. Packages of internal/ and of
// a package's own internal/ that need nothing but the standard library may be used
// anywhere.
var layers = []layer{
	{"faultproxy/frame", nil, nil},
	{"faultproxy/memnet", nil, nil},
	{"faultproxy/heartbeat", []string{"faultproxy/frame"}, nil},
	{"faultproxy/timeline", []string{"faultproxy/frame"}, nil},
	{"faultproxy/diagnosis", []string{"faultproxy/frame", "faultproxy/heartbeat", "faultproxy/timeline"}, nil},
	{"faultproxy", []string{"faultproxy/frame", "faultproxy/memnet", "faultproxy/heartbeat", "faultproxy/timeline", "faultproxy/diagnosis"}, nil},
	{"faultproxy/middlebox", []string{"faultproxy", "faultproxy/..."}, nil},
	{"faultproxy/report", []string{"faultproxy/frame", "faultproxy/heartbeat", "faultproxy/timeline", "faultproxy/diagnosis"}, nil},
	{"faultproxy/scenario", []string{"faultproxy", "faultproxy/..."}, nil},
	{"faultproxy/cmd/faultproxy", []string{"faultproxy", "faultproxy/...", "fakeserver"},
		append(prometheus, "github.com/alecthomas/kong", "github.com/goccy/go-yaml", "github.com/gorilla/websocket")},
	{"faultproxy/internal/adminclient", nil, nil},
	{"faultproxy/internal/config", []string{"faultproxy", "faultproxy/..."}, nil},
	{"faultproxy/internal/fleet", []string{"faultproxy", "faultproxy/..."}, nil},
	{"faultproxy/replay", []string{"faultproxy", "faultproxy/...", "fakeserver"}, []string{"github.com/gorilla/websocket"}},
	{"faultproxy/internal/admin", []string{"faultproxy", "faultproxy/..."}, prometheus},
	{"fakeserver", []string{"faultproxy", "faultproxy/..."}, []string{"github.com/gorilla/websocket"}},
	{"assertions/resilience", []string{"faultproxy", "faultproxy/...", "fakeserver"}, []string{"github.com/gorilla/websocket"}},
	{"assertions", []string{"faultproxy", "faultproxy/...", "fakeserver"}, gomega},
	{"assertions/specs", []string{"faultproxy", "faultproxy/..."}, ginkgo},
	{"examples/article", nil, nil},
	{"examples/zoo", nil, nil},
	{"examples/goclient", nil, client},
	{"examples/idleproxy", nil, client},
	{"examples/muteserver", nil, client},
	{"examples/redeploy", nil, client},
	{"examples/finalcodes", nil, client},
	{"examples/retryafter", nil, client},
	{"examples/resubscribe", nil, client},
	{"examples/slowconsumer", nil, client},
	{"examples/herd", nil, client},
	{"examples/alb", nil, client},
	{"examples/laptopsleep", nil, client},
	{"examples/socketio", nil, client},
	{"examples/graphql", nil, client},
	{"examples/mqtt", nil, client},
	{"examples/hardcodedurl", nil, client},
	{"examples/replay", nil, client},
	{"examples/ci", nil, nil},
}

// client is what the client of an example is built from: a reader copies it without us.
var client = []string{"github.com/gorilla/websocket"}

// gomega is Gomega without Ginkgo, what it is built from, and what fakeserver is.
var gomega = []string{"github.com/onsi/gomega", "github.com/google/go-cmp", "go.yaml.in/yaml/v3", "golang.org/x/net", "golang.org/x/text",
	"github.com/gorilla/websocket"}

// ginkgo is Ginkgo, Gomega and what they are built from.
var ginkgo = []string{"github.com/onsi/ginkgo/v2", "github.com/onsi/gomega", "github.com/Masterminds/semver/v3",
	"github.com/go-logr/logr", "github.com/go-task/slim-sprig/v3", "github.com/google/go-cmp", "go.yaml.in/yaml/v3",
	"golang.org/x/mod", "golang.org/x/net", "golang.org/x/sync", "golang.org/x/sys", "golang.org/x/text", "golang.org/x/tools"}

// prometheus is client_golang and what it is built from; nobody who imports the kit gets
// it.
var prometheus = []string{"github.com/prometheus/client_golang", "github.com/prometheus/client_model", "github.com/prometheus/common",
	"github.com/prometheus/procfs", "github.com/beorn7/perks", "github.com/cespare/xxhash/v2", "github.com/munnerz/goautoneg",
	"go.yaml.in/yaml/v2", "golang.org/x/sys", "google.golang.org/protobuf"}

// anywhere may be used by every package.
var anywhere = []string{"internal/schema", "internal/certificate", "internal/port", "internal/bubble", "internal/attach"}

type listed struct {
	ImportPath string
	Standard   bool
	Module     *struct{ Path string }
}

func TestImportsGoOneWay(t *testing.T) {
	for _, l := range layers {
		for _, dep := range deps(t, l.pkg) {
			own, ours := strings.CutPrefix(dep.ImportPath, module)
			switch {
			case ours && (own == l.pkg || slices.Contains(anywhere, own) || allowed(l.own, own)):
			case ours:
				t.Errorf("%s is built from %s, which is above it or beside it", l.pkg, own)
			case !slices.Contains(l.modules, dep.Module.Path):
				t.Errorf("%s is built from %s of another module", l.pkg, dep.ImportPath)
			}
		}
	}
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	for _, p := range list(t, "-json=ImportPath", "./...") {
		own := strings.TrimPrefix(p.ImportPath, module)
		known := slices.ContainsFunc(layers, func(l layer) bool { return l.pkg == own })
		if !known && !strings.Contains(own+"/", "internal/") && own+"/" != module {
			t.Errorf("package %s has no place in the table of layers", own)
		}
	}
}

func TestTopLevel(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skipf("no git checkout: %v", err)
	}
	fixed := []string{"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md", "suite_test.go",
		"faultproxy", "fakeserver", "assertions", "examples", "internal"}
	for _, f := range strings.Fields(string(out)) {
		top, _, _ := strings.Cut(f, "/")
		if !slices.Contains(fixed, top) && !strings.HasPrefix(top, ".") {
			t.Errorf("%s does not belong at the top level", top)
		}
	}
}

var root = filepath.Join("..", "..")

func allowed(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, tree := strings.CutSuffix(a, "/...")
		return a == pkg || tree && strings.HasPrefix(pkg, prefix+"/")
	})
}

// deps lists what a package's own code is built from, without the standard library.
func deps(t *testing.T, pkg string) (found []listed) {
	t.Helper()
	for _, d := range list(t, "-deps", "-json=ImportPath,Standard,Module", "./"+pkg) {
		if !d.Standard {
			found = append(found, d)
		}
	}
	return found
}

func list(t *testing.T, args ...string) (found []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.String())
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, l)
	}
}
