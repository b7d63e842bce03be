package assertions_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

var (
	words    = heartbeat.Text("ping", "pong")
	protocol = heartbeat.Protocol()
)

// serves answers beats of either kind.
var serves = fake.Script(fake.AnswerBeats(words), fake.AnswerBeats(protocol))

// dropsAfter serves, and ends the connection.
func dropsAfter(d time.Duration) fake.Handler {
	return fake.Script(fake.AnswerBeats(words), fake.Pause(d), fake.Fin())
}

func first(s *stage) any { return s.srv.Conn(1) }

func trials() []trial {
	return slices.Concat(connectionTrials(), frameTrials(), beatTrials(), attemptTrials(), reportTrials(), protocolTrials(), otherTrials())
}

func connectionTrials() []trial {
	plain := specimen.Config{Backoff: steady}
	mute := specimen.Config{Backoff: steady, Interval: 10 * sec, AnswerWithin: 15 * sec}
	dropped := []fake.Handler{dropsAfter(sec), serves}
	slow := specimen.Mutant{Name: "waits five seconds", Apply: func(c *specimen.Config) { c.Backoff.First = 5 * sec }}
	impatient := specimen.Mutant{Name: "impatient", Apply: func(c *specimen.Config) { c.Interval, c.AnswerWithin = 300*ms, ms }}
	hasty := specimen.Mutant{Name: "hasty", Apply: func(c *specimen.Config) { c.Interval, c.AnswerWithin = 300*ms, 200*ms }}
	return []trial{
		{claim: "HaveAttempted", m: HaveAttempted(3), cfg: plain, server: []fake.Handler{fake.RejectWith(503).Times(2), serves}, until: 10 * sec,
			broken: []string{"gives up on 503", "reconnects twice"}},
		{claim: "HaveConnected", m: HaveConnected(2), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"gives up on 1006", "reconnects twice"}},
		{claim: "HaveConnected-matcher", m: HaveConnected(BeNumerically("<=", 2)), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"reconnects twice"}, own: []specimen.Mutant{impatient}},
		{claim: "HaveReconnected", m: HaveReconnected(), cfg: mute, server: []fake.Handler{fake.Silent, serves}, until: time.Minute,
			broken: []string{"ignores unanswered beats", "own beat proves life"}},
		{claim: "HaveReconnectedWithin", m: HaveReconnectedWithin(2 * sec), cfg: plain, server: dropped, until: 10 * sec,
			broken: []string{"gives up on 1006"}, own: []specimen.Mutant{slow}},
		{claim: "HaveLive", m: HaveLive(1), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"old connection kept", "reconnects twice"}},
		{claim: "HaveAtMostOneLiveConnection", m: HaveAtMostOneLiveConnection(), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"two connections for 1 ms", "old connection kept", "reconnects twice"}},
		{claim: "HaveAtMostOneLiveConnection-overlap", m: HaveAtMostOneLiveConnection(Overlap(sec)), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"old connection kept", "reconnects twice"}},
		{claim: "HaveDetectedSilenceWithin", m: HaveDetectedSilenceWithin(15 * sec), cfg: specimen.Config{Backoff: steady, Interval: 10 * sec, AnswerWithin: 4 * sec},
			server: []fake.Handler{fake.Silent, serves}, until: time.Minute, actual: first,
			broken: []string{"ignores unanswered beats", "notices four times too late"}},
		{claim: "HaveClosed-by-client", m: HaveClosed(ByClient, WithCode(4000), Cleanly), cfg: mute, server: []fake.Handler{fake.Silent, serves}, until: time.Minute,
			broken: []string{"ignores unanswered beats", "sends close 1006"}},
		{claim: "HaveClosed-by-peer", m: HaveClosed(ByPeer, WithCode(1012), WithReason("restart")), cfg: mute,
			server: []fake.Handler{fake.Script(fake.On(frame.Op(frame.OpClose)), fake.Pause(sec), fake.Send(frame.Close(1012, "restart"))), serves}, until: 20 * sec, actual: first,
			broken: []string{"waits for the echo for ever"}, own: []specimen.Mutant{hasty}},
	}
}

func frameTrials() []trial {
	hello := frame.Text(`{"type":"subscribe","to":"news"}`)
	cfg := specimen.Config{Backoff: steady, Hello: []frame.Frame{hello}}
	subscribe := frame.JSON("type", "subscribe")
	reply := fake.On(subscribe, fake.Pause(10*ms), fake.Reply(`{"type":"subscribed","to":{$.to}}`))
	server := []fake.Handler{fake.Script(fake.AnswerBeats(words), reply, fake.Pause(sec), fake.Fin()), fake.Script(fake.AnswerBeats(words), reply)}
	broken := []string{"does not resubscribe", "subscribes twice"}
	return []trial{
		{claim: "HaveSent", m: HaveSent(subscribe).Times(2), cfg: cfg, server: server, until: 5 * sec, broken: broken},
		{claim: "HaveSent-payload", m: HaveSent(MatchJSON(`{"to":"news","type":"subscribe"}`)).Times(2), cfg: cfg, server: server, until: 5 * sec, broken: broken},
		{claim: "HaveReceived", m: HaveReceived(frame.JSON("type", "subscribed")).Times(2), cfg: cfg, server: server, until: 5 * sec, broken: broken},
		{claim: "HaveExchanged", m: HaveExchanged(Sent(subscribe), Received(frame.Contains("subscribed")), Sent(subscribe), Received(frame.Contains("subscribed"))),
			cfg: cfg, server: server, until: 5 * sec, broken: []string{"does not resubscribe", "gives up on 1006"}},
	}
}

