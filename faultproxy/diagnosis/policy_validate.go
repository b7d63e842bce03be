package diagnosis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	for _, each := range p.problems() {
		name := "policy: "
		if strings.HasPrefix(each.path, "backoff.") {
			name = ""
		}
		errs = append(errs, each.error(name))
	}
	return errors.Join(errs...)
}

// problem is one thing that makes a policy impossible.
type problem struct {
	path string // of the key in a file that is to be changed
	// subject names that field and its value in words, for those who have no path.
	subject string
	text    string
}

func (p problem) error(prefix string) error {
	if p.subject != "" {
		prefix += p.subject + ": "
	}
	return errors.New(prefix + p.text)
}

// problems collects what is wrong.
type problems []problem

func (list *problems) add(path, subject, format string, args ...any) {
	*list = append(*list, problem{path, subject, fmt.Sprintf(format, args...)})
}

// positive complains about durations that are negative.
func (list *problems) positive(path string, d time.Duration) {
	if d < 0 {
		name := strings.Replace(strings.ReplaceAll(path, "_", " "), ".", ": ", 1)
		list.add(path, fmt.Sprintf("%s is %v", name, d), "it cannot be negative")
	}
}

// problems are all that is wrong with the policy, in the order of its fields.
func (p Policy) problems() problems {
	var list problems
	p.checkTimes(&list)
	p.checkHeartbeat(&list)
	list = append(list, p.Backoff.problems()...)
	p.checkReconnecting(&list)
	p.checkMessages(&list)
	if p.Client > NodeWS {
		list.add("client", fmt.Sprintf("client is %d", p.Client), "use Chromium or NodeWS")
	}
	if set := p.ClientBy; btoi(set.Query != "")+btoi(set.Header != "")+btoi(set.Process) > 1 {
		list.add("client_by", "client by", "tell clients apart in one way only, by query, header or process")
	}
	for i, id := range p.Waive {
		if _, ok := ruleInfo(id); !ok {
			hint := meantRule(string(id))
			if hint == "" {
				hint = "see Rules"
			}
			list.add(fmt.Sprintf("waive[%d]", i), "waive", "unknown rule %q: %s", id, hint)
		}
	}
	return list
}

func (p Policy) checkTimes(list *problems) {
	list.positive("interval", p.Interval)
	list.positive("tolerance", p.Tolerance)
	list.positive("answer_timeout", p.AnswerTimeout)
	list.positive("idle_timeout", p.IdleTimeout)
	list.positive("pong_within", p.PongWithin)
	list.positive("connect_timeout", p.ConnectTimeout)
	list.positive("close_timeout", p.CloseTimeout)
	list.positive("try_again_after", p.TryAgainAfter)
	list.positive("overlap", p.Overlap)
	list.positive("resubscribe_within", p.ResubscribeWithin)
	switch {
	case p.Interval <= 0 || p.tolerance() < p.Interval:
	case p.Tolerance > 0:
		list.add("tolerance", fmt.Sprintf("tolerance is %v", p.Tolerance), "it has to be less than the interval, %v, or every time is right", p.Interval)
	default:
		list.add("tolerance", "tolerance is not set", "the usual one, %v, is not less than the interval, %v: say a smaller one", defaultTolerance, p.Interval)
	}
}

func (p Policy) checkHeartbeat(list *problems) {
	none := p.Dialect.Name == "" && p.Dialect.By == 0 && p.Dialect.Beat.Match == nil
	if !none {
		if err := p.Dialect.Validate(); err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				list.add("dialect", "", "%s", line)
			}
		}
	}
	if none && p.Interval > 0 {
		list.add("interval", fmt.Sprintf("interval is %v", p.Interval), "there is no dialect to say what a beat is, such as heartbeat.Protocol()")
	}
	if p.AnswerTimeout > 0 && p.Interval == 0 {
		list.add("answer_timeout", fmt.Sprintf("answer timeout is %v", p.AnswerTimeout), "there is no interval at which beats are due")
	}
	if p.Rearm > RearmAny {
		list.add("rearm", fmt.Sprintf("rearm is %v", p.Rearm), "use one of %s", listed(rearmNames))
	}
	if p.Browser && p.Dialect.Name == heartbeat.Protocol().Name && p.Dialect.By&heartbeat.Client != 0 {
		list.add("dialect", "", "a page in a browser cannot send protocol pings: use a dialect of messages, or narrow its By to Server")
	}
}

func (p Policy) checkReconnecting(list *problems) {
	for _, each := range []struct {
		key      string
		ranges   []Range
		low, top int
	}{{"give_up_codes", p.GiveUpCodes, 0, 4999}, {"give_up_statuses", p.GiveUpStatuses, 100, 599}} {
		for i, r := range each.ranges {
			if r.From < each.low || r.To > each.top || r.From > r.To {
				list.add(fmt.Sprintf("%s[%d]", each.key, i), strings.Replace(strings.ReplaceAll(each.key, "_", " "), "give up", "give-up", 1),
					"%s is no range from %d to %d", r, each.low, each.top)
			}
		}
	}
	if p.Browser && len(p.GiveUpStatuses) > 0 {
		list.add("give_up_statuses", "give-up statuses", "a page in a browser cannot see the status of a refusal: leave them out")
	}
	if p.Browser && p.RetryAfter {
		list.add("retry_after", "retry after", "a page in a browser cannot see the headers of a refusal: leave it out")
	}
	if p.MaxLive < 0 {
		list.add("max_live", fmt.Sprintf("max live is %d", p.MaxLive), "count from 1, or leave it 0 to promise nothing")
	}
	if p.Overlap > 0 && p.MaxLive == 0 {
		list.add("overlap", fmt.Sprintf("overlap is %v", p.Overlap), "max_live does not say how many connections may be live otherwise")
	}
}

func (p Policy) checkMessages(list *problems) {
	for i, m := range p.Resubscribe {
		if m == nil {
			list.add(fmt.Sprintf("resubscribe[%d]", i), "", "resubscribe[%d] is nil: say which frame is sent", i)
		}
	}
	c := p.Continuity
	switch {
	case c.Messages == nil && c.Number == "":
		if c.Repeats {
			list.add("continuity.repeats", "continuity", "repeats needs messages and their number")
		}
		return
	case c.Messages == nil:
		list.add("continuity.messages", "continuity", "say which messages are numbered")
	case !strings.HasPrefix(c.Number, "{") || !strings.HasSuffix(c.Number, "}"):
		list.add("continuity.number", fmt.Sprintf("continuity: number is %q", c.Number), "say where it stands, such as {$.seq} or {/seq=([0-9]+)/}")
	}
	if err := c.template().Validate(); err != nil {
		list.add("continuity.number", "continuity: number", "%s", err)
	}
}

// meantRule says `did you mean "R5-one-live"?` of a name that is no rule's, such as R5;
// empty if nobody can tell.
func meantRule(got string) string {
	var meant []string
	for _, known := range ruleNames() {
		if number, _, _ := strings.Cut(known, "-"); strings.EqualFold(number, got) {
			meant = append(meant, strconv.Quote(known))
		}
	}
	if s := schema.Suggest(got, ruleNames()); len(meant) == 0 && s != "" {
		meant = append(meant, strconv.Quote(s))
	}
	switch n := len(meant); n {
	case 0:
		return ""
	case 1:
		return "did you mean " + meant[0] + "?"
	default:
		return "did you mean " + strings.Join(meant[:n-1], ", ") + " or " + meant[n-1] + "?"
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
