package diagnosis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestCauses(t *testing.T) {
	for _, tt := range histories() {
		t.Run(tt.name, func(t *testing.T) {
			r := diagnosis.Diagnose(tt.events, 1)
			if r.Cause.ID != tt.id || r.EndedBy != tt.by || r.How != tt.how || r.Cause.Confidence != tt.sure {
				t.Errorf("got %s by %s, %s, %s; want %s by %s, %s, %s\n%s",
					r.Cause.ID, r.EndedBy, r.How, r.Cause.Confidence, tt.id, tt.by, tt.how, tt.sure, r)
			}
			for _, want := range tt.text {
				if !strings.Contains(r.Cause.Text, want) {
					t.Errorf("the text does not say %q:\n%s", want, r)
				}
			}
			if !strings.Contains(r.Cause.Advice, tt.advice) {
				t.Errorf("the advice does not say %q:\n%s", tt.advice, r)
			}
		})
	}
}

func TestEveryCauseIsListedAndReached(t *testing.T) {
	reached := map[diagnosis.ID]bool{}
	for _, tt := range histories() {
		reached[tt.id] = true
	}
	listed := map[diagnosis.ID]bool{}
	for _, c := range diagnosis.Causes() {
		if listed[c.ID] {
			t.Errorf("%s is listed twice", c.ID)
		}
		listed[c.ID] = true
		if !reached[c.ID] {
			t.Errorf("no history leads to %s", c.ID)
		}
		if c.Meaning == "" {
			t.Errorf("%s has no meaning", c.ID)
		}
	}
	for id := range reached {
		if !listed[id] {
			t.Errorf("%s is not in Causes", id)
		}
	}
}

// Every code of the registry, sent by a server, is named with what it usually means.
func TestEveryCodeOfTheRegistry(t *testing.T) {
	ids := map[frame.CloseCode]diagnosis.ID{
		1001: diagnosis.IDRestart, 1002: diagnosis.IDProtocolError, 1005: diagnosis.IDProtocolError, 1006: diagnosis.IDProtocolError,
		1007: diagnosis.IDBadUTF8, 1008: diagnosis.IDPolicy, 1009: diagnosis.IDTooBig, 1012: diagnosis.IDRestart,
		1015: diagnosis.IDProtocolError, 3000: diagnosis.IDPolicy, 3003: diagnosis.IDPolicy,
	}
	for _, entry := range frame.Registry() {
		for _, code := range []frame.CloseCode{entry.From, entry.To} {
			want, special := ids[code]
			if !special {
				want = diagnosis.IDCloseByServer
			}
			r := diagnosis.Diagnose(live(join([]step{at(1234*ms, serverCloses(code, ""))}, finAfter(1234*ms))...), 1)
			if r.Cause.ID != want {
				t.Errorf("%d: %s, want %s", code, r.Cause, want)
			}
			if want == diagnosis.IDProtocolError || want == diagnosis.IDBadUTF8 {
				continue // these say which rule was broken, and by whom
			}
			for _, say := range []string{fmt.Sprint(code), entry.Name, entry.Meaning} {
				if !strings.Contains(r.Cause.Text, say) {
					t.Errorf("%d: the text does not say %q: %s", code, say, r.Cause)
				}
			}
			if r.Cause.Advice != entry.LookAt {
				t.Errorf("%d: advice %q, want %q", code, r.Cause.Advice, entry.LookAt)
			}
		}
	}
}

// anonymous removes everything that a recording of the field would not have.
func anonymous(events diagnosis.Events) diagnosis.Events {
	var kept diagnosis.Events
	for _, ev := range events {
		switch ev.Kind {
		case timeline.KindFault, timeline.KindNotApplied, timeline.KindSilence, timeline.KindHeal, timeline.KindRule:
			continue
		}
		ev.Rule = ""
		kept = append(kept, ev)
	}
	return kept
}

func TestRulesDoNotLeakIntoTheDiagnosis(t *testing.T) {
	for _, tt := range histories() {
		marked := slices.Clone(tt.events)
		for i := range marked {
			marked[i].Rule = "a-rule"
		}
		if n := len(marked); n > 1 {
			fault := timeline.Event{Seq: n, At: marked[n-1].At, Conn: 1, Kind: timeline.KindFault, Rule: "a-rule", Fields: fields("does", "idle timeout")}
			marked = slices.Insert(marked, n-1, fault)
		}
		a, b := diagnosis.Diagnose(marked, 1), diagnosis.Diagnose(anonymous(marked), 1)
		if len(marked) > 0 && a.Deliberate == "" {
			t.Errorf("%s: Deliberate is empty although a rule did everything", tt.name)
		}
		a.Deliberate = ""
		if got, want := a.String(), b.String(); got != want {
			t.Errorf("%s: with rule names\n%s\nwithout\n%s", tt.name, got, want)
		}
	}
}

func TestEvidence(t *testing.T) {
	for _, tt := range histories() {
		r := diagnosis.Diagnose(tt.events, 1)
		if len(tt.events) > 0 && len(r.Cause.Evidence) == 0 {
			t.Errorf("%s: no evidence for %s", tt.name, r.Cause)
		}
		last := time.Duration(-1)
		for _, ev := range r.Cause.Evidence {
			if ev.At < last {
				t.Errorf("%s: evidence is not in order", tt.name)
			}
			last = ev.At
			if !slices.ContainsFunc(tt.events, func(e timeline.Event) bool { return e.Seq == ev.Seq }) {
				t.Errorf("%s: evidence %d is not in the recording", tt.name, ev.Seq)
			}
		}
	}
}
