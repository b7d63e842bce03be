package diagnosis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// lasting is a connection that opens at a time and is cut by the server after a while.
func lasting(n int, start, age time.Duration) diagnosis.Events {
	return conn(n, start, open(serverGone(age)...)...)
}

// refusedBy is an attempt that is answered with a status.
func refusedBy(n int, start time.Duration, status string, more ...string) diagnosis.Events {
	return conn(n, start, at(0, request()), at(0, response(passed, status, more...)), at(0, fin(toC, passed)), at(0, ended()))
}

// hung is an attempt that is not answered until the client gives it up.
func hung(n int, start, d time.Duration) diagnosis.Events {
	return conn(n, start, at(0, request()), at(d, fin(toS, passed)), at(d, ended()))
}

// closedWith is a connection that the server closes after a second.
func closedWith(n int, start time.Duration, code frame.CloseCode) diagnosis.Events {
	return conn(n, start, open(join([]step{at(sec, serverCloses(code, "")), at(sec, clientCloses(code, ""))}, finAfter(sec))...)...)
}

// later is a note that shows that the recording went on.
func later(d time.Duration) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindNote, Fields: fields("name", "later")}}
}

func says(d time.Duration, name string, more ...string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindReport, Fields: fields(append([]string{"name", name}, more...)...)}}
}

func started(d time.Duration, name string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindStarted, Fields: fields("client", name)}}
}

func exited(d time.Duration, name, field, value string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindExit, Fields: fields("client", name, field, value)}}
}

func after(b diagnosis.Backoff) diagnosis.Policy { return diagnosis.Policy{Backoff: b} }

