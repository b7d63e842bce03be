package diagnosis_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

const document = `
name: chat
client: node-ws
dialect: text:hb/ack
interval: 30s
tolerance: 1s
rearm: received
answer_timeout: 10s
idle_timeout: 60s
pong_within: 5s
connect_timeout: 10s
close_timeout: 5s
backoff:
  {kind: exponential, first: 1s, factor: 1.5, max: 30s, jitter: proportional, share: 0.2, reset_after: 10s, attempts: 8, initial: 5s}
retry_after: true
try_again_after: 2s
give_up_codes: [1008, 4000-4099]
give_up_statuses: 401
max_live: 1
overlap: 3s
resubscribe:
  - {json: {path: op, value: subscribe}}
resubscribe_within: 4s
continuity: {messages: {contains: seq}, number: "{$.seq}", repeats: true}
client_by: {query: id}
reports: {open: opened, close: closed, disconnect: bye}
waive: [R4-jitter, R28-nothing]
`

func wholePolicy() diagnosis.Policy {
	return diagnosis.Policy{
		Name: "chat", Client: diagnosis.NodeWS, Dialect: heartbeat.Text("hb", "ack"), Interval: 30 * sec, Tolerance: sec, Rearm: diagnosis.RearmReceived,
		AnswerTimeout: 10 * sec, IdleTimeout: 60 * sec, PongWithin: 5 * sec, ConnectTimeout: 10 * sec, CloseTimeout: 5 * sec,
		Backoff:    diagnosis.Exponential(sec, 1.5).UpTo(30 * sec).PlusMinus(0.2).ResetsAfter(10 * sec).GivesUpAfter(8).StartsWithin(5 * sec),
		RetryAfter: true, TryAgainAfter: 2 * sec, GiveUpCodes: []diagnosis.Range{{From: 1008, To: 1008}, {From: 4000, To: 4099}}, GiveUpStatuses: diagnosis.Codes(401),
		MaxLive: 1, Overlap: 3 * sec, Resubscribe: []frame.Match{frame.JSON("op", "subscribe")}, ResubscribeWithin: 4 * sec,
		Continuity: diagnosis.Continuity{Messages: frame.Contains("seq"), Number: "{$.seq}", Repeats: true},
		ClientBy:   diagnosis.ClientBy{Query: "id"}, Reports: diagnosis.ReportNames{Open: "opened", Close: "closed", Disconnect: "bye"},
		Waive: []diagnosis.RuleID{"R4-jitter", "R15-after-close"},
	}
}

func fromYAML(t interface{ Fatal(...any) }, doc string) any {
	var tree any
	if err := yaml.Unmarshal([]byte(doc), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestParsePolicy(t *testing.T) {
	doc := strings.Replace(document, "R28-nothing", "R15-after-close", 1)
	p, err := diagnosis.ParsePolicy(fromYAML(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	if want := wholePolicy(); !reflect.DeepEqual(p, want) {
		t.Errorf("got  %#v\nwant %#v", p, want)
	}
	if p, err = diagnosis.ParsePolicy(nil); err != nil || !reflect.DeepEqual(p, nothing) {
		t.Errorf("an empty document: %v, %v", p, err)
	}
	p, err = diagnosis.ParsePolicy(fromYAML(t, `{dialect: {name: own, by: client, beat: {match: {equals: hb}}}, client_by: process, backoff: {kind: steps, steps: [0, 2s]}}`))
	if err != nil || p.Dialect.Name != "own" || !p.ClientBy.Process || !reflect.DeepEqual(p.Backoff, diagnosis.Steps(0, 2*sec)) {
		t.Errorf("a dialect as data: %+v, %v", p, err)
	}
}

// A policy that is written and read back is the same policy.
func TestPolicyTreeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		if err := p.Validate(); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		tree, err := p.Tree()
		if err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		written, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON any
		if err := json.Unmarshal(written, &fromJSON); err != nil {
			t.Fatal(err)
		}
		for name, each := range map[string]any{"tree": tree, "JSON": fromJSON, "YAML": fromYAML(t, string(written))} {
			back, err := diagnosis.ParsePolicy(each)
			if err != nil {
				t.Fatalf("via %s, %s: %v", name, written, err)
			}
			if !reflect.DeepEqual(back, p) {
				t.Fatalf("via %s, %s:\n got %#v\nwant %#v", name, written, back, p)
			}
		}
	})
}

func drawTime(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, label))
}

