package diagnosis_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every report as text, in one golden file.
func TestReportText(t *testing.T) {
	var b bytes.Buffer
	for i, tt := range histories() {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("# " + tt.name + "\n")
		if err := diagnosis.WriteText(&b, []diagnosis.Report{diagnosis.Diagnose(tt.events, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "reports.txt", b.Bytes())
}

func TestKnownTimeoutsText(t *testing.T) {
	var b bytes.Buffer
	for _, k := range diagnosis.KnownTimeouts() {
		b.WriteString(strings.Join([]string{
			k.Name, k.Setting, k.Default.String(), k.Kind.String(), "reset by bytes " + k.ResetBy.String(),
			"-" + k.Early.String() + " +" + k.Late.String(), map[bool]string{true: "measured", false: "documented"}[k.Verified],
		}, " | ") + "\n")
	}
	golden(t, "timeouts.txt", b.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs in line %d (go test -update writes it anew):\n got %s\nwant %s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d (go test -update writes it anew)", path, len(gotLines), len(wantLines))
}
