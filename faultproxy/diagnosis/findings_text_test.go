package diagnosis_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// scene is a client that does one thing wrong, and where it shows.
type scene struct {
	name    string // of the specimen's mutant; empty for the correct client
	cfg     specimen.Config
	servers []fakeserver.Handler
	act     func(c *specimen.Client, until func(time.Duration)) // nil: 50 s pass
	promise func(p *diagnosis.Policy)                           // what the specimen promises besides; nil: nothing
	shows   string                                              // what the client does, if it is no mutant
}

// play returns what the server saw, and for how long it looked.
func (s scene) play(t *testing.T) (events diagnosis.Events, now time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(quiet{t}, s.servers...)
		cfg := s.cfg
		cfg.URL, cfg.Dial = srv.URL, srv.Network().DialContext
		cfg.Report = func(name string, fields ...timeline.Field) { srv.Timeline.Report(name, fields...) }
		if s.name != "" {
			specimen.Named(s.name).Apply(&cfg)
		}
		client := specimen.Start(cfg)
		defer client.Kill()
		until := func(at time.Duration) {
			time.Sleep(at - srv.Timeline.Now())
			synctest.Wait()
		}
		if s.act != nil {
			s.act(client, until)
		} else {
			until(50 * sec)
		}
		events, now = srv.Timeline.Events(), srv.Timeline.Now()
	})
	return events, now
}

// drawn is a recording that nobody had to play.
type drawn struct {
	shows  string
	policy diagnosis.Policy
	events diagnosis.Events
}

// told is everything that is found wrong, by rule.
type told map[diagnosis.RuleID]map[diagnosis.Verdict]bool

// tell writes what is found wrong with a client that made a promise, and with one that
// promised nothing.
func (seen told) tell(b *bytes.Buffer, shows string, src diagnosis.Source, p diagnosis.Policy) {
	fmt.Fprintf(b, "# %s\n", shows)
	said := map[string]bool{}
	for _, each := range []struct {
		title  string
		policy diagnosis.Policy
	}{{"", p}, {"if nothing is promised: ", nothing}} {
		for _, f := range diagnosis.Findings(src, each.policy) {
			if f.Verdict < warned {
				continue
			}
			line := fmt.Sprintf("%s\n  advice: %s\n  source: %s\n", f, f.Advice, f.Source)
			if said[line] {
				continue
			}
			said[line] = true
			if seen[f.Rule] == nil {
				seen[f.Rule] = map[diagnosis.Verdict]bool{}
			}
			seen[f.Rule][f.Verdict] = true
			b.WriteString(each.title + line)
		}
	}
	b.WriteString("\n")
}

// neverWarned are the rules that say nothing where nothing is promised: then there is
// nothing to compare with.
var neverWarned = map[diagnosis.RuleID]bool{
	diagnosis.RuleBeatsSent: true, diagnosis.RuleInterval: true, diagnosis.RuleUnderLoad: true, diagnosis.RuleOneHeartbeat: true, diagnosis.RuleRearmed: true,
	diagnosis.RuleAlive: true, diagnosis.RuleCap: true, diagnosis.RuleAttempts: true, diagnosis.RuleResubscribed: true,
	diagnosis.RuleLost: true, diagnosis.RuleRepeated: true, diagnosis.RuleOrder: true,
}