func drawPolicy(t *rapid.T) diagnosis.Policy {
	text := rapid.StringMatching(`[ -~äß]{0,8}`)
	match := rapid.SampledFrom([]frame.Match{frame.Any, frame.Op(frame.OpText), frame.Contains("x"), frame.JSON("a.b[0]", 1.5), frame.Toward(frame.ToServer), frame.AllOf(frame.Op(frame.OpPing), frame.Not(frame.Size(1, 3)))})
	some := func(label string) bool { return rapid.Bool().Draw(t, label) }
	p := diagnosis.Policy{
		Name: text.Draw(t, "name"), Client: rapid.SampledFrom([]diagnosis.ClientKind{diagnosis.Chromium, diagnosis.NodeWS}).Draw(t, "client"),
		Tolerance: drawTime(t, "tolerance"), IdleTimeout: drawTime(t, "idle"), PongWithin: drawTime(t, "pong"), ConnectTimeout: drawTime(t, "connect"),
		CloseTimeout: drawTime(t, "close"), TryAgainAfter: drawTime(t, "again"), ResubscribeWithin: drawTime(t, "resubscribe"),
		Rearm:   rapid.SampledFrom([]diagnosis.Rearm{diagnosis.RearmNone, diagnosis.RearmReceived, diagnosis.RearmSent, diagnosis.RearmAny}).Draw(t, "rearm"),
		Backoff: drawBackoff(t),
		Reports: diagnosis.ReportNames{Open: text.Draw(t, "open"), Close: text.Draw(t, "close name"), Disconnect: text.Draw(t, "disconnect")},
	}
	if some("heartbeat") {
		p.Dialect = rapid.SampledFrom([]heartbeat.Dialect{heartbeat.Text("a", "b"), heartbeat.Phoenix(), heartbeat.MQTT(), heartbeat.GraphQLTransportWS()}).Draw(t, "dialect")
		if some("narrowed") {
			p.Dialect.By = heartbeat.Server // no longer the one of its name
		}
		p.Tolerance = min(p.Tolerance, time.Minute)
		p.Interval = time.Duration(rapid.Int64Range(int64(time.Minute)+1, int64(time.Hour)).Draw(t, "interval"))
		p.AnswerTimeout = drawTime(t, "answer")
	}
	if p.Browser = some("browser"); !p.Browser {
		p.RetryAfter = some("retry after")
		p.GiveUpStatuses = drawRanges(t, "statuses", 100, 599)
	}
	p.GiveUpCodes = drawRanges(t, "codes", 0, 4999)
	if some("one live") {
		p.MaxLive, p.Overlap = rapid.IntRange(1, 9).Draw(t, "live"), drawTime(t, "overlap")
	}
	for range rapid.IntRange(0, 2).Draw(t, "subscriptions") {
		p.Resubscribe = append(p.Resubscribe, match.Draw(t, "subscription"))
	}
	if some("continuity") {
		p.Continuity = diagnosis.Continuity{Messages: match.Draw(t, "messages"), Number: rapid.SampledFrom([]string{"{$.n}", "{/n=([0-9]+)/}", "{@0:4}"}).Draw(t, "number"), Repeats: some("repeats")}
	}
	switch rapid.IntRange(0, 3).Draw(t, "by") {
	case 1:
		p.ClientBy.Process = true
	case 2:
		p.ClientBy.Query = "q" + text.Draw(t, "query")
	case 3:
		p.ClientBy.Header = "h" + text.Draw(t, "header")
	}
	for range rapid.IntRange(0, 2).Draw(t, "waived") {
		p.Waive = append(p.Waive, rapid.SampledFrom(diagnosis.Rules()).Draw(t, "rule").ID)
	}
	return p
}

