package report_test

import (
	"bytes"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
)

func TestDiagram(t *testing.T) {
	var b bytes.Buffer
	if err := report.SVG(&b, outage(t)); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	golden(t, "outage.svg", b.Bytes())
}
