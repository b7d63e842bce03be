package assertions

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// goldenFlag is namespaced, since a test binary has one set of flags for all packages
// that are linked into it, and many define an -update of their own.
var goldenFlag = flag.Bool("heartbreak.update", false, "write the files of MatchGolden anew")

// MatchGolden succeeds if the timeline, as canonical text, equals the file: see
// [timeline.Timeline.CanonicalText], which leaves out what differs by accident and keeps
// exact times. So it is for virtual time, where equal seeds give equal timelines.
//
//	Expect(srv).To(MatchGolden("testdata/restart.golden"))
//
// The path is relative to the package's folder. Run the tests with -heartbreak.update
// to write the file anew, or with -update where the test's own package has such a flag
// (go test . -heartbreak.update; ginkgo -- -heartbreak.update). Then it succeeds and
// must not be negated. Look at the difference before you commit it.
//
// On a timeline that still goes on it compares what there is by now. It refuses to
// compare, or to write, where nothing was recorded or events are missing.
func MatchGolden(path string) Matcher {
	return Matcher{call: call("MatchGolden", path), judge: func(s *scene) verdict { return s.golden(path) }}
}

// updates reports whether files are to be written, and which flag asks for it.
func updates() (name string, update bool) {
	if own := flag.Lookup("update"); own != nil {
		if get, ok := own.Value.(flag.Getter); ok {
			if on, isBool := get.Get().(bool); isBool {
				return "-update", on || *goldenFlag
			}
		}
	}
	return "-heartbreak.update", *goldenFlag
}

func (s *scene) golden(path string) verdict {
	if gaps := holes(s.view); gaps != "" {
		return never(gaps, raise)
	}
	got := s.view.CanonicalText()
	if got == "" {
		return cannot("nothing happened"+s.where(), "")
	}
	name, update := updates()
	if update {
		if err := write(path, got); err != nil {
			return never(err.Error(), "")
		}
		return verdict{is: yes, said: "The timeline was written to " + path, expected: "expected that", unexpected: "and it cannot be negated with " + name}
	}
	want, err := os.ReadFile(filepath.FromSlash(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return verdict{is: no, said: "There is no file " + path, expected: "expected one: run the test with " + name + " to write it"}
	case err != nil:
		return never(err.Error(), "")
	}
	diff := difference(lines(string(want)), lines(got))
	if len(diff) == 0 {
		return verdict{is: yes, said: "The timeline equals " + path, expected: "expected it to", unexpected: "expected it to differ"}
	}
	return verdict{is: no, said: "The timeline differs from " + path, expected: fmt.Sprintf("expected no difference (%s writes it anew)", name),
		details: append([]string{"- " + path, "+ the timeline", ""}, diff...), apart: true}
}

func write(path, text string) error {
	path = filepath.FromSlash(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}

// lines splits a text, whichever way its lines end.
func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}
