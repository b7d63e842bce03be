package diagnosis_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// beating promises a text beat every 10 s and an answer within 5 s.
func beating(change ...func(*diagnosis.Policy)) diagnosis.Policy {
	p := diagnosis.Policy{Dialect: heartbeat.Text("ping", "pong"), Interval: 10 * sec, AnswerTimeout: 5 * sec}
	for _, f := range change {
		f(&p)
	}
	return p
}

func rearm(r diagnosis.Rearm) func(*diagnosis.Policy) {
	return func(p *diagnosis.Policy) { p.Rearm = r }
}

// beats are the client's, answered after 10 ms.
func beats(times ...time.Duration) []step {
	var steps []step
	for _, d := range times {
		steps = append(steps, at(d, say("ping")), at(d+10*ms, hear("pong")))
	}
	return steps
}

// news are messages of the server's, every period up to last.
func news(period, last time.Duration) []step {
	var steps []step
	for d := period; d <= last; d += period {
		steps = append(steps, at(d, hear("news")))
	}
	return steps
}

// playing is a live connection with these steps in order of time.
func playing(parts ...[]step) diagnosis.Events {
	var recordings []diagnosis.Events
	for _, p := range append([][]step{open()}, parts...) {
		recordings = append(recordings, conn(1, 0, p...))
	}
	return merge(recordings...)
}

