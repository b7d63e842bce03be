package report_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
)

// promise is the policy of the client of outage.
var promise = diagnosis.Policy{Name: "the shop's page", Dialect: heartbeat.Text("ping", "pong"), Interval: 20 * time.Second, AnswerTimeout: 5 * time.Second,
	Backoff: diagnosis.Exponential(time.Second, 2).UpTo(30 * time.Second)}

func TestPage(t *testing.T) {
	var b bytes.Buffer
	if err := (report.Page{Policy: &promise}).HTML(&b, report.Named{Name: "outage.jsonl", Viewer: outage(t)}); err != nil {
		t.Fatal(err)
	}
	golden(t, "outage.html", b.Bytes())
}
