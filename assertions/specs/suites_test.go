package specs_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

var update = flag.Bool("update", false, "write the golden files")

// built holds the binaries that tests share; TestMain removes it.
var built string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if built, err = os.MkdirTemp("", "specs"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// compile builds the suite in testdata into a test binary, once.
func compile(t *testing.T, suite string, flags ...string) string {
	t.Helper()
	binary := filepath.Join(built, strings.Join(append(flags, suite), "")+".test")
	if _, err := os.Stat(binary); err == nil {
		return binary
	}
	args := append([]string{"test", "-c", "-o", binary}, append(flags, "./testdata/"+suite)...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return binary
}

// runSuite runs a command that ends with the flags of a suite, and returns the
// report and all output. The suite must end by itself: a dead process has no report.
func runSuite(t *testing.T, suite string, failing bool, command ...string) (types.Report, string) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command(command[0], command[1:]...)
	for i, arg := range cmd.Args {
		cmd.Args[i] = strings.ReplaceAll(arg, "REPORT", report)
	}
	cmd.Dir = filepath.Join("testdata", suite)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || (err != nil) != failing {
		t.Fatalf("%v: %v, failing %v wanted\n%s", command, err, failing, out)
	}
	var reports []types.Report
	content, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(content, &reports)
	}
	if err != nil || len(reports) != 1 {
		t.Fatalf("the suite left no report: %v\n%s", err, out)
	}
	return reports[0], string(out)
}

// inOrder is the report's specs by the lines they stand at.
func inOrder(r types.Report) types.SpecReports {
	list := slices.Clone(r.SpecReports)
	slices.SortStableFunc(list, func(a, b types.SpecReport) int {
		return a.LeafNodeLocation.LineNumber - b.LeafNodeLocation.LineNumber
	})
	return list
}

// render writes what a reader looks at first of each spec: outcome, line, message,
// and where in the spec's file the stack leads.
func render(r types.Report) string {
	var b strings.Builder
	for _, s := range inOrder(r) {
		fmt.Fprintf(&b, "%s: %s\n", s.FullText(), s.State)
		if !s.Failure.IsZero() {
			renderFailure(&b, s.Failure)
			if more := s.Failure.AdditionalFailure; more != nil {
				fmt.Fprintf(&b, "  then %s\n", more.State)
				renderFailure(&b, more.Failure)
			}
		}
		for _, e := range s.ReportEntries {
			fmt.Fprintf(&b, "  entry %q (%s)\n", e.Name, e.Visibility)
		}
	}
	return b.String()
}

func renderFailure(b *strings.Builder, f types.Failure) {
	message := f.Message
	if f.ForwardedPanic != "" {
		message = f.ForwardedPanic
	}
	for i, line := range strings.Split(message, "\n") {
		if line == "" && i > 0 {
			break // the stacks follow
		}
		fmt.Fprintf(b, "  | %s\n", stable(line))
	}
	fmt.Fprintf(b, "  at %s: %s\n", place(f.Location), strings.TrimSpace(f.Location.ContentsOfLine()))
	for line := range strings.SplitSeq(f.Location.FullStackTrace, "\n") {
		if file, ok := strings.CutPrefix(line, "\t"); ok && strings.Contains(file, "testdata") {
			file, _, _ = strings.Cut(file, " ")
			fmt.Fprintf(b, "  stack %s\n", filepath.Base(file))
		}
	}
}

func place(l types.CodeLocation) string {
	return fmt.Sprintf("%s:%d", filepath.Base(l.FileName), l.LineNumber)
}

// stable leaves out of a line what differs between runs and machines.
func stable(line string) string {
	words := strings.Fields(line)
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	for i, w := range words {
		if number, colon := strings.CutSuffix(w, ":"); colon && i > 0 && words[i-1] == "goroutine" && isNumber(number) {
			words[i] = "N:"
		}
		if strings.HasPrefix(w, "/") {
			words[i] = filepath.Base(w)
		}
	}
	return indent + strings.Join(words, " ")
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what came out (go test -update writes it):\n%s", file, difference(string(want), got))
	}
}