func TestBeatRules(t *testing.T) {
	p := beating()
	judged(t, diagnosis.RuleBeatsSent, 0, []ruling{
		{"beats", p, playing(beats(10*sec, 20*sec), chatter(22*sec, 22*sec, sec)), kept, 0, "1 connection with beats"},
		{"none", p, playing(chatter(3*sec, 30*sec, 3*sec)), broken, 1, "measured none in 30.0 s, expected a text beat every 10 s"},
		{"none needed so far", p, playing(chatter(3*sec, 9*sec, 3*sec)), notJudged, 0, "no connection was open for long enough"},
		{"none needed among messages", beating(rearm(diagnosis.RearmReceived)), playing(news(4*sec, 60*sec)), notJudged, 0, ""},
		{"none needed while it sends", beating(rearm(diagnosis.RearmSent)), playing(chatter(4*sec, 60*sec, 4*sec)), notJudged, 0, ""},
		{"received messages do not count where sent ones do", beating(rearm(diagnosis.RearmSent)), playing(news(4*sec, 60*sec)), broken, 1, ""},
		{"nothing promised", nothing, playing(chatter(3*sec, 300*sec, 3*sec)), notJudged, 0, "promises no beats"},
		{"the server is to beat", beating(func(p *diagnosis.Policy) { p.Dialect.By = heartbeat.Server }), playing(news(4*sec, 60*sec)), notJudged, 0, "promises no beats"},
		{"blind where messages cannot be read", p, live(at(sec, compressed(say("xx"))), at(60*sec, say("x"))), notJudged, 1, "compressed"},
		{"blind from its beginning", p, one(at(0, say("x")), at(60*sec, say("x"))), notJudged, 1, "it began before"},
	})
	judged(t, diagnosis.RuleInterval, 0, []ruling{
		{"every 10 s", p, playing(beats(10*sec, 20*sec, 30*sec)), kept, 0, "3 beats in time"},
		{"within the tolerance", p, playing(beats(10249*ms, 20400*ms)), kept, 0, ""},
		{"late once", p, playing(beats(10*sec, 20300*ms, 30*sec)), broken, 1, "measured 10.3 s without one from 10.000 s on, expected one every 10 s, + 250 ms"},
		{"one is missing", p, playing(beats(10*sec, 30*sec)), broken, 1, "measured 20.0 s"},
		{"they stop", p, playing(beats(10*sec, 20*sec), serverGone(40*sec)), broken, 1, "measured 20.0 s without one from 20.000 s on"},
		{"more often than promised", p, playing(beats(5*sec, 10*sec, 15*sec, 20*sec, 25*sec, 30*sec, 35*sec)), broken, 1, "the client beats more often than promised (measured a beat every 5.0 s, expected one every 10 s)"},
		{"more often, one of them late", p, playing(beats(5*sec, 10*sec, 15*sec, 20*sec, 25*sec, 33*sec, 38*sec, 43*sec, 48*sec, 53*sec, 58*sec, 63*sec)), broken, 1, "more often than promised"},
		{"several heartbeats are another rule", p, playing(beats(3*sec, 10*sec, 13*sec, 20*sec, 23*sec, 30*sec, 33*sec)), notJudged, 0, "every beat came before it was due"},
		{"they stop on what another connection took the place of", beating(func(p *diagnosis.Policy) { p.MaxLive = 1 }), merge(playing(beats(10*sec, 20*sec)), conn(2, 25*sec, open(beats(10*sec, 20*sec)...)...)), kept, 0, ""},
		{"they stop on one of two", beating(func(p *diagnosis.Policy) { p.MaxLive = 2 }), merge(playing(beats(10*sec, 20*sec)), conn(2, 25*sec, open(beats(10*sec, 20*sec)...)...)), broken, 1, ""},
		{"they stop at the end of the recording", p, playing(beats(10*sec, 20*sec)), kept, 0, ""},
		{"the next one waits for a slow answer", p, live(at(10*sec, say("ping")), at(14*sec, hear("pong")), at(24*sec, say("ping")), at(24*sec, hear("pong"))), kept, 0, ""},
		{"but not for ever", p, live(at(10*sec, say("ping")), at(40*sec, say("ping")), at(40*sec, hear("pong"))), broken, 1, "measured 30.0 s"},
		{"messages that restart the timer", beating(rearm(diagnosis.RearmReceived)), playing(news(8*sec, 32*sec), beats(42*sec)), kept, 0, "1 beat in time"},
		{"messages that do, and then none", beating(rearm(diagnosis.RearmReceived)), playing(news(8*sec, 32*sec), beats(42*sec), serverGone(60*sec)), broken, 1, "measured 18.0 s without one from 42.010 s on"},
	})
	judged(t, diagnosis.RuleUnderLoad, 0, []ruling{
		{"beats among messages", p, playing(beats(10*sec, 20*sec, 30*sec), news(3*sec, 30*sec)), kept, 0, "3 beats in time"},
		{"none while messages flow", p, playing(beats(10*sec, 40*sec), news(3*sec, 40*sec)), broken, 1, "no beat went out while messages flowed"},
		{"none while it is quiet is another rule", p, playing(beats(10*sec, 40*sec)), kept, 0, ""},
		{"messages may restart the timer", beating(rearm(diagnosis.RearmAny)), playing(beats(10*sec), news(3*sec, 40*sec)), notJudged, 0, "as the policy says"},
	})
	judged(t, diagnosis.RuleOneHeartbeat, 0, []ruling{
		{"one", p, playing(beats(10*sec, 20*sec, 30*sec, 40*sec)), kept, 0, "1 connection with one heartbeat"},
		{"and one at the opening", p, playing(beats(0, 10*sec, 20*sec, 30*sec, 40*sec)), kept, 0, ""},
		{"two", p, playing(beats(3*sec, 10*sec, 13*sec, 20*sec, 23*sec, 30*sec, 33*sec)), broken, 1, "7 beats in 33.0 s, expected no more than 5"},
		{"two in the same instant", p, playing(beats(10*sec, 10*sec, 20*sec, 20*sec, 30*sec, 30*sec, 40*sec, 40*sec)), broken, 1, "8 beats in 40.0 s"},
		{"three", p, playing(beats(3*sec, 4*sec, 10*sec, 13*sec, 14*sec, 20*sec, 23*sec, 24*sec, 30*sec, 33*sec, 34*sec)), broken, 1, "as if several heartbeats ran"},
		{"a timer that is too fast is another rule", p, playing(beats(5*sec, 10*sec, 15*sec, 20*sec, 25*sec, 30*sec, 35*sec)), kept, 0, "evenly spaced"},
		{"a few", p, playing(beats(10*sec, 20*sec)), notJudged, 0, ""},
	})
}

func TestIdleTimeoutRule(t *testing.T) {
	path := func(limit time.Duration) func(*diagnosis.Policy) {
		return func(p *diagnosis.Policy) { p.IdleTimeout = limit }
	}
	judged(t, diagnosis.RuleIdleTimeout, 0, []ruling{
		{"in use", nothing, playing(chatter(20*sec, 120*sec, 20*sec)), kept, 0, "1 connection open for longer than 60 s, silent for 20.0 s at most"},
		{"the server's bytes count, too", nothing, playing(news(30*sec, 120*sec)), kept, 0, ""},
		{"silent for too long", nothing, playing(chatter(5*sec, 5*sec, sec), chatter(75*sec, 75*sec, sec)), warned, 1, "measured no bytes for 70.0 s from 5.000 s on, expected less than 60 s"},
		{"until it was cut", diagnosis.Policy{IdleTimeout: 30 * sec}, playing(chatter(5*sec, 5*sec, sec), cutByBox(35*sec)), broken, 1, "measured no bytes for 30.0 s"},
		{"nginx fires early", diagnosis.Policy{IdleTimeout: 30 * sec}, playing(chatter(5*sec, 5*sec, sec), cutByBox(34750*ms)), broken, 1, "29.8 s"},
		{"not for long enough", nothing, playing(chatter(5*sec, 50*sec, 45*sec)), notJudged, 0, "no connection was open for as long"},
		{"while it waits for an answer", nothing, playing(chatter(5*sec, 5*sec, sec), []step{at(20*sec, say("ping"))}, cutByBox(85*sec)), kept, 0, ""},
		{"an interval that is no use", beating(path(8 * sec)), nil, broken, 0, "measured an interval of 10 s, expected well below 8 s"},
		{"a race", beating(path(10 * sec)), nil, broken, 0, "which timer is first is left to chance"},
		{"a race with a timer that fires early", beating(path(10200 * ms)), nil, broken, 0, "left to chance"},
		{"well below", beating(path(20 * sec)), playing(beats(10*sec, 20*sec, 30*sec)), kept, 0, "silent for 10.0 s at most"},
	})
}

