package diagnosis

import (
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Tree returns the policy as a tree of map[string]any, []any, string, bool and
// numbers, the same for YAML and JSON; what promises nothing is left out.
// [ParsePolicy] reads it back. Matches that are Go functions cannot be written; the
// error says which.
func (p Policy) Tree() (any, error) {
	t := &policyTree{m: map[string]any{}}
	t.text("name", p.Name)
	t.flag("browser", p.Browser)
	if p.Client != Chromium {
		t.m["client"] = p.Client.String()
	}
	t.dialect(p.Dialect)
	for key, d := range map[string]time.Duration{
		"interval": p.Interval, "tolerance": p.Tolerance, "answer_timeout": p.AnswerTimeout, "idle_timeout": p.IdleTimeout,
		"pong_within": p.PongWithin, "connect_timeout": p.ConnectTimeout, "close_timeout": p.CloseTimeout,
		"try_again_after": p.TryAgainAfter, "overlap": p.Overlap, "resubscribe_within": p.ResubscribeWithin,
	} {
		t.time(key, d)
	}
	if p.Rearm != RearmNone {
		t.m["rearm"] = p.Rearm.String()
	}
	if backoff := p.Backoff.tree(); len(backoff) > 0 {
		t.m["backoff"] = backoff
	}
	t.flag("retry_after", p.RetryAfter)
	t.ranges("give_up_codes", p.GiveUpCodes)
	t.ranges("give_up_statuses", p.GiveUpStatuses)
	if p.MaxLive != 0 {
		t.m["max_live"] = p.MaxLive
	}
	t.messages(p)
	switch by := p.ClientBy; {
	case by.Process:
		t.m["client_by"] = "process"
	case by.Query != "":
		t.m["client_by"] = map[string]any{"query": by.Query}
	case by.Header != "":
		t.m["client_by"] = map[string]any{"header": by.Header}
	}
	t.nested("reports", func(r *policyTree) {
		r.text("open", p.Reports.Open)
		r.text("close", p.Reports.Close)
		r.text("disconnect", p.Reports.Disconnect)
	})
	if len(p.Waive) > 0 {
		var waive []any
		for _, id := range p.Waive {
			waive = append(waive, string(id))
		}
		t.m["waive"] = waive
	}
	if err := errors.Join(t.errs...); err != nil {
		return nil, fmt.Errorf("policy %q cannot be written to a file: %w", p.Name, err)
	}
	return t.m, nil
}

// policyTree is a map to be written; empty values are left out.
type policyTree struct {
	m    map[string]any
	errs []error
}

func (t *policyTree) text(key, value string) {
	switch {
	case value == "":
		return
	case !utf8.ValidString(value):
		t.errs = append(t.errs, fmt.Errorf("%s: the text %q is not UTF-8", key, value))
	}
	t.m[key] = value
}

func (t *policyTree) flag(key string, set bool) {
	if set {
		t.m[key] = true
	}
}

func (t *policyTree) time(key string, d time.Duration) {
	if d != 0 {
		t.m[key] = d.String()
	}
}

func (t *policyTree) ranges(key string, ranges []Range) {
	var list []any
	for _, r := range ranges {
		if r.From == r.To {
			list = append(list, r.From)
		} else {
			list = append(list, r.String())
		}
	}
	if list != nil {
		t.m[key] = list
	}
}

func (t *policyTree) nested(key string, fill func(*policyTree)) {
	inner := &policyTree{m: map[string]any{}}
	fill(inner)
	t.errs = append(t.errs, inner.errs...)
	if len(inner.m) > 0 {
		t.m[key] = inner.m
	}
}

// match writes a match; nil where it cannot be written.
func (t *policyTree) match(where string, m frame.Match) any {
	if m == nil {
		t.errs = append(t.errs, fmt.Errorf("%s is nil", where))
		return nil
	}
	written, err := frame.EncodeMatch(m)
	if err != nil {
		t.errs = append(t.errs, fmt.Errorf("%s: %w", where, err))
	}
	return written
}

// dialect writes a dialect by its name, if it is the one of that name.
func (t *policyTree) dialect(d heartbeat.Dialect) {
	if reflect.ValueOf(d).IsZero() {
		return
	}
	if named, err := heartbeat.Parse(d.Name); err == nil && reflect.DeepEqual(named, d) {
		t.m["dialect"] = d.Name
		return
	}
	written, err := heartbeat.Encode(d)
	if err != nil {
		t.errs = append(t.errs, err)
	}
	t.m["dialect"] = written
}

func (t *policyTree) messages(p Policy) {
	var list []any
	for i, m := range p.Resubscribe {
		list = append(list, t.match(fmt.Sprintf("resubscribe[%d]", i), m))
	}
	if list != nil {
		t.m["resubscribe"] = list
	}
	if c := p.Continuity; c.Messages != nil {
		t.nested("continuity", func(inner *policyTree) {
			inner.m["messages"] = inner.match("continuity.messages", c.Messages)
			inner.text("number", c.Number)
			inner.flag("repeats", c.Repeats)
		})
	}
}

func (b Backoff) tree() map[string]any {
	t := &policyTree{m: map[string]any{}}
	if b.Kind != BackoffNone {
		t.m["kind"] = b.Kind.String()
	}
	t.time("first", b.First)
	t.time("step", b.Step)
	t.time("max", b.Max)
	t.time("reset_after", b.ResetAfter)
	t.time("initial", b.Initial)
	for key, f := range map[string]float64{"factor": b.Factor, "share": b.Share} {
		if f != 0 {
			t.m[key] = f
		}
	}
	if b.Jitter != NoJitter {
		t.m["jitter"] = b.Jitter.String()
	}
	if b.Attempts != 0 {
		t.m["attempts"] = b.Attempts
	}
	var steps []any
	for _, d := range b.Steps {
		steps = append(steps, d.String())
	}
	if steps != nil {
		t.m["steps"] = steps
	}
	return t.m
}