func TestBackoffRules(t *testing.T) {
	doubling := diagnosis.Exponential(sec, 2).UpTo(8 * sec)
	stable := doubling.ResetsAfter(10 * sec)
	fails := func(times ...time.Duration) diagnosis.Events {
		recordings := []diagnosis.Events{lasting(1, 0, 20*sec)}
		now := 20 * sec
		for i, d := range times {
			now += d
			recordings = append(recordings, refusedBy(2+i, now, "503"))
		}
		return merge(recordings...)
	}
	judged(t, diagnosis.RuleDelay, 0, []ruling{
		{"as promised", after(doubling), fails(sec, 2*sec, 4*sec), kept, 0, "3 delays as Exponential(1s, 2).UpTo(8s) says"},
		{"within the tolerance", after(doubling), fails(800*ms, 2200*ms), kept, 0, ""},
		{"a 101 that the client did not like", after(doubling), merge(conn(1, 0, open(at(0, fin(toS, passed)), at(0, ended()))...), lasting(2, 100*ms, sec)), broken, 2, "too short"},
		{"too short", after(doubling), fails(300 * ms), broken, 2, "the 1st delay (before connection 2) was too short (measured 300 ms, expected 1.0 s, ± 250 ms)"},
		{"too long", after(doubling), fails(1500 * ms), broken, 2, "was too long"},
		{"at once, not promised", nothing, fails(0), warned, 2, "connected again at once (measured 0 ms, expected a delay"},
		{"after a while, not promised", nothing, fails(500 * ms), kept, 0, "1 attempt after a delay"},
		{"one attempt", after(doubling), lasting(1, 0, sec), notJudged, 0, "the client did not connect again"},
		{"a refusal asks for more", after(doubling), merge(refusedBy(1, 0, "503", "retry-after", "9"), refusedBy(2, 9*sec, "503")), kept, 0, ""},
		{"so does Close 1013", after(doubling), merge(closedWith(1, 0, 1013), lasting(2, 61*sec, sec)), kept, 0, ""},
		{"an attempt while another is connecting", after(doubling), merge(hung(1, 0, 9*sec), lasting(2, 5*sec, sec)), notJudged, 0, "was not over"},
		{"after a close on purpose", after(doubling), merge(conn(1, 0, open(at(sec, say("x")), at(2*sec, clientCloses(1000, "")), at(2*sec, fin(toS, passed)))...), lasting(2, 2100*ms, sec)), notJudged, 0, "perhaps on purpose"},
		{"a closing handshake takes time", after(doubling), merge(conn(1, 0, open(at(sec, serverCloses(1012, "")), at(sec, clientCloses(1012, "")), at(3*sec, fin(toC, passed)), at(3*sec, ended()))...), lasting(2, 4*sec, sec)), kept, 0, ""},
		{"or is not waited for", after(doubling), merge(conn(1, 0, open(at(sec, serverCloses(1012, "")), at(sec, clientCloses(1012, "")), at(3*sec, fin(toC, passed)), at(3*sec, ended()))...), lasting(2, 2*sec, sec)), kept, 0, ""},
		{"an end that was not seen to be earlier", after(doubling), seenAtServer(merge(conn(1, 0, open(at(sec, frozen()), at(9*sec, fin(toC, passed)), at(9*sec, ended()))...), lasting(2, 9100*ms, sec))), notJudged, 0, "the client may have ended connection 1 earlier"},
	})
	for text, events := range map[string]diagnosis.Events{"wait before every attempt, the first one after a loss included": fails(300 * ms), "look at what holds the attempt up": fails(1500 * ms)} {
		if f := of(diagnosis.RuleDelay, diagnosis.Findings(events, after(doubling)))[0]; !strings.Contains(f.Advice, text) {
			t.Errorf("%s\nadvice %q, want %q", f, f.Advice, text)
		}
	}
	judged(t, diagnosis.RuleGrowth, 0, []ruling{
		{"grows", after(doubling), fails(sec, 2*sec, 4*sec), kept, 0, "the delays grow"},
		{"does not", after(doubling), fails(sec, sec), broken, 3, "the 2nd delay (before connection 3) did not grow: it fits an earlier one (measured 1.0 s, expected 2.0 s"},
		{"does not, not promised", nothing, fails(sec, sec, sec, sec, sec), warned, 6, "4 attempts failed in a row, and the delays did not grow"},
		{"few, not promised", nothing, fails(sec, sec, sec), notJudged, 0, ""},
		{"does, not promised", nothing, fails(sec, sec, 2*sec, 4*sec, 8*sec), kept, 0, ""},
	})
	judged(t, diagnosis.RuleCap, 0, []ruling{
		{"kept", after(doubling), fails(sec, 2*sec, 4*sec, 8*sec, 8*sec), kept, 0, "2 delays came near the longest one, 8 s"},
		{"broken", after(doubling), fails(sec, 2*sec, 4*sec, 8*sec, 16*sec), broken, 6, "was longer than the longest one, 8 s"},
		{"not reached", after(doubling), fails(sec, 2*sec), notJudged, 0, "no delay came near"},
		{"none", nothing, fails(sec, 2*sec, 100*sec), notJudged, 0, "promises nothing"},
	})
	judged(t, diagnosis.RuleReset, 0, []ruling{
		{"after a stable connection", after(stable), merge(fails(sec, 2*sec, 4*sec), lasting(5, 35*sec, 20*sec), lasting(6, 56*sec, sec)), kept, 0, "start anew after stable connections only"},
		{"after one that was not", after(stable), merge(fails(sec, 2*sec, 4*sec), lasting(5, 35*sec, 2*sec), lasting(6, 38*sec, sec)), broken, 6, "the 5th delay (before connection 6) started anew after a connection that was open for 2.0 s, not 10 s"},
		{"not even then", after(stable), merge(fails(sec, 2*sec, 4*sec), lasting(5, 35*sec, 20*sec), lasting(6, 63*sec, sec)), broken, 6, "did not start anew after a connection that was open for 20.0 s"},
		{"nothing to see", after(stable), merge(lasting(1, 0, 20*sec), lasting(2, 21*sec, sec)), notJudged, 0, ""},
		{"a loop, not promised", nothing, merge(lasting(1, 0, 100*ms), lasting(2, 300*ms, 100*ms), lasting(3, 600*ms, 100*ms), lasting(4, 900*ms, 100*ms)), warned, 4, "3 connections in a row lasted less than 1 s"},
	})
	judged(t, diagnosis.RuleJitter, 0, []ruling{
		{"few delays", after(doubling.WithJitter(diagnosis.FullJitter)), fails(sec, sec), notJudged, 0, "no delay can show jitter"},
		{"all the same, not promised", nothing, merge(lasting(1, 0, sec), lasting(2, 3*sec, sec), lasting(3, 6*sec, sec), lasting(4, 9*sec, sec), lasting(5, 12*sec, sec), lasting(6, 15*sec, sec)), warned, 6, "the delays after 5 connections are all the same"},
		{"not the same", nothing, merge(lasting(1, 0, sec), lasting(2, 3*sec, sec), lasting(3, 6*sec, sec), lasting(4, 9*sec, sec), lasting(5, 12*sec, sec), lasting(6, 14*sec, sec)), kept, 0, ""},
	})
	judged(t, diagnosis.RuleAttempts, 0, []ruling{
		{"gives up", after(doubling.GivesUpAfter(3)), fails(sec, 2*sec, 4*sec), kept, 0, "gave up after 3 attempts in a row"},
		{"does not", after(doubling.GivesUpAfter(3)), fails(sec, 2*sec, 4*sec, 8*sec), broken, 5, "went on after 3 attempts"},
		{"no need to", after(doubling.GivesUpAfter(3)), fails(sec), notJudged, 0, ""},
	})
}