func TestDeadPeerRules(t *testing.T) {
	p := beating() // 15 s in all
	gone := func(d time.Duration) []step {
		return []step{at(d, clientCloses(4000, "no pong")), at(d, fin(toS, passed))}
	}
	judged(t, diagnosis.RuleDeadPeer, 0, []ruling{
		{"noticed", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, gone(25*sec)), kept, 0, "1 silent peer noticed, the slowest after 15.0 s"},
		{"noticed within the tolerance", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, gone(25250*ms)), kept, 0, ""},
		{"noticed too late", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, gone(28*sec)), broken, 1, "measured ended after 18.0 s, expected the end within 15 s: an interval of 10 s and 5 s for an answer"},
		{"not noticed", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping"))}, chatter(60*sec, 60*sec, sec)), broken, 1, "measured not ended for 50.0 s"},
		{"left behind for another", p, merge(playing(beats(10*sec), []step{at(20*sec, say("ping"))}), conn(2, 25*sec, open()...)), kept, 0, "15.0 s"},
		{"left behind after its delay", beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(3 * sec) }), merge(playing(beats(10*sec), []step{at(20*sec, say("ping"))}), conn(2, 28*sec, open()...)), kept, 0, "18.0 s"},
		{"beats again after a pause, and is answered", p, playing(beats(10*sec, 32*sec)), notJudged, 0, "the peer was silent for as long as it was not asked"},
		{"is told something after a pause", p, playing(beats(10*sec), news(32*sec, 32*sec)), notJudged, 0, "not asked"},
		{"is told something after its beat was overdue", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, news(32*sec, 32*sec)), broken, 1, "the client went on although nothing had come for longer than it promises to wait (measured nothing for 22.0 s"},
		{"only listens, and is told something too late", beating(func(p *diagnosis.Policy) { p.Dialect.By = heartbeat.Server }), playing(news(32*sec, 32*sec)), broken, 1, "measured nothing for 32.0 s"},
		{"left behind too late", p, merge(playing(beats(10*sec), []step{at(20*sec, say("ping"))}), conn(2, 35*sec, open()...)), broken, 1, "25.0 s"},
		{"silent from the beginning", p, playing(chatter(16*sec, 16*sec, sec)), broken, 1, "16.0 s"},
		{"alive by any byte", p, playing(news(9*sec, 60*sec)), notJudged, 0, "no silence lasted for 15 s"},
		{"alive by a pong", p, playing(beats(10*sec), []step{at(20*sec, raw(toC, passed, frame.Pong(nil)))}, serverGone(34*sec)), notJudged, 0, ""},
		{"a pong that was dropped is no byte", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(20*sec, send(toC, arrived, frame.Text("pong")))}, chatter(27*sec, 27*sec, sec)), broken, 1, ""},
		{"a ping is no sign of life to a page", beating(func(p *diagnosis.Policy) { p.Browser = true }), playing(beats(10*sec), []step{at(20*sec, say("ping")), at(22*sec, raw(toC, passed, frame.Ping(nil)))}, chatter(36*sec, 36*sec, sec)), broken, 1, "26.0 s"},
		{"but to others", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(22*sec, raw(toC, passed, frame.Ping(nil)))}, chatter(36*sec, 36*sec, sec)), notJudged, 0, ""},
		{"ended by the server in time", p, playing(beats(10*sec), serverGone(24*sec)), notJudged, 0, ""},
		{"ended by the server, too late", p, playing(beats(10*sec), serverGone(34*sec)), broken, 1, "not ended for 24.0 s"},
		{"own messages postpone a beat that they restart", beating(rearm(diagnosis.RearmSent)), playing(beats(10*sec), chatter(18*sec, 18*sec, sec), []step{at(28*sec, say("ping"))}, gone(33*sec)), kept, 0, "23.0 s"},
		{"not this one", beating(), playing(beats(10*sec), chatter(18*sec, 18*sec, sec), []step{at(28*sec, say("ping"))}, gone(33*sec)), broken, 1, ""},
		{"blind to a client that nobody reads", p, seenAtServer(playing(beats(10*sec), []step{at(12*sec, frozen())}, serverGone(60*sec))), notJudged, 1, "nobody read"},
		{"seen to come again, though nobody reads", p, seenAtServer(merge(playing(beats(10*sec), []step{at(12*sec, frozen())}), conn(2, 25*sec, open()...))), kept, 0, ""},
		{"blind after a gap", p, playing(beats(10*sec), []step{at(12*sec, lost(1))}, serverGone(60*sec)), notJudged, 1, "missing"},
		{"blind within a message", p, playing(beats(10*sec), []step{at(12*sec, start(toC, frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 9e6, Size: 10}))}, serverGone(60*sec)), notJudged, 1, "on its way"},
		{"nothing promised, and no beat", nothing, playing(chatter(10*sec, 300*sec, 10*sec)), notJudged, 0, "does not say how soon"},
		{"nothing promised, and a beat unanswered for ever", nothing, playing([]step{at(10*sec, say("ping"))}, chatter(90*sec, 90*sec, sec)), warned, 1, "no answer for 80.0 s"},
	})
	judged(t, diagnosis.RuleRearmed, 0, []ruling{
		{"ended after the last of several beats", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping")), at(40*sec, say("ping"))}, gone(45*sec)), broken, 1,
			"measured the end 5.0 s after the last of 3 unanswered beats, expected 5 s after the first of them"},
		{"two are enough", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping"))}, gone(35100*ms)), broken, 1, "2 unanswered beats"},
		{"no timeout at all", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping")), at(40*sec, say("ping"))}), notJudged, 0, "no end shows what the client's own beats have to do with it"},
		{"a timeout of its own that is too long", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping")), at(40*sec, say("ping"))}, gone(47*sec)), notJudged, 0, "no end shows"},
		{"ended by the server meanwhile", p, playing(beats(10*sec), []step{at(20*sec, say("ping")), at(30*sec, say("ping"))}, serverGone(35*sec)), notJudged, 0, "no end shows"},
		{"noticed in spite of them", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, gone(25*sec)), kept, 0, "1 silent peer"},
		{"not noticed, but not for them", p, playing(beats(10*sec), []step{at(20*sec, say("ping"))}, chatter(60*sec, 60*sec, sec)), notJudged, 0, ""},
		{"nothing promised", nothing, playing(beats(10 * sec)), notJudged, 0, ""},
	})
	alive := beating(rearm(diagnosis.RearmReceived))
	page := beating(rearm(diagnosis.RearmReceived), func(p *diagnosis.Policy) { p.Browser = true })
	next := conn(2, 30*sec, open()...)
	judged(t, diagnosis.RuleAlive, 0, []ruling{
		{"replaced", alive, merge(playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news"))}, gone(15*sec)), next), broken, 1, "although something came after it (measured the last came 3.0 s before"},
		{"kept", alive, playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news"))}, chatter(30*sec, 30*sec, sec)), kept, 0, "1 unanswered beat"},
		{"replaced for silence", alive, merge(playing([]step{at(10*sec, say("ping"))}, gone(15*sec)), next), notJudged, 0, ""},
		{"replaced, with an answer to its Close in the same instant", alive, merge(playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news")), at(15*sec, clientCloses(4000, "no pong")), at(15*sec, serverCloses(4000, "")), at(15*sec, fin(toS, passed))}), next), broken, 1, "although something came after it"},
		{"closed on purpose", alive, merge(playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news")), at(15*sec, clientCloses(1000, ""))}), next), notJudged, 0, ""},
		{"closed at another time", alive, merge(playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news"))}, gone(18*sec)), next), notJudged, 0, ""},
		{"a page does not see pings", page, merge(playing([]step{at(10*sec, say("ping")), at(12*sec, raw(toC, passed, frame.Ping(nil)))}, gone(15*sec)), next), notJudged, 0, ""},
		{"answers are needed", beating(), merge(playing([]step{at(10*sec, say("ping")), at(12*sec, hear("news"))}, gone(15*sec)), next), notJudged, 0, "does not say"},
	})
}
