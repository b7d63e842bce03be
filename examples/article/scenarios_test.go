package article_test

import (
	"fmt"
	"net/url"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// scenario is what happens to a page, and what the page must do.
type scenario struct {
	name   string
	path   string // at the server, below /socket/
	own    bool   // each page has a path of its own there
	nginx  behind
	timing timing
	rules  []faultproxy.Rule
	check  func(*play)
	// broken is the rule that the findings must name, by page; of the others in judged
	// they must name none.
	broken map[string]diagnosis.RuleID
}

// behind says what is behind nginx.
type behind int

const (
	serverUp   behind = iota
	patient           // the server, and nginx has its default idle timeout, 60 s
	serverDown        // nothing: nginx answers 502
	noUpgrade         // the server, but the header Upgrade does not pass nginx
)

// timing are the parameters of both pages, and the last two of the corrected one alone.
type timing struct{ beat, answer, retry, connect, most time.Duration }

// fifth is a fifth of the article's times.
var fifth = timing{beat: 600 * ms, answer: 600 * ms, retry: 400 * ms, connect: 2000 * ms, most: 6000 * ms}

// defaults are the times of the pages without parameters: the article's.
var defaults = timing{beat: 3 * time.Second, answer: 3 * time.Second, retry: 2 * time.Second, connect: 10 * time.Second, most: 30 * time.Second}

const (
	ms = time.Millisecond
	// nginxIdle is nginx's proxy_read_timeout, 60 s by default.
	nginxIdle    = 2 * time.Second
	browserLimit = 3 * time.Minute
)

func (t timing) query() url.Values {
	q := url.Values{}
	if t == defaults {
		return q
	}
	for name, d := range map[string]time.Duration{"beat": t.beat, "answer": t.answer, "retry": t.retry, "connect": t.connect, "most": t.most} {
		q.Set(name, fmt.Sprint(d.Milliseconds()))
	}
	return q
}

var beats = heartbeat.Text("ping", "pong")

// policy is what a page like these should promise.
func (sc scenario) policy() diagnosis.Policy {
	t := sc.timing
	p := diagnosis.Policy{
		Name: "a page with a heartbeat", Browser: true,
		Dialect: beats, Interval: t.beat, AnswerTimeout: t.answer, Rearm: diagnosis.RearmReceived, IdleTimeout: nginxIdle,
		ConnectTimeout: t.connect, CloseTimeout: 1500 * ms, MaxLive: 1,
		Backoff: diagnosis.Exponential(t.retry, 2).UpTo(t.most).PlusMinus(0.5).ResetsAfter(t.beat),
	}
	if sc.nginx == patient {
		p.IdleTimeout = time.Minute
	}
	if sc.nginx == serverDown {
		// Chance is only judged where delays are long beside what may disturb them.
		p.Browser, p.Tolerance = false, 20*ms
	}
	return p
}

// judged are the rules that both pages are held to.
var judged = []diagnosis.RuleID{
	diagnosis.RuleMasking, diagnosis.RuleFraming, diagnosis.RuleUTF8, diagnosis.RuleIdleTimeout,
	diagnosis.RuleOneLive, diagnosis.RuleOneHeartbeat, diagnosis.RuleHandshakeTimeout, diagnosis.RuleCloseTimeout, diagnosis.RuleOneAttempt,
	diagnosis.RuleRetry, diagnosis.RuleAfterClose, diagnosis.RuleAlive, diagnosis.RuleRestart, diagnosis.RuleCloseAnswered, diagnosis.RuleCloseCodes,
}

// long takes as many delays as show whether there is chance in them.
var long = []scenario{{
	name: "down", nginx: serverDown, timing: timing{beat: 600 * ms, answer: 600 * ms, retry: 1000 * ms, connect: 2000 * ms, most: 1000 * ms}, check: down,
}}

var waves = [][]scenario{
	{
		{name: "beats", timing: fifth, check: staysOpen},
		{name: "data", path: "data", timing: fifth, check: staysOpenWithoutBeats},
		{
			name: "quiet", timing: timing{beat: time.Minute, answer: 600 * ms, retry: 400 * ms, connect: 2000 * ms, most: 6000 * ms}, check: cutByNginx,
			broken: map[string]diagnosis.RuleID{article: diagnosis.RuleIdleTimeout, corrected: diagnosis.RuleIdleTimeout},
		},
		{name: "FIN", timing: fifth, rules: first(700*ms, faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}), check: lost},
		{name: "RST", timing: fifth, rules: first(700*ms, faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FullClose}), check: lost},
		{name: "again", timing: fifth, rules: []faultproxy.Rule{{Name: "fault", On: faultproxy.Elapsed(700 * ms), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}}}, check: lostAgain},
		{name: "down for long", nginx: serverDown, timing: timing{beat: 600 * ms, answer: 600 * ms, retry: 200 * ms, connect: 2000 * ms, most: 800 * ms}, check: downForLong},
		{name: "restart", timing: fifth, rules: first(700*ms, faultproxy.CloseWith(1012, "restart")), check: restarted},
		{name: "no Upgrade", nginx: noUpgrade, timing: fifth, check: notUpgraded},
		{name: "defaults", nginx: patient, timing: defaults, rules: lostPongs(), check: pongsLost},
	},
	{
		{name: "pongs lost", timing: fifth, rules: lostPongs(), check: pongsLost},
		{
			name: "silence", timing: fifth, rules: first(200*ms, faultproxy.Silence{}), check: silence,
			broken: map[string]diagnosis.RuleID{article: diagnosis.RuleCloseTimeout},
		},
		{
			name: "stale beat", timing: fifth, check: staleBeat,
			rules: append(first(100*ms, faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}), slowSecond(1000*ms)),
		},
		{
			name: "stale deadline", timing: fifth, check: staleDeadline,
			rules: append(first(500*ms, faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}), slowSecond(1000*ms)),
		},
		{
			name: "hang", timing: timing{beat: 600 * ms, answer: 600 * ms, retry: 400 * ms, connect: 600 * ms, most: 6000 * ms}, check: hang,
			rules:  []faultproxy.Rule{{Name: "hang", On: faultproxy.Requested, Conns: faultproxy.Nth(1), Do: faultproxy.Hang{}}},
			broken: map[string]diagnosis.RuleID{article: diagnosis.RuleHandshakeTimeout},
		},
	},
	{
		{name: "codes", path: "codes", own: true, timing: timing{beat: 600 * ms, answer: 600 * ms, retry: 20 * ms, connect: 2000 * ms, most: 20 * ms}, check: codes},
	},
}

// first is a fault of the first connection, so long after it opened.
func first(after time.Duration, do faultproxy.Fault) []faultproxy.Rule {
	return []faultproxy.Rule{{Name: "fault", On: faultproxy.Elapsed(after), Conns: faultproxy.Nth(1), Do: do}}
}

func lostPongs() []faultproxy.Rule {
	r := faultproxy.DropPongs(beats)
	r.Conns = faultproxy.Nth(1)
	return []faultproxy.Rule{r}
}

// slowSecond makes the second handshake slow, so that what is left of the first
// connection meets it.
func slowSecond(by time.Duration) faultproxy.Rule {
	return faultproxy.Rule{Name: "slow handshake", On: faultproxy.Requested, Conns: faultproxy.Nth(2), Do: faultproxy.Delay{By: by}}
}