// difference lists the lines that are only in one.
func difference(want, got string) string {
	var b strings.Builder
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range wants {
		if !slices.Contains(gots, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range gots {
		if !slices.Contains(wants, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}

// checkLines fails for failures that do not point at a line that says it is one.
func checkLines(t *testing.T, r types.Report) {
	t.Helper()
	for _, s := range r.SpecReports {
		f := s.Failure
		if more := f.AdditionalFailure; more != nil {
			f = more.Failure
		}
		if !f.IsZero() && !strings.Contains(f.Location.ContentsOfLine(), "here") {
			t.Errorf("%q: %s at %s, where nothing says // here:\n%s\n%s", s.FullText(), s.State, f.Location, f.Message, f.Location.FullStackTrace)
		}
	}
}

func TestEveryEndOfASpecIsReportedAtItsLine(t *testing.T) {
	r, _ := runSuite(t, "kinds", true, compile(t, "kinds"), "--ginkgo.json-report=REPORT")
	checkLines(t, r)
	golden(t, "kinds.golden", render(r))
}

func TestTimelinesAreInTheReport(t *testing.T) {
	r, out := runSuite(t, "kinds", true, compile(t, "kinds"), "--ginkgo.json-report=REPORT", "--ginkgo.no-color", "--ginkgo.focus=timelines")
	for _, s := range r.SpecReports {
		if s.State.Is(types.SpecStateSkipped) {
			continue
		}
		var entries, progress string
		for _, e := range s.ReportEntries {
			entries += e.StringRepresentation()
		}
		progress = strings.Join(s.Failure.ProgressReport.AdditionalReports, "\n")
		for text, want := range map[string]struct{ where, what string }{
			"timelines are attached if the spec fails":     {entries, "virtual"},
			"timelines are attached if the spec deadlocks": {entries, "deadlocked"},
			"timelines are attached in real time":          {entries, "real"},
			"timelines come from a proxy by itself":        {entries, "by itself"},
			"timelines are in progress reports":            {progress, "so far"},
		} {
			if s.FullText() == text && !strings.Contains(want.where, want.what) {
				t.Errorf("%s: %q is not in %q\n%s", text, want.what, want.where, out)
			}
		}
	}
}

func TestADataRaceFailsItsSpecOnly(t *testing.T) {
	r, out := runSuite(t, "race", true, compile(t, "race", "-race"), "--ginkgo.json-report=REPORT")
	checkLines(t, r)
	golden(t, "race.golden", render(r))
	if !strings.Contains(out, "WARNING: DATA RACE") {
		t.Errorf("no report by the race detector:\n%s", out)
	}
}

func TestASuiteWithABootstrapOfItsOwn(t *testing.T) {
	binary := compile(t, "bare")
	r, _ := runSuite(t, "bare", true, binary, "--ginkgo.json-report=REPORT")
	golden(t, "unused.golden", render(r))
	checkLines(t, r)
	t.Setenv("SPECS_USE", "1")
	r, _ = runSuite(t, "bare", true, binary, "--ginkgo.json-report=REPORT")
	golden(t, "bare.golden", render(r))
	checkLines(t, r)
}

func TestTheRaceDetectorChangesNothing(t *testing.T) {
	r, _ := runSuite(t, "kinds", true, compile(t, "kinds", "-race"), "--ginkgo.json-report=REPORT", "--ginkgo.focus=Kinds (success|failure|a panic|a skip|a deadlock|setups)")
	checkLines(t, r)
}

func TestGinkgoRunsItInParallelAndAgain(t *testing.T) {
	ginkgo := filepath.Join(built, "ginkgo")
	if out, err := exec.Command("go", "build", "-o", ginkgo, "github.com/onsi/ginkgo/v2/ginkgo").CombinedOutput(); err != nil {
		t.Skipf("the ginkgo command cannot be built here: %v\n%s", err, out)
	}
	binary := compile(t, "kinds")
	r, _ := runSuite(t, "kinds", true, ginkgo, "--procs=2", "--keep-going", "--json-report=REPORT", binary)
	checkLines(t, r)
	golden(t, "kinds.golden", render(r))

	r, out := runSuite(t, "kinds", false, ginkgo, "--repeat=3", "--focus=Kinds success|Kinds setups.*share", "--json-report=REPORT", binary)
	if passed := r.SpecReports.CountWithState(types.SpecStatePassed); passed != 3 {
		t.Errorf("%d specs passed, 3 wanted:\n%s", passed, out)
	}
	if n := strings.Count(out, "Ran 3 of "); n != 4 {
		t.Errorf("%d runs, 4 wanted:\n%s", n, out)
	}
}

func TestServersFailTheirSpecsCleanly(t *testing.T) {
	r, _ := runSuite(t, "servers", true, compile(t, "servers"), "--ginkgo.json-report=REPORT")
	text := regexp.MustCompile(`(?m)^  at value\.go:.*$`).ReplaceAllString(render(r), "  at a line of Go's: GinkgoT's cleanups know no other")
	golden(t, "servers.golden", regexp.MustCompile(`bubble \d+`).ReplaceAllString(text, "bubble N"))
}
