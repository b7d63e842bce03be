package assertions_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestGoldenFiles(t *testing.T) {
	defer setUpdate(t, setUpdate(t, "false"))
	taped(t, func(t *testing.T, tl *tape) {
		path := filepath.ToSlash(filepath.Join(t.TempDir(), "new", "a.golden"))
		m := MatchGolden(path)
		tl.opens(1).sends(1, frame.Text("hi"))
		says(t, "no", m, tl)
		if got := m.FailureMessage(tl); !strings.Contains(got, "There is no file "+path+", expected one: run the test with -heartbreak.update to write it.") {
			t.Error(got)
		}
		setUpdate(t, "true")
		if ok, err := m.Match(tl); !ok || err != nil {
			t.Fatal(ok, err)
		}
		setUpdate(t, "false")
		says(t, "yes", m, tl)

		text, err := os.ReadFile(path)
		if err != nil || string(text) != tl.CanonicalText() {
			t.Fatalf("%v, %q", err, text)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "\n", "\r\n")), 0o666); err != nil {
			t.Fatal(err)
		}
		says(t, "yes", m, tl)
		tl.sends(1, frame.Text("ho"))
		says(t, "no", m, tl)
		if got := m.FailureMessage(tl); !strings.Contains(got, "\n+ 0s s1 to-server arrived frame text 2 B \"ho\"") || strings.Contains(got, "\n- 0s") {
			t.Error(got)
		}
		says(t, "unclear", MatchGolden(filepath.ToSlash(t.TempDir())), tl)
	})
}

// Where the test's own package has an -update flag, that does it, too.
func TestGoldenFilesFollowTheUpdateFlagOfTheTest(t *testing.T) {
	const child = "HEARTBREAK_GOLDEN_FILE"
	if path := os.Getenv(child); path != "" {
		own := flag.Bool("update", false, "")
		taped(t, func(t *testing.T, tl *tape) {
			tl.opens(1)
			if got := MatchGolden(path).FailureMessage(tl); !strings.Contains(got, "with -update to") {
				t.Error(got)
			}
			*own = true
			if ok, err := MatchGolden(path).Match(tl); !ok || err != nil {
				t.Error(ok, err)
			}
		})
		return
	}
	path := filepath.Join(t.TempDir(), "a.golden")
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