// What every rule says when it is broken, and when something is wrong that nobody
// promised, as clients that do one thing wrong are told.
func TestFindingsText(t *testing.T) {
	var b bytes.Buffer
	seen := told{}
	for _, s := range scenes() {
		p := s.cfg.Policy()
		if s.promise != nil {
			s.promise(&p)
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		events, now := s.play(t)
		shows := s.shows
		if s.name != "" {
			shows = s.name + " (" + specimen.Named(s.name).Breaks + ")"
		}
		seen.tell(&b, shows, diagnosis.AsOf(events, now), p)
	}
	for _, d := range drawings() {
		seen.tell(&b, d.shows, diagnosis.AsOf(d.events, d.events[len(d.events)-1].At), d.policy)
	}
	golden(t, "findings.txt", b.Bytes())
	for _, r := range diagnosis.Rules() {
		if !seen[r.ID][broken] {
			t.Errorf("%s is never shown broken", r.ID)
		}
		if warns := !r.Hard && !neverWarned[r.ID]; seen[r.ID][warned] != warns {
			t.Errorf("%s is shown warned: %t, want %t", r.ID, !warns, warns)
		}
	}
}

// scenes are those of the mutants. Each is judged by what the correct client promises.
func scenes() []scene {
	steady := specimen.Backoff{Jitter: specimen.Unjittered}
	ten := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
	pings := ten
	pings.Dialect = protocol()
	alive := pings
	alive.Rearm = specimen.Received
	silent := specimen.Config{Interval: -1, Backoff: steady}
	jittered := silent
	jittered.Backoff = specimen.Backoff{First: 20 * sec, Max: 40 * sec}
	capped := silent
	capped.Backoff.Max = 5 * sec
	subscribes := silent
	subscribes.Hello = []frame.Frame{frame.Text("subscribe")}

	well := fakeserver.Script(fakeserver.AnswerBeats(specimen.Config{}.WithDefaults().Dialect))
	then := func(first fakeserver.Handler) []fakeserver.Handler { return []fakeserver.Handler{first, well} }
	cut := func(end fakeserver.Step) []fakeserver.Handler {
		return then(fakeserver.Script(fakeserver.Pause(5*sec), end))
	}
	after5 := func(steps ...fakeserver.Step) []fakeserver.Handler {
		return then(fakeserver.Script(append([]fakeserver.Step{fakeserver.Pause(5 * sec)}, steps...)...))
	}
	pinging := after5(fakeserver.Send(frame.Ping([]byte("x"))))
	news := fakeserver.Script(fakeserver.AnswerBeats(ten.WithDefaults().Dialect), fakeserver.Every(7*sec, fakeserver.Send(frame.Text("news"))))
	refused := []fakeserver.Handler{fakeserver.RejectWith(500).Times(8), well}
	twoMinutes := func(_ *specimen.Client, until func(time.Duration)) { until(2 * time.Minute) }
	stopAt5 := func(c *specimen.Client, until func(time.Duration)) {
		until(5 * sec)
		c.Stop()
		until(20 * sec)
	}
	chatting := func(c *specimen.Client, until func(time.Duration)) {
		for at := 4 * sec; at <= time.Minute; at += 4 * sec {
			until(at)
			c.Send("data")
		}
	}
	pong := func(p *diagnosis.Policy) { p.PongWithin = 2 * sec }
	return []scene{
		{name: "unmasked texts", cfg: ten, servers: []fakeserver.Handler{well}},
		{name: "no heartbeat", cfg: ten, servers: []fakeserver.Handler{well}, act: twoMinutes, promise: func(p *diagnosis.Policy) { p.IdleTimeout = 60 * sec }},
		{name: "interval half as long again", cfg: ten, servers: []fakeserver.Handler{well}},
		{name: "interval half as long", cfg: ten, servers: []fakeserver.Handler{well}},
		{name: "every fifth beat missing", cfg: ten, servers: []fakeserver.Handler{well}, act: twoMinutes},
		{name: "beats only when idle", cfg: ten, servers: []fakeserver.Handler{well}, act: chatting},
		{name: "received data holds up beats", cfg: ten, servers: []fakeserver.Handler{news}},
		{name: "ignores unanswered beats", cfg: ten, servers: then(fakeserver.Silent), act: twoMinutes},
		{name: "notices four times too late", cfg: ten, servers: then(fakeserver.Silent)},
		{name: "only answers prove life", cfg: alive, servers: then(fakeserver.Script(fakeserver.Ignore(frame.Op(frame.OpPing)), fakeserver.Pause(11*sec), fakeserver.Send(frame.Text("data"))))},
		{name: "heartbeats multiply", cfg: ten, servers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(3*sec), fakeserver.Fin()), fakeserver.Script(fakeserver.Pause(3*sec), fakeserver.Fin()), well}},

		{name: "never pongs", cfg: silent, servers: pinging},
		{name: "pongs with another payload", cfg: silent, servers: pinging},
		{name: "pongs late", cfg: silent, servers: pinging, promise: pong},
		{name: "pongs behind a slow handler", cfg: silent, servers: after5(fakeserver.Send(frame.Text("data"), frame.Ping([]byte("x")))), promise: pong},

		{name: "never echoes a close", cfg: silent, servers: after5(fakeserver.Close(1001, ""))},
		{name: "waits for the echo for ever", cfg: ten, servers: then(fakeserver.Script(fakeserver.GoDark())), act: twoMinutes},
		{name: "sends close 1006", cfg: ten, servers: then(fakeserver.Silent)},
		{name: "sends data after its close", cfg: silent, servers: []fakeserver.Handler{well}, act: stopAt5},

		{name: "reconnects at once", cfg: silent, servers: refused},
		{name: "fixed delay", cfg: silent, servers: refused},
		{name: "no jitter", cfg: jittered, servers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(20*sec), fakeserver.Fin())},
			act: func(_ *specimen.Client, until func(time.Duration)) { until(10 * time.Minute) }},
		{name: "grows three times too fast", cfg: silent, servers: []fakeserver.Handler{fakeserver.RejectWith(500).Times(3), well}},
		{name: "exceeds the cap", cfg: capped, servers: []fakeserver.Handler{fakeserver.RejectWith(500).Times(4), well}},
		{name: "backoff never reset", cfg: silent, servers: []fakeserver.Handler{fakeserver.RejectWith(500).Times(3), fakeserver.Script(fakeserver.Pause(15*sec), fakeserver.Fin()), well}},
		{name: "backoff reset on open", cfg: silent, servers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(500*ms), fakeserver.Fin())},
			act: func(_ *specimen.Client, until func(time.Duration)) { until(20 * sec) }},
		{name: "ignores Retry-After", cfg: silent, servers: then(fakeserver.RejectWith(503, fakeserver.Header("Retry-After", "20")))},
		{name: "ignores close 1013", cfg: silent, servers: cut(fakeserver.Close(1013, ""))},
		{shows: "goes on trying although it promised three attempts", cfg: silent, servers: refused, promise: func(p *diagnosis.Policy) { p.Backoff = p.Backoff.GivesUpAfter(3) }},

		{name: "reconnects after Stop", cfg: silent, servers: []fakeserver.Handler{well}, act: stopAt5},
		{name: "reconnects on 4401", cfg: silent, servers: cut(fakeserver.Close(4401, ""))},
		{name: "reconnects on 401", cfg: silent, servers: then(fakeserver.RejectWith(401))},
		{name: "gives up on 1006", cfg: silent, servers: cut(fakeserver.Fin()), act: twoMinutes},
		{name: "gives up on 1012", cfg: silent, servers: cut(fakeserver.Close(1012, "")), act: twoMinutes},
		{name: "gives up on 503", cfg: silent, servers: then(fakeserver.RejectWith(503))},
		{name: "no connect timeout", cfg: silent, servers: then(fakeserver.Stall()), act: twoMinutes},
		{name: "old connection kept", cfg: ten, servers: then(fakeserver.Silent)},
		{name: "reconnects twice", cfg: silent, servers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(5*sec), fakeserver.Reset()), fakeserver.Handshake(fakeserver.Pause(2 * sec))}},
		{name: "does not resubscribe", cfg: subscribes, servers: cut(fakeserver.Fin())},
	}
}

