package diagnosis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Validate reports everything that makes the policy impossible, or nil. A promise that
// is unwise is possible: [Findings] says so.
func (p Policy) Validate() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf("policy: "+format, args...)) }
	p.validateTimes(complain)
	p.validateHeartbeat(complain)
	if err := p.Backoff.Validate(); err != nil {
		errs = append(errs, err)
	}
	p.validateReconnecting(complain)
	p.validateMessages(complain)
	if p.Client > NodeWS {
		complain("client is %d: use Chromium or NodeWS", p.Client)
	}
	if set := p.ClientBy; btoi(set.Query != "")+btoi(set.Header != "")+btoi(set.Process) > 1 {
		complain("client by: tell clients apart in one way only, by query, header or process")
	}
	for _, id := range p.Waive {
		if _, ok := ruleInfo(id); !ok {
			hint := "see Rules"
			if s := schema.Suggest(string(id), ruleNames()); s != "" {
				hint = fmt.Sprintf("did you mean %q?", s)
			}
			complain("waive: unknown rule %q: %s", id, hint)
		}
	}
	return errors.Join(errs...)
}

func (p Policy) validateTimes(complain func(string, ...any)) {
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"interval", p.Interval}, {"tolerance", p.Tolerance}, {"answer timeout", p.AnswerTimeout}, {"idle timeout", p.IdleTimeout},
		{"pong within", p.PongWithin}, {"connect timeout", p.ConnectTimeout}, {"close timeout", p.CloseTimeout},
		{"try again after", p.TryAgainAfter}, {"overlap", p.Overlap}, {"resubscribe within", p.ResubscribeWithin},
	} {
		if d.d < 0 {
			complain("%s is %v: it cannot be negative", d.name, d.d)
		}
	}
}

func (p Policy) validateHeartbeat(complain func(string, ...any)) {
	none := p.Dialect.Name == "" && p.Dialect.By == 0 && p.Dialect.Beat.Match == nil
	if !none {
		if err := p.Dialect.Validate(); err != nil {
			complain("%w", err)
		}
	}
	if none && p.Interval > 0 {
		complain("interval is %v, but there is no dialect: say what a beat is, such as heartbeat.Protocol()", p.Interval)
	}
	if p.AnswerTimeout > 0 && p.Interval == 0 {
		complain("answer timeout is %v, but there is no interval at which beats are due", p.AnswerTimeout)
	}
	if p.Rearm > RearmAny {
		complain("rearm is %v: use one of %s", p.Rearm, listed(rearmNames))
	}
	if p.Browser && p.Dialect.Name == heartbeat.Protocol().Name && p.Dialect.By&heartbeat.Client != 0 {
		complain("a page in a browser cannot send protocol pings: use a dialect of messages, or narrow its By to Server")
	}
}

func (p Policy) validateReconnecting(complain func(string, ...any)) {
	for _, list := range []struct {
		name     string
		ranges   []Range
		low, top int
	}{{"give-up codes", p.GiveUpCodes, 0, 4999}, {"give-up statuses", p.GiveUpStatuses, 100, 599}} {
		for _, r := range list.ranges {
			if r.From < list.low || r.To > list.top || r.From > r.To {
				complain("%s: %s is no range from %d to %d", list.name, r, list.low, list.top)
			}
		}
	}
	if p.Browser && (len(p.GiveUpStatuses) > 0 || p.RetryAfter) {
		complain("a page in a browser cannot see statuses and headers of a refusal: leave give-up statuses and Retry-After out")
	}
	if p.MaxLive < 0 {
		complain("max live is %d: count from 1, or leave it 0 to promise nothing", p.MaxLive)
	}
	if p.Overlap > 0 && p.MaxLive == 0 {
		complain("overlap is %v, but max live does not say how many connections may be live otherwise", p.Overlap)
	}
}

func (p Policy) validateMessages(complain func(string, ...any)) {
	for i, m := range p.Resubscribe {
		if m == nil {
			complain("resubscribe[%d] is nil: say which frame is sent", i)
		}
	}
	c := p.Continuity
	switch {
	case c.Messages == nil && c.Number == "":
		if c.Repeats {
			complain("continuity: repeats needs messages and their number")
		}
		return
	case c.Messages == nil:
		complain("continuity: say which messages are numbered")
	case !strings.HasPrefix(c.Number, "{") || !strings.HasSuffix(c.Number, "}"):
		complain("continuity: number is %q: say where it stands, such as {$.seq} or {/seq=([0-9]+)/}", c.Number)
	}
	if err := c.template().Validate(); err != nil {
		complain("continuity: number: %w", err)
	}
}

// template finds the number of a message.
func (c Continuity) template() heartbeat.Template {
	return heartbeat.Template{Op: frame.OpText, Payload: c.Number}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rearmNames are the names of what re-arms a beat, as String and policy files write
// them.
var rearmNames = []string{"none", "received", "sent", "any"}

// String returns "none", "received", "sent" or "any".
func (r Rearm) String() string { return name(rearmNames, uint8(r), "rearm") }

// String returns "4001" or "4000-4099".
func (r Range) String() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// ruleInfo returns what is known of a rule.
func ruleInfo(id RuleID) (RuleInfo, bool) {
	i := slices.IndexFunc(rulebook, func(r RuleInfo) bool { return r.ID == id })
	if i < 0 {
		return RuleInfo{}, false
	}
	return rulebook[i], true
}

// ruleNames are the IDs of all rules.
func ruleNames() []string {
	names := make([]string, len(rulebook))
	for i, r := range rulebook {
		names[i] = string(r.ID)
	}
	return names
}