func TestOneAtATime(t *testing.T) {
	single := diagnosis.Policy{MaxLive: 1, Overlap: 2 * sec}
	judged(t, diagnosis.RuleOneLive, 0, []ruling{
		{"one after the other", single, merge(lasting(1, 0, 5*sec), lasting(2, 6*sec, 5*sec)), kept, 0, "2 connections, never more live"},
		{"two", single, merge(lasting(1, 0, 60*sec), lasting(2, 10*sec, 50*sec)), broken, 2, "2 connections were live at the same time, the oldest of them connection 1 (measured for 50.0 s, expected 1, or more for up to 2.2 s)"},
		{"two, not promised", nothing, merge(lasting(1, 0, 60*sec), lasting(2, 10*sec, 50*sec)), warned, 2, ""},
		{"the old one is replaced in time", single, merge(lasting(1, 0, 12*sec), lasting(2, 10*sec, 50*sec)), kept, 0, ""},
		{"a socket that is kept after the server's FIN", single, merge(conn(1, 0, open(at(9*sec, fin(toC, passed)))...), lasting(2, 10*sec, 50*sec)), broken, 2,
			"2 connections were live at the same time, the oldest of them connection 1, which the client has not closed since the server's FIN (measured for 50.0 s"},
		{"a socket that is kept after the server's Close", single, merge(conn(1, 0, open(at(9*sec, serverCloses(1001, "")))...), lasting(2, 10*sec, 50*sec)), broken, 2, "the oldest of them connection 1 (measured"},
		{"a socket that is kept after the closing handshake", single, merge(conn(1, 0, open(at(9*sec, serverCloses(1001, "")), at(9*sec, clientCloses(1001, "")), at(9*sec, fin(toC, passed)))...), lasting(2, 10*sec, 50*sec)), broken, 2, "has not closed since the server's FIN"},
		{"a socket that an RST ended", single, merge(conn(1, 0, open(at(9*sec, rst(toC, passed)))...), lasting(2, 10*sec, 50*sec)), kept, 0, ""},
		{"a socket that the kit closed", single, merge(conn(1, 0, open(at(9*sec, closed(toC)))...), lasting(2, 10*sec, 50*sec)), kept, 0, ""},
		{"a closing one is not in use", single, merge(conn(1, 0, open(at(9*sec, clientCloses(1000, "")), at(60*sec, fin(toS, passed)))...), lasting(2, 10*sec, 50*sec)), kept, 0, ""},
		{"two may live", diagnosis.Policy{MaxLive: 2}, merge(lasting(1, 0, 60*sec), lasting(2, 10*sec, 50*sec)), kept, 0, ""},
		{"three not", diagnosis.Policy{MaxLive: 2}, merge(lasting(1, 0, 60*sec), lasting(2, 10*sec, 50*sec), lasting(3, 20*sec, 10*sec)), broken, 3, "3 connections"},
		{"one that nobody reads may have been left", single, seenAtServer(merge(conn(1, 0, open(at(9*sec, frozen()), at(60*sec, fin(toC, passed)))...), lasting(2, 10*sec, 50*sec))), kept, 0, ""},
		{"different clients", diagnosis.Policy{MaxLive: 1, ClientBy: diagnosis.ClientBy{Query: "id"}}, merge(named(lasting(1, 0, 60*sec), "/?id=a"), named(lasting(2, 10*sec, 50*sec), "/?id=b")), notJudged, 0, "no client had more than one"},
		{"one", single, lasting(1, 0, sec), notJudged, 0, ""},
	})
	judged(t, diagnosis.RuleOneAttempt, 0, []ruling{
		{"one after the other", nothing, merge(hung(1, 0, 5*sec), lasting(2, 5*sec, sec)), kept, 0, "2 attempts, one at a time"},
		{"two", nothing, merge(hung(1, 0, 5*sec), lasting(2, 2*sec, sec)), broken, 2, "tried to connect while connection 1 was still connecting (measured both for 3.0 s"},
		{"two for a moment", nothing, merge(hung(1, 0, 5*sec), lasting(2, 4900*ms, sec)), kept, 0, ""},
		{"one is never given up", nothing, merge(conn(1, 0, at(0, request())), lasting(2, 2*sec, sec)), broken, 2, ""},
		{"one that nobody reads may have been given up", nothing, seenAtServer(merge(conn(1, 0, at(0, request()), at(0, frozen())), lasting(2, 2*sec, sec))), kept, 0, ""},
		{"blind to which of several programs", nothing, merge(started(0, "a"), started(0, "b"), hung(1, sec, 5*sec), lasting(2, 2*sec, sec)), notJudged, 0, "several client programs ran at the time"},
	})
	judged(t, diagnosis.RuleHandshakeTimeout, 0, []ruling{
		{"given up", diagnosis.Policy{ConnectTimeout: 5 * sec}, hung(1, 0, 5*sec), kept, 0, "1 stalled handshake given up, the slowest after 5.0 s"},
		{"too late", diagnosis.Policy{ConnectTimeout: 5 * sec}, hung(1, 0, 6*sec), broken, 1, "measured 6.0 s, expected no longer than 5 s"},
		{"never", diagnosis.Policy{ConnectTimeout: 5 * sec}, merge(conn(1, 0, at(0, request())), later(20*sec)), broken, 1, "still waits"},
		{"answered late", diagnosis.Policy{ConnectTimeout: 5 * sec}, conn(1, 0, at(0, request()), at(7*sec, response(passed, "101")), at(7*sec, opened())), broken, 1, "7.0 s"},
		{"answered in time", diagnosis.Policy{ConnectTimeout: 5 * sec}, lasting(1, 0, sec), notJudged, 0, "no handshake took 5 s"},
		{"not promised", nothing, hung(1, 0, 70*sec), warned, 1, "70.0 s"},
		{"not promised, and not long", nothing, hung(1, 0, 50*sec), notJudged, 0, ""},
		{"blind where nobody reads", diagnosis.Policy{ConnectTimeout: 5 * sec}, seenAtServer(conn(1, 0, at(0, request()), at(0, frozen()), at(20*sec, ended()))), notJudged, 1, "nobody read"},
	})
	mute := func(d time.Duration) diagnosis.Events {
		return conn(1, 0, open(at(sec, clientCloses(1000, "")), at(d, fin(toS, passed)), at(d, ended()))...)
	}
	judged(t, diagnosis.RuleCloseTimeout, 0, []ruling{
		{"cut short", diagnosis.Policy{CloseTimeout: 5 * sec}, mute(6 * sec), kept, 0, "1 closing handshake cut short, the slowest after 5.0 s"},
		{"too late", diagnosis.Policy{CloseTimeout: 5 * sec}, mute(8 * sec), broken, 1, "measured 7.0 s"},
		{"too late, but it has come back meanwhile", diagnosis.Policy{CloseTimeout: 5 * sec}, merge(mute(30*sec), lasting(2, 4*sec, 50*sec)), notJudged, 0, ""},
		{"it comes back after its delay", diagnosis.Policy{CloseTimeout: 5 * sec, Backoff: diagnosis.Fixed(10 * sec)}, merge(mute(30*sec), lasting(2, 16*sec, 50*sec)), kept, 0, ""},
		{"as slow as a browser, not promised", nothing, mute(61 * sec), notJudged, 0, ""},
		{"slower, not promised", nothing, mute(71 * sec), warned, 1, ""},
	})
}

