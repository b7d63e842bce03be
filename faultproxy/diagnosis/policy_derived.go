package diagnosis

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// What the zero value of a field stands for, where that is a number.
const (
	defaultTolerance   = 250 * time.Millisecond
	defaultPongWithin  = 10 * time.Second
	defaultResubscribe = 5 * time.Second
)

// Leeway is by how much times may miss what the policy promises.
func (p Policy) Leeway() Leeway {
	return Leeway{Early: p.tolerance(), Late: p.tolerance(), Browser: p.Browser}
}

func (p Policy) tolerance() time.Duration {
	if p.Tolerance > 0 {
		return p.Tolerance
	}
	return defaultTolerance
}

func (p Policy) pongWithin() time.Duration {
	if p.PongWithin > 0 {
		return p.PongWithin
	}
	return defaultPongWithin
}

func (p Policy) resubscribeWithin() time.Duration {
	if p.ResubscribeWithin > 0 {
		return p.ResubscribeWithin
	}
	return defaultResubscribe
}

// Beats reports whether the client promises to beat itself.
func (p Policy) Beats() bool {
	return p.Interval > 0 && p.Dialect.Beat.Match != nil && p.Dialect.By&heartbeat.Client != 0
}

// DetectWithin is how soon after the last byte it received the client ends a
// connection on which nothing comes any more: Interval and AnswerTimeout. 0: it does
// not promise to.
func (p Policy) DetectWithin() time.Duration {
	if p.Interval <= 0 || p.AnswerTimeout <= 0 {
		return 0
	}
	return sum(p.Interval, p.AnswerTimeout)
}

// ReconnectWithin is how soon after a stable connection ended the client makes its
// n-th attempt at the latest, counted from 1, if those before fail at once. It does not
// count what the servers ask for or a browser adds. 0: it does not promise to.
func (p Policy) ReconnectWithin(n int) time.Duration {
	if p.Backoff.IsZero() || n < 1 || p.Backoff.Attempts > 0 && n > p.Backoff.Attempts {
		return 0
	}
	total, previous := time.Duration(0), time.Duration(0)
	for i := 1; i <= n; i++ {
		_, previous = p.Backoff.Window(i, previous)
		total = sum(total, previous)
	}
	return total
}

// RecoverWithin is how soon after the last byte it received the client has a new
// connection at the latest, if its first attempt succeeds: detection, the first delay
// and the handshake. 0: it does not promise all three.
func (p Policy) RecoverWithin() time.Duration {
	if p.DetectWithin() == 0 || p.Backoff.IsZero() || p.ConnectTimeout <= 0 {
		return 0
	}
	return sum(sum(p.DetectWithin(), p.ReconnectWithin(1)), p.ConnectTimeout)
}

// has reports whether a number is in one of the ranges.
func has(ranges []Range, n int) bool {
	return slices.ContainsFunc(ranges, func(r Range) bool { return r.From <= n && n <= r.To })
}

// GivesUpOnCode reports whether the client promises not to connect again after a close
// code, GivesUpOnStatus after an HTTP status.
func (p Policy) GivesUpOnCode(code int) bool { return has(p.GiveUpCodes, code) }

// GivesUpOnStatus reports whether the client promises not to connect again after an
// HTTP status.
func (p Policy) GivesUpOnStatus(status int) bool { return has(p.GiveUpStatuses, status) }

// Binds reports whether breaking a rule is [Broken] for a client of this policy: the rule
// is hard, or promised, and not waived.
func (p Policy) Binds(id RuleID) bool {
	hard := slices.ContainsFunc(rulebook, func(info RuleInfo) bool { return info.ID == id && info.Hard })
	return (hard || p.promised(id)) && !p.waives(id)
}

// Promises reports whether the policy promises a rule, which hard rules need not be, and
// does not waive it.
func (p Policy) Promises(id RuleID) bool { return p.promised(id) && !p.waives(id) }

// waives reports whether the policy does without a rule.
func (p Policy) waives(id RuleID) bool { return slices.Contains(p.Waive, id) }