// drawings are what no mutant does.
func drawings() []drawn {
	back := after(diagnosis.Fixed(2 * sec))
	counts := diagnosis.Policy{Continuity: diagnosis.Continuity{Messages: frame.Contains(`"seq"`), Number: "{$.seq}"}}
	own := conn(1, 0, open(at(sec, say("x")), at(2*sec, clientCloses(1000, "")), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed)), at(2*sec, fin(toS, passed)))...)
	return []drawn{
		{"sends a reserved opcode", nothing, live(at(sec, send(toS, passed, reservedOpcode)))},
		{"sends what is no frame", nothing, live(at(sec, opaque(toS, "RFC 6455 section 5.2", "RSV2 set, which no extension defines")))},
		{"sends a text that is not UTF-8", nothing, live(at(sec, send(toS, passed, frame.Text("caf\xe9"))))},
		{"closes with 1006", nothing, live(at(sec, clientCloses(1006, "")), at(sec, fin(toS, passed)))},
		{"promises an interval that is no use", beating(func(p *diagnosis.Policy) { p.IdleTimeout = 8 * sec }), live(beats(10 * sec)...)},
		{"promises an interval as long as the idle timeout", beating(func(p *diagnosis.Policy) { p.IdleTimeout = 10 * sec }), live(beats(10 * sec)...)},
		{"postpones the end with each beat", beating(), playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping")), at(40*sec, say("ping")), at(45*sec, clientCloses(4000, "")), at(45*sec, fin(toS, passed))})},
		{"never notices that its beat is not answered", beating(), playing([]step{at(10*sec, say("ping"))}, chatter(90*sec, 90*sec, sec))},
		{"comes back late", back, merge(lasting(1, 0, sec), lasting(2, 9*sec, sec))},
		{"reconnects in a loop", nothing, merge(lasting(1, 0, 100*ms), lasting(2, 300*ms, 100*ms), lasting(3, 600*ms, 100*ms), lasting(4, 900*ms, 100*ms))},
		{"keeps a socket after the server's FIN", diagnosis.Policy{MaxLive: 1}, merge(conn(1, 0, open(at(9*sec, fin(toC, passed)))...), conn(2, 10*sec, open(at(50*sec, say("x")))...))},
		{"waits for a handshake for more than a minute", diagnosis.Policy{ConnectTimeout: 5 * sec}, hung(1, 0, 70*sec)},
		{"waits for the end of a closing handshake for more than a minute", diagnosis.Policy{CloseTimeout: 5 * sec}, live(at(sec, clientCloses(1000, "")), at(80*sec, fin(toS, passed)))},
		{"comes back at once after Close 1013", diagnosis.Policy{TryAgainAfter: 2 * sec}, merge(closedWith(1, 0, 1013), lasting(2, 1500*ms, sec))},
		{"ignores Close 1008", diagnosis.Policy{GiveUpCodes: diagnosis.Codes(1008)}, merge(closedWith(1, 0, 1008), lasting(2, 5*sec, sec))},
		{"comes back from its own Close 1000", diagnosis.Policy{Reports: diagnosis.ReportNames{Disconnect: "bye"}}, merge(own, says(2*sec, "bye"), lasting(2, 4*sec, sec))},
		{"exits when its connection is lost", back, merge(started(0, "chat"), lasting(1, 0, sec), exited(2*sec, "chat", "code", "0"))},
		{"crashes when its connection is lost", back, merge(started(0, "chat"), lasting(1, 0, sec), exited(2*sec, "chat", "code", "2"))},
		{"is killed by a signal", back, merge(started(0, "chat"), lasting(1, 0, sec), exited(2*sec, "chat", "signal", "segmentation fault"))},
		{"ends TCP without answering a Close", nothing, live(at(sec, serverCloses(1000, "")), at(3*sec, fin(toS, passed)))},
		{"answers a ping after twelve seconds", diagnosis.Policy{PongWithin: sec}, live(at(sec, send(toC, passed, frame.Ping([]byte("x")))), at(13*sec, send(toS, passed, frame.Pong([]byte("x")))))},
		{"leaves a number out", counts, merge(playing(counting(toS, sec, 1, 2, 4)), later(60*sec))},
		{"loses a message with its connection", counts, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(3*sec, numbered(toS, arrived, 3)), at(9*sec, fin(toS, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 4, 5)...)...), later(60*sec))},
		{"sends a message twice", counts, playing(counting(toS, sec, 1, 2, 2))},
		{"sends a message again that had arrived", counts, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(5*sec, hear("ok")), at(9*sec, fin(toC, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 2, 3)...)...))},
		{"sends messages in another order", counts, playing(counting(toS, sec, 1, 3, 2))},
	}
}