// named makes a connection's request go to a target.
func named(events diagnosis.Events, target string) diagnosis.Events {
	for i := range events {
		if events[i].Kind == timeline.KindRequest {
			events[i].Fields = fields("method", "GET", "target", target)
		}
	}
	return events
}

func TestGivingUpRules(t *testing.T) {
	giveUp := diagnosis.Policy{GiveUpCodes: []diagnosis.Range{{From: 4000, To: 4099}}, GiveUpStatuses: diagnosis.Codes(410)}
	judged(t, diagnosis.RuleFinalCode, 0, []ruling{
		{"stops", giveUp, merge(closedWith(1, 0, 4001), later(20*sec)), kept, 0, "1 final Close, and no attempt after it"},
		{"does not", giveUp, merge(closedWith(1, 0, 4001), lasting(2, 5*sec, sec)), broken, 2, "connected again after Close 4001, which is final (measured an attempt 4.0 s later"},
		{"another code", giveUp, merge(closedWith(1, 0, 4100), lasting(2, 5*sec, sec)), notJudged, 0, ""},
		{"not promised", nothing, merge(closedWith(1, 0, 1008), lasting(2, 5*sec, sec)), warned, 2, ""},
		{"the client's own", giveUp, merge(conn(1, 0, open(at(sec, clientCloses(4001, "")), at(sec, serverCloses(4001, "")), at(sec, fin(toC, passed)))...), lasting(2, 5*sec, sec)), notJudged, 0, ""},
		{"a Close that an RST may have destroyed", giveUp, merge(conn(1, 0, open(at(sec, serverCloses(4001, "")), at(sec, rst(toC, passed)), at(sec, ended()))...), lasting(2, 5*sec, sec)), notJudged, 0, ""},
		{"too soon to tell", giveUp, closedWith(1, 0, 4001), notJudged, 0, "before the client could have"},
	})
	judged(t, diagnosis.RuleFinalStatus, 0, []ruling{
		{"stops", giveUp, merge(refusedBy(1, 0, "410"), later(20*sec)), kept, 0, "1 final status"},
		{"does not", giveUp, merge(refusedBy(1, 0, "410"), lasting(2, 5*sec, sec)), broken, 2, "after status 410"},
		{"not promised", nothing, merge(refusedBy(1, 0, "401"), lasting(2, 5*sec, sec)), warned, 2, ""},
		{"503 is not final", nothing, merge(refusedBy(1, 0, "503"), lasting(2, 5*sec, sec)), notJudged, 0, ""},
		{"a page does not see it", diagnosis.Policy{Browser: true}, merge(refusedBy(1, 0, "401"), lasting(2, 5*sec, sec)), notJudged, 0, "page"},
	})
	told := diagnosis.Policy{Reports: diagnosis.ReportNames{Disconnect: "bye"}}
	own := conn(1, 0, open(at(sec, say("x")), at(2*sec, clientCloses(1000, "")), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed)))...)
	judged(t, diagnosis.RuleDeliberate, 0, []ruling{
		{"stays away", told, merge(own, says(2*sec, "bye"), later(60*sec)), kept, 0, "1 disconnect"},
		{"comes back", told, merge(own, says(2*sec, "bye"), lasting(2, 4*sec, sec)), broken, 2, "although it had been told to disconnect (measured an attempt 2.0 s later"},
		{"says nothing", told, merge(own, lasting(2, 4*sec, sec)), notJudged, 0, `never reported "bye"`},
		{"comes back after its own Close 1000", nothing, merge(own, lasting(2, 4*sec, sec)), warned, 2, "right after its own Close 1000"},
		{"comes back much later", nothing, merge(own, lasting(2, 40*sec, sec)), notJudged, 0, ""},
		{"comes back after the server's", nothing, merge(closedWith(1, 0, 1000), lasting(2, 4*sec, sec)), notJudged, 0, ""},
		{"comes back after a heartbeat timeout", nothing, merge(conn(1, 0, open(at(sec, say("ping")), at(4*sec, clientCloses(1000, "")), at(4*sec, fin(toS, passed)))...), lasting(2, 5*sec, sec)), notJudged, 0, ""},
	})
	b := after(diagnosis.Fixed(2 * sec))
	judged(t, diagnosis.RuleRetry, 0, []ruling{
		{"comes back", b, merge(lasting(1, 0, sec), lasting(2, 3*sec, sec)), kept, 0, "the client came back 1 time"},
		{"does not", b, merge(lasting(1, 0, sec), later(20*sec)), broken, 1, "did not come back (measured no attempt for 19.0 s, expected one within 2.0 s)"},
		{"not after a refusal", b, merge(refusedBy(1, 0, "503"), later(20*sec)), broken, 1, ""},
		{"a refusal that asks to wait", b, merge(refusedBy(1, 0, "503", "retry-after", "60"), later(20*sec)), notJudged, 0, "before the client has to come back"},
		{"not yet", b, merge(lasting(1, 0, sec), later(3*sec)), notJudged, 0, "the recording ends before"},
		{"may give up", diagnosis.Policy{Backoff: diagnosis.Fixed(2 * sec), GiveUpCodes: diagnosis.Codes(4001)}, merge(closedWith(1, 0, 4001), later(60*sec)), notJudged, 0, "may give up after Close 4001"},
		{"may give up after so many", after(diagnosis.Fixed(2 * sec).GivesUpAfter(2)), merge(refusedBy(1, 0, "503"), refusedBy(2, 2*sec, "503"), refusedBy(3, 4*sec, "503"), later(60*sec)), kept, 0, ""},
		{"closed it itself", b, merge(own, later(60*sec)), notJudged, 0, "perhaps on purpose"},
		{"its program exits instead", b, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0"), later(60*sec)), broken, 1, "the client program ended, with code 0, when its connection was lost (measured an exit 1.0 s later, expected another attempt within 2.0 s)"},
		{"its program exits after a refusal", b, merge(started(0, "a"), refusedBy(1, sec, "503"), exited(2*sec, "a", "code", "0")), broken, 1, "when its attempt had failed"},
		{"its program exits, not promised", nothing, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0"), later(600*sec)), notJudged, 0, "the client program had ended"},
		{"its program is stopped", b, merge(started(0, "a"), lasting(1, 0, sec), diagnosis.Events{by("Session.Stop", exited(2*sec, "a", "code", "0")[0])}, later(60*sec)), notJudged, 0, "stopped before it had to come back"},
		{"its program is stopped too late", b, merge(started(0, "a"), lasting(1, 0, sec), diagnosis.Events{by("Session.Stop", exited(30*sec, "a", "code", "0")[0])}, later(60*sec)), broken, 1, "did not come back"},
		{"its program crashes", b, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "2"), later(60*sec)), notJudged, 0, "which R17-survives judges"},
		{"its program had ended before", b, merge(started(0, "a"), exited(sec, "a", "code", "0"), conn(1, 0, open(serverGone(sec+ms)...)...), later(60*sec)), notJudged, 0, "the client program had ended"},
		{"its program gives up", diagnosis.Policy{Backoff: diagnosis.Fixed(2 * sec), GiveUpCodes: diagnosis.Codes(4001)}, merge(started(0, "a"), closedWith(1, 0, 4001), exited(2*sec, "a", "code", "0"), later(60*sec)), notJudged, 0, "may give up after Close 4001"},
		{"its program says goodbye", b, merge(started(0, "a"), own, exited(3*sec, "a", "code", "0"), later(60*sec)), notJudged, 0, "perhaps on purpose"},
		{"its user had disconnected", diagnosis.Policy{Backoff: diagnosis.Fixed(2 * sec), Reports: diagnosis.ReportNames{Disconnect: "bye"}}, merge(started(0, "a"), says(900*ms, "bye"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0"), later(60*sec)), notJudged, 0, "told to disconnect"},
		{"one of several programs exits", diagnosis.Policy{Backoff: diagnosis.Fixed(2 * sec), ClientBy: diagnosis.ClientBy{Query: "id"}}, merge(started(0, "a"), started(0, "b"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0"), later(60*sec)), notJudged, 0, "had ended"},
		{"blind while the port is closed", b, append(seenAtServer(lasting(1, 0, sec)), timeline.Event{Seq: 98, At: 2 * sec, Kind: timeline.KindFault, Vantage: timeline.AtServer, Rule: "port", Fields: fields("does", "stopped")},
			timeline.Event{Seq: 99, At: 60 * sec, Kind: timeline.KindNote}), notJudged, 1, "the port was closed"},
		{"not promised", nothing, merge(lasting(1, 0, sec), later(120*sec)), warned, 1, ""},
		{"after its own heartbeat timeout", beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(2 * sec) }),
			merge(conn(1, 0, open(at(10*sec, say("ping")), at(15*sec, clientCloses(4000, "")), at(15*sec, fin(toS, passed)))...), later(60*sec)), broken, 1, ""},
		{"the same, with an answer to its Close in the same instant", beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(2 * sec) }),
			merge(conn(1, 0, open(at(10*sec, say("ping")), at(15*sec, clientCloses(4000, "")), at(15*sec, serverCloses(4000, "")), at(15*sec, fin(toS, passed)))...), later(60*sec)), broken, 1, "did not come back"},
		{"the same with Close 1000", beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(2 * sec) }),
			merge(conn(1, 0, open(at(10*sec, say("ping")), at(15*sec, clientCloses(1000, "")), at(15*sec, serverCloses(1000, "")), at(15*sec, fin(toS, passed)))...), later(60*sec)), broken, 1, "did not come back"},
		{"an answer in the last instant", beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(2 * sec) }),
			merge(conn(1, 0, open(at(10*sec, say("ping")), at(15*sec, hear("pong")), at(15*sec, clientCloses(1000, "")), at(15*sec, fin(toS, passed)))...), later(60*sec)), notJudged, 0, "perhaps on purpose"},
		{"after its own handshake timeout", diagnosis.Policy{ConnectTimeout: 5 * sec, Backoff: diagnosis.Fixed(2 * sec)}, merge(hung(1, 0, 5*sec), later(60*sec)), broken, 1, ""},
	})
	judged(t, diagnosis.RuleRestart, 0, []ruling{
		{"comes back", b, merge(closedWith(1, 0, 1012), lasting(2, 3*sec, sec)), kept, 0, "1 time"},
		{"does not", b, merge(closedWith(1, 0, 1001), later(60*sec)), broken, 1, "did not come back"},
		{"another end is another rule", b, merge(lasting(1, 0, sec), later(60*sec)), notJudged, 0, ""},
	})
	judged(t, diagnosis.RuleSurvives, 0, []ruling{
		{"lives", b, merge(started(0, "a"), lasting(1, 0, sec), later(9*sec)), kept, 0, "1 client program"},
		{"fails", b, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "1")), broken, 0, "ended by itself, with code 1"},
		{"exits on a loss", b, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0")), notJudged, 0, "which R13-retry judges"},
		{"exits when it is done", b, merge(started(0, "a"), own, exited(3*sec, "a", "code", "0")), kept, 0, "1 client program"},
		{"crashes, not promised", nothing, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "signal", "segmentation fault")), warned, 0, "by signal segmentation fault"},
		{"gives up", diagnosis.Policy{Backoff: diagnosis.Fixed(2 * sec), GiveUpCodes: diagnosis.Codes(4001)}, merge(started(0, "a"), closedWith(1, 0, 4001), exited(2*sec, "a", "code", "1")), notJudged, 0, "had given up"},
		{"is told to end", b, merge(started(0, "a"), diagnosis.Events{by("Session.Stop", exited(2*sec, "a", "signal", "terminated")[0])}), kept, 0, ""},
		{"nobody started it", b, lasting(1, 0, sec), notJudged, 0, ""},
	})
}

