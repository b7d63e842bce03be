package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Everything that is wrong is said at once, with its place.
func TestParsePolicySaysWhatIsWrong(t *testing.T) {
	cases := map[string][]string{
		document:           {`waive[1]: unknown value "R28-nothing"`},
		`{intervall: 30s}`: {`intervall: unknown key "intervall"; did you mean "interval"?`},
		`{interval: 30, tolerance: -1s, rearm: always}`: {`interval: 30 needs a unit`, `tolerance: want a duration of zero or more`, `rearm: unknown value "always"; known: none, received, sent, any`},
		`{dialect: morse}`:                             {`dialect: unknown dialect "morse"`},
		`{backoff: {first: 1s}}`:                       {`backoff.kind: missing, but required`},
		`{backoff: {kind: expo}}`:                      {`backoff.kind: unknown value "expo"`},
		`{backoff: {kind: exponential}}`:               {`backoff.first: exponential delays need one to grow from`},
		`{backoff: {kind: fixed, share: 0.5}}`:         {`backoff.share: proportional jitter needs one`},
		`{backoff: {kind: steps, steps: 1s, max: 2s}}`: {`backoff.max: steps say all delays`},
		`{backoff: {kind: decorrelated, first: 1s}}`:   {`backoff.max: decorrelated delays need a max`},
		`{backoff: {kind: fixed, first: 9s, max: 1s}}`: {`backoff.max: max is 1s, below first, which is 9s`},
		`{backoff: {kind: none, first: 9s}}`:           {`backoff.kind: it has no kind, so the rest means nothing`},
		`{give_up_codes: [4000-, "x", 5000]}`:          {`give_up_codes[0]: want a number such as 4001 or a range`, `give_up_codes[1]: want`, `give_up_codes[2]: want a whole number from 0 to 4999, got 5000`},
		`{give_up_statuses: 99}`:                       {`give_up_statuses: 99 is no range from 100 to 599`},
		`{give_up_codes: [4000, 4099-4000]}`:           {`give_up_codes[1]: 4099-4000 is no range from 0 to 4999`},
		`{interval: 30s}`:                              {`interval: there is no dialect`},
		`{dialect: text, interval: 1s, tolerance: 1s}`: {`tolerance: it has to be less than the interval, 1s, or every time is right`},
		`{dialect: text, interval: 200ms}`:             {`tolerance: the usual one, 250ms, is not less than the interval, 200ms: say a smaller one`},
		`{waive: [R5, r16, r4-jiter, 5, X]}`: {`waive[0]: unknown value "R5"; did you mean "R5-one-live"?`, `waive[1]: unknown value "r16"; did you mean "R16-lost", "R16-repeated" or "R16-order"?`,
			`waive[2]: unknown value "r4-jiter"; did you mean "R4-jitter"? known: P1`, `waive[3]: want P1-masking`, `waive[4]: unknown value "X"; known: P1-masking`},
		`{client_by: {query: a, header: b}}`:            {`client_by: want exactly one of query or header`},
		`{client_by: remote}`:                           {`client_by: unknown value "remote"; known: process`},
		`{continuity: {number: "seq"}}`:                 {`continuity.messages: missing, but required`},
		`{continuity: {messages: {}, number: "seq"}}`:   {`continuity.number: say where it stands`},
		`{continuity: {messages: {}, number: "{$.[}"}}`: {`continuity.number: placeholder {$.[}`},
		`{resubscribe: [{op: pingg}]}`:                  {`did you mean "ping"?`},
		`{browser: true, dialect: protocol}`:            {`dialect: a page in a browser cannot send protocol pings`},
		`{browser: true, retry_after: true}`:            {`retry_after: a page in a browser cannot see`},
		`{browser: true, give_up_statuses: 401}`:        {`give_up_statuses: a page in a browser cannot see`},
		`{overlap: 1s}`:                                 {`overlap: max_live does not say`},
		`{answer_timeout: 1s}`:                          {`answer_timeout: there is no interval`},
		`[]`:                                            {`want a map, got a list`},
	}
	for doc, want := range cases {
		_, err := diagnosis.ParsePolicy(fromYAML(t, doc))
		if err == nil {
			t.Errorf("%s: accepted", doc)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s:\n got %v\nwant %s", doc, err, part)
			}
		}
	}
}

// One mistake is one problem.
func TestParsePolicySaysItOnce(t *testing.T) {
	for doc, want := range map[string]string{
		`{backoff: exponential}`: `backoff: want a map, got the text "exponential"`,
		`{continuity: seq}`:      `continuity: want a map, got the text "seq"`,
		`{reports: 5}`:           `reports: want a map, got the number 5`,
	} {
		if _, err := diagnosis.ParsePolicy(fromYAML(t, doc)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", doc, err, want)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	if err := nothing.Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := wholePolicy().Validate(); err != nil {
		t.Error(err)
	}
	bad := diagnosis.Policy{Interval: -1, Waive: []diagnosis.RuleID{"R4-jiter"}, ClientBy: diagnosis.ClientBy{Query: "a", Process: true}, Client: 9, Rearm: 9, MaxLive: -1,
		Resubscribe: []frame.Match{nil}, GiveUpCodes: []diagnosis.Range{{From: 5, To: 4}}, Continuity: diagnosis.Continuity{Number: "{$.a}"}}
	bad.Dialect.Name = "own"
	if err := (diagnosis.Policy{Dialect: heartbeat.Protocol(), Interval: sec, Tolerance: sec}).Validate(); err == nil || err.Error() != "policy: tolerance is 1s: it has to be less than the interval, 1s, or every time is right" {
		t.Errorf("a tolerance as long as the interval: %v", err)
	}
	if err := (diagnosis.Policy{Waive: []diagnosis.RuleID{"R5"}}).Validate(); err == nil || err.Error() != `policy: waive: unknown rule "R5": did you mean "R5-one-live"?` {
		t.Errorf("half a name: %v", err)
	}
	err := bad.Validate()
	for _, want := range []string{`dialect "own": beat has no match`, "interval is -1ns: it cannot be negative", `unknown rule "R4-jiter": did you mean "R4-jitter"?`, "in one way only", "client is 9",
		"rearm is rearm(9)", "max live is -1: count from 1", "resubscribe[0] is nil", "5-4 is no range from 0 to 4999", "say which messages are numbered"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing: %v", want, err)
		}
	}
}