func beatTrials() []trial {
	ten := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
	quiet := specimen.Config{Interval: -1, Backoff: steady}
	flapping := []fake.Handler{dropsAfter(3 * sec), dropsAfter(3 * sec), serves}
	pinging := []fake.Handler{fake.Script(fake.Every(5*sec, fake.Send(frame.Text("data"), frame.Ping([]byte("are you there")))))}
	talking := []fake.Handler{fake.Script(fake.AnswerBeats(words), fake.Every(7*sec, fake.Send(frame.Text("data"))))}
	return []trial{
		{claim: "HaveHeartbeat-every", m: HaveHeartbeat(words, Every(10*sec, PlusMinus(sec))), cfg: ten, server: talking, until: 65 * sec,
			broken: []string{"no heartbeat", "interval half as long again", "interval half as long", "every fifth beat missing", "received data holds up beats"}},
		{claim: "HaveHeartbeat-reconnects", m: HaveHeartbeat(words, Every(10*sec, PlusMinus(sec))), cfg: ten, server: flapping, until: 75 * sec,
			broken: []string{"heartbeats multiply", "every fifth beat missing"}, actual: func(s *stage) any { return s.srv.Conn(3) }},
		{claim: "HaveHeartbeat-times", m: HaveHeartbeat(words).Times(6), cfg: ten, server: talking, until: 65 * sec,
			broken: []string{"no heartbeat", "interval half as long"}},
		{claim: "HaveHeartbeatJitter", m: HaveHeartbeatJitter(words, BeNumerically("<=", 100*ms)), cfg: ten, server: talking, until: 65 * sec,
			broken: []string{"every fifth beat missing", "no heartbeat"}},
		{claim: "HaveAnsweredEveryPing", m: HaveAnsweredEveryPing(Within(sec)), cfg: quiet, server: pinging, until: 14 * sec,
			broken: []string{"never pongs", "pongs with another payload", "pongs late", "pongs behind a slow handler"}},
		{claim: "HaveAnsweredEveryBeat", m: HaveAnsweredEveryBeat(protocol, Within(sec)), cfg: quiet, server: pinging, until: 14 * sec,
			broken: []string{"never pongs", "pongs late"}},
		{claim: "HavePongLatency", m: HavePongLatency(BeNumerically("<", sec)), cfg: quiet, server: pinging, until: 14 * sec,
			broken: []string{"pongs late", "pongs behind a slow handler", "never pongs"}},
	}
}

func attemptTrials() []trial {
	plain := specimen.Config{Backoff: steady}
	refusing := []fake.Handler{fake.RejectWith(503)}
	hesitant := []fake.Handler{fake.Handshake(fake.Pause(400*ms), fake.Reject(503))}
	stubborn := specimen.Mutant{Name: "tries for ever", Apply: func(c *specimen.Config) { c.Backoff.Attempts = 0 }}
	five := specimen.Config{Backoff: specimen.Backoff{Jitter: specimen.Unjittered, Attempts: 5}}
	growing := diagnosis.Exponential(sec, 2).UpTo(30 * sec)
	return []trial{
		{claim: "HavePeak", m: HavePeak(BeNumerically("<=", 2), Per(2*sec)), cfg: plain, server: hesitant, until: 20 * sec,
			broken: []string{"reconnects at once", "reconnects twice"}},
		{claim: "HaveGivenUpAfter", m: HaveGivenUpAfter(6, Quiet(40*sec)), cfg: five, server: refusing, until: 2 * time.Minute,
			broken: []string{"gives up on 503", "reconnects twice"}, own: []specimen.Mutant{stubborn}},
		{claim: "HaveBackedOff", m: HaveBackedOff(growing, PlusMinus(50*ms)), cfg: plain, server: refusing, until: 3 * time.Minute,
			broken: []string{"fixed delay", "grows three times too fast", "exceeds the cap"}},
		{claim: "HaveBackedOff-reset", m: HaveBackedOff(growing.ResetsAfter(10*sec), PlusMinus(50*ms)), cfg: plain,
			server: []fake.Handler{fake.RejectWith(503).Times(2), dropsAfter(3 * sec), dropsAfter(time.Minute)}, until: 3 * time.Minute,
			broken: []string{"backoff never reset", "backoff reset on open"}},
		{claim: "HaveBackedOff-jitter", m: HaveBackedOff(growing.WithJitter(diagnosis.EqualJitter), PlusMinus(50*ms)), cfg: specimen.Config{}, server: refusing, until: 6 * time.Minute,
			broken: []string{"no jitter", "fixed delay"}},
	}
}