func TestWaitingRules(t *testing.T) {
	waits := diagnosis.Policy{RetryAfter: true, TryAgainAfter: 10 * sec}
	judged(t, diagnosis.RuleRetryAfter, 0, []ruling{
		{"heeded", waits, merge(refusedBy(1, 0, "503", "retry-after", "7"), lasting(2, 7*sec, sec)), kept, 0, "1 Retry-After heeded"},
		{"not heeded", waits, merge(refusedBy(1, 0, "429", "retry-after", "7"), lasting(2, 2*sec, sec)), broken, 2, "sooner than Retry-After of a 429 asked (measured 2.0 s, expected at least 7 s)"},
		{"not heeded, not promised", nothing, merge(refusedBy(1, 0, "503", "retry-after", "7"), lasting(2, 2*sec, sec)), warned, 2, ""},
		{"a date", waits, merge(refusedBy(1, 0, "503", "retry-after", "Fri, 31 Dec 1999 23:59:59 GMT", "date", "Fri, 31 Dec 1999 23:59:49 GMT"), lasting(2, 2*sec, sec)), broken, 2, "at least 10 s"},
		{"a date without a date", waits, merge(refusedBy(1, 0, "503", "retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"), lasting(2, 2*sec, sec)), notJudged, 0, "no refusal had a Retry-After"},
		{"nonsense", waits, merge(refusedBy(1, 0, "503", "retry-after", "soon"), lasting(2, 2*sec, sec)), notJudged, 0, ""},
		{"too soon to tell", waits, merge(refusedBy(1, 0, "503", "retry-after", "7"), later(2*sec)), notJudged, 0, "before the time"},
		{"nobody came, for long enough", waits, merge(refusedBy(1, 0, "503", "retry-after", "7"), later(8*sec)), kept, 0, ""},
		{"a page does not see it", diagnosis.Policy{Browser: true}, merge(refusedBy(1, 0, "503", "retry-after", "7"), lasting(2, 2*sec, sec)), notJudged, 0, "page"},
	})
	judged(t, diagnosis.RuleTryAgain, 0, []ruling{
		{"waits", waits, merge(closedWith(1, 0, 1013), lasting(2, 11*sec, sec)), kept, 0, "1 Close 1013"},
		{"does not", waits, merge(closedWith(1, 0, 1013), lasting(2, 6*sec, sec)), broken, 2, "measured 5.0 s, expected at least 10 s"},
		{"at once, not promised", nothing, merge(closedWith(1, 0, 1013), lasting(2, 1100*ms, sec)), warned, 2, "expected at least 1 s"},
		{"after another code", waits, merge(closedWith(1, 0, 1012), lasting(2, 2*sec, sec)), notJudged, 0, ""},
	})
}