func drawRanges(t *rapid.T, label string, low, high int) []diagnosis.Range {
	var ranges []diagnosis.Range
	for range rapid.IntRange(0, 3).Draw(t, label) {
		from := rapid.IntRange(low, high).Draw(t, label)
		ranges = append(ranges, diagnosis.Range{From: from, To: rapid.IntRange(from, high).Draw(t, label)})
	}
	return ranges
}

func drawBackoff(t *rapid.T) diagnosis.Backoff {
	first := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "first"))
	most := first + drawTime(t, "max")
	factor := rapid.Float64Range(1, 10).Draw(t, "factor")
	b := rapid.SampledFrom([]diagnosis.Backoff{{}, diagnosis.Fixed(first), diagnosis.Linear(first, first), diagnosis.Exponential(first, factor).UpTo(most),
		diagnosis.Decorrelated(first, most), diagnosis.Steps(0, first)}).Draw(t, "model")
	if b.IsZero() {
		return b
	}
	if b.Kind != diagnosis.BackoffDecorrelated {
		switch rapid.IntRange(0, 3).Draw(t, "jitter") {
		case 1:
			b = b.WithJitter(diagnosis.FullJitter)
		case 2:
			b = b.WithJitter(diagnosis.EqualJitter)
		case 3:
			b = b.PlusMinus(rapid.Float64Range(0.01, 1).Draw(t, "share"))
		}
	}
	return b.ResetsAfter(drawTime(t, "reset")).GivesUpAfter(rapid.IntRange(0, 20).Draw(t, "attempts")).StartsWithin(drawTime(t, "initial"))
}

func TestPolicyTreeRefuses(t *testing.T) {
	mine := frame.Func("mine", func(frame.View) bool { return true })
	for want, p := range map[string]diagnosis.Policy{
		`resubscribe[1]: `:      {Name: "p", Resubscribe: []frame.Match{frame.Any, mine}},
		`resubscribe[0] is nil`: {Name: "p", Resubscribe: []frame.Match{nil}},
		`continuity.messages: `: {Name: "p", Continuity: diagnosis.Continuity{Messages: mine, Number: "{$}"}},
		`mine`:                  {Name: "p", Dialect: heartbeat.Dialect{Name: "own", By: heartbeat.Client, Beat: heartbeat.Form{Match: mine}}},
		`not UTF-8`:             {Name: "p", Reports: diagnosis.ReportNames{Open: "\xff"}},
	} {
		if _, err := p.Tree(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `policy "p" cannot be written to a file: `) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if tree, err := nothing.Tree(); err != nil || len(tree.(map[string]any)) != 0 {
		t.Errorf("what promises nothing is written as %v, %v", tree, err)
	}
}

func TestDerivedTimes(t *testing.T) {
	p := wholePolicy()
	for name, got := range map[string][2]time.Duration{
		"DetectWithin":       {p.DetectWithin(), 40 * sec},
		"ReconnectWithin(1)": {p.ReconnectWithin(1), 5 * sec},
		"ReconnectWithin(2)": {p.ReconnectWithin(2), 6200 * ms},
		"ReconnectWithin(9)": {p.ReconnectWithin(9), 0},
		"RecoverWithin":      {p.RecoverWithin(), 55 * sec},
		"nothing detected":   {nothing.DetectWithin(), 0},
		"nothing recovered":  {nothing.RecoverWithin(), 0},
		"nobody comes":       {nothing.ReconnectWithin(1), 0},
		"leeway":             {p.Leeway().Late, sec},
		"usual leeway":       {nothing.Leeway().Early, 250 * ms},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is %v, want %v", name, got[0], got[1])
		}
	}
	if !p.Beats() || nothing.Beats() || !p.GivesUpOnCode(4050) || p.GivesUpOnCode(4100) || !p.GivesUpOnStatus(401) || p.GivesUpOnStatus(403) {
		t.Error("Beats, GivesUpOnCode or GivesUpOnStatus is wrong")
	}
}