func reportTrials() []trial {
	plain := specimen.Config{Backoff: steady}
	dropped := []fake.Handler{dropsAfter(sec), serves}
	says := func(name string, report func(c *specimen.Config, name string, fields []timeline.Field)) specimen.Mutant {
		return specimen.Mutant{Name: name, Apply: func(c *specimen.Config) {
			before := *c
			c.Report = func(name string, fields ...timeline.Field) { report(&before, name, fields) }
		}}
	}
	silent := says("does not report closes", func(c *specimen.Config, name string, fields []timeline.Field) {
		if name != "close" {
			c.Report(name, fields...)
		}
	})
	clean := says("reports that all was clean", func(c *specimen.Config, name string, fields []timeline.Field) {
		for i := range fields {
			if fields[i].Name == "wasClean" {
				fields[i].Value = "true"
			}
		}
		c.Report(name, fields...)
	})
	twice := says("reports twice", func(c *specimen.Config, name string, fields []timeline.Field) {
		c.Report(name, fields...)
		c.Report(name, fields...)
	})
	return []trial{
		{claim: "HaveReported", m: HaveReported("close", WithField("code", 1006), WithField("wasClean", false)), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"reports 1000 for 1006"}, own: []specimen.Mutant{silent, clean}},
		{claim: "HaveReported-times", m: HaveReported("open").Times(2), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"gives up on 1006", "reconnects twice"}},
		{claim: "HaveReportedCloseEvent", m: HaveReportedCloseEvent("close"), cfg: plain, server: dropped, until: 5 * sec,
			broken: []string{"reports 1000 for 1006"}, own: []specimen.Mutant{silent, clean, twice}},
	}
}

func protocolTrials() []trial {
	dead := specimen.Config{Backoff: steady, Interval: 10 * sec, AnswerWithin: 4 * sec}
	return []trial{
		{claim: "HaveKeptProtocol", m: HaveKeptProtocol(), cfg: dead, server: []fake.Handler{fake.Silent, serves}, until: time.Minute,
			broken: []string{"unmasked texts", "sends close 1006", "sends data after its close"}},
	}
}

func otherTrials() []trial {
	pings := specimen.Config{Backoff: steady, Dialect: protocol, Interval: 10 * sec, AnswerWithin: 4 * sec}
	herd := specimen.Config{}
	promised := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec}
	eventful := []fake.Handler{fake.Script(fake.AnswerBeats(words), fake.Pause(25*sec), fake.Send(frame.Ping([]byte("are you there"))), fake.Pause(15*sec), fake.Fin()),
		fake.RejectWith(503), fake.Silent, serves}
	return []trial{
		{claim: "HaveFollowed", m: HaveFollowed(promised.Policy()), cfg: promised, server: eventful, until: 2 * time.Minute,
			broken: []string{"no heartbeat", "interval half as long again", "never pongs", "reconnects at once", "old connection kept", "sends close 1006", "ignores unanswered beats"}},
		{claim: "MatchGolden", m: MatchGolden("testdata/canonical/specimen.golden"), cfg: specimen.Config{Interval: 10 * sec, Backoff: steady},
			server: []fake.Handler{dropsAfter(15 * sec), serves}, until: 30 * sec, broken: []string{"interval half as long", "gives up on 1006"}},
		{claim: "HaveFired", m: HaveFired("drop-pongs"), cfg: pings, server: []fake.Handler{serves}, until: 30 * sec,
			rules:  []faultproxy.Rule{{Name: "drop-pongs", On: frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient)), Do: faultproxy.Drop{}}},
			broken: []string{"no heartbeat", "pongs instead of pings"}},
		{claim: "HaveSpread", m: HaveSpread(BeNumerically(">=", 300*ms)), cfg: herd, server: []fake.Handler{serves}, until: 20 * sec, crowd: true,
			play: func(s *stage) {
				for i := range 19 {
					cfg := herd
					cfg.Seed = uint64(i + 1)
					s.start(cfg)
				}
				s.until(10 * sec)
				s.srv.Mark("dropped")
				s.srv.DropAll(fake.Fin())
			},
			actual: func(s *stage) any { return s.srv.Since(timeline.Noted("dropped")) },
			broken: []string{"no jitter", "reconnects at once"}},
		{claim: "HaveExited", m: HaveExited(0), broken: []string{"panics", "fails", "does not exit"}, perform: exits},
	}
}

// exits plays a program that exits.
func exits(t *testing.T, variant string, judge func(actual any)) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(lenient{t})
		resilience.Start(lenient{t}, srv, resilience.Func("chat", func(ctx context.Context, s *resilience.Session) error {
			select {
			case <-time.After(sec):
			case <-ctx.Done():
			}
			switch variant {
			case "fails":
				return errors.New("no route to host")
			case "panics":
				panic("nil map")
			case "does not exit":
				<-ctx.Done()
			}
			return nil
		}))
		time.Sleep(2 * sec)
		judge(srv)
	})
}
