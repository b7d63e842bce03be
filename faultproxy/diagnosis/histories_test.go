package diagnosis_test

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// history is a hand-written recording and what must be said of it.
type history struct {
	name   string
	events diagnosis.Events
	id     diagnosis.ID
	by     diagnosis.Party
	how    diagnosis.How
	sure   diagnosis.Confidence
	text   []string // must be in the cause's text
	advice string   // must be in its advice
}

func histories() []history {
	ping := func(d time.Duration, payload string) step {
		return at(d, send(toS, passed, frame.Ping([]byte(payload))))
	}
	pong := func(d time.Duration, payload string) step {
		return at(d, send(toC, passed, frame.Pong([]byte(payload))))
	}
	return []history{
		// Idle timeouts.
		{"nginx at its default", live(join(chatter(sec, 3*sec, sec), cutByBox(63*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High,
			[]string{"no bytes for 60.0 s in either direction, then FIN without a close frame", "nginx's proxy_read_timeout defaults to 60 s"},
			"beat more often than every 30 s, or raise proxy_read_timeout"},
		{"nginx, 300 ms early", live(join(chatter(sec, 3*sec, sec), cutByBox(62701*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"nginx"}, ""},
		{"nginx behind the recorder", live(join(chatter(sec, 3*sec, sec), serverGone(63*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"nginx"}, ""},
		{"silent from the beginning", live(cutByBox(60 * sec)...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"nginx"}, ""},
		{"Heroku", live(join(chatter(sec, 3*sec, sec), cutByBox(58*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"Heroku"}, "27.5 s"},
		{"Azure's TCP Reset", live(join(chatter(sec, 3*sec, sec), []step{at(243*sec, rst(toC, passed)), at(243*sec, ended())})...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.RST, diagnosis.High, []string{"Azure Load Balancer with TCP Reset"}, ""},
		{"configured to 2 s", live(join(chatter(100*ms, 500*ms, 100*ms), cutByBox(2500*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium,
			[]string{"no bytes for 2.0 s in either direction", "no default of a known middlebox"}, "look for a timeout of about 2 s on the path"},
		{"configured to 2 s, fired early by its lazy timer", live(join(chatter(100*ms, 500*ms, 100*ms), cutByBox(2320*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Low, []string{"no default"}, "about 2 s"},
		{"lazy timer armed at the opening", live(join(chatter(200*ms, 200*ms, sec), cutByBox(2*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Low, []string{"1.8 s"}, "about 2 s"},
		{"configured, behind the recorder", live(join(chatter(100*ms, 510*ms, 100*ms), serverGone(2503*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"2.0 s"}, ""},
		{"reset some time after a long silence", live(join(
			[]step{at(sec, say("a"))}, chatter(400*sec, 403*sec, 100*ms), []step{at(403050*ms, rst(toC, passed)), at(403050*ms, ended())})...),
			diagnosis.IDResetByServer, diagnosis.Server, diagnosis.RST, diagnosis.High, nil, ""},
		{"a flow that a NAT forgot", live(
			at(sec, say("a")), at(1100*ms, hear("b")), at(400*sec, say("c")), at(400*sec+ms, rst(toC, passed)), at(400*sec+ms, ended())),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.RST, diagnosis.Medium, []string{"no bytes for 398.9 s", "forgotten the connection", "AWS NLB (350 s)"}, "2 min"},
		{"only the server's bytes count", live(join(
			[]step{at(sec, hear("x"))}, chatter(2*sec, 600*sec, sec), cutByBox(601*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium,
			[]string{"no bytes from the server for 10 min 0 s", "CloudFront"}, "let the server send something"},
		{"only the client's bytes count, not a default", live(join(
			[]step{at(330*ms, say("x")), at(900*ms, hear("x")), at(1700*ms, hear("x")), at(2800*ms, hear("x"))}, cutByBox(3330*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Low,
			[]string{"no bytes from the client for 3.0 s"}, "let the client send something"},

		// Lifetimes.
		{"GCP's backend timeout", live(join(chatter(sec, 29500*ms, 500*ms), cutByBox(30*sec))...),
			diagnosis.IDMaxLifetime, diagnosis.Network, diagnosis.FIN, diagnosis.Medium,
			[]string{"cut at an age of 30.0 s", "GCP"}, "no heartbeat helps"},
		{"a limit of 5 s", live(join(chatter(100*ms, 4900*ms, 100*ms), cutByBox(5*sec))...),
			diagnosis.IDMaxLifetime, diagnosis.Network, diagnosis.FIN, diagnosis.Low, []string{"cut at an age of 5.0 s", "round number"}, ""},

		{"a limit of 5 s after a silence of no round length", live(join(
			[]step{at(1230*ms, say("x")), at(2500*ms, say("x")), at(3310*ms, hear("y"))}, cutByBox(5*sec))...),
			diagnosis.IDMaxLifetime, diagnosis.Network, diagnosis.FIN, diagnosis.Low, []string{"cut at an age of 5.0 s, the last bytes 1.7 s before"}, ""},

		// Heartbeats.
		{"the client's pings", live(ping(sec, "1"), pong(1010*ms, "1"), ping(2*sec, "2"),
			at(4*sec, clientCloses(4000, "no pong")), at(4010*ms, serverCloses(4000, "no pong")), at(4020*ms, fin(toC, passed)), at(4030*ms, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High,
			[]string{`the client ended the connection (Close 4000 "no pong")`, "a protocol beat of the client unanswered for 2.0 s", "nothing came from the server"}, "the server is gone"},
		{"text beats, pongs dropped, data flows", live(
			at(3*sec, say("ping")), at(3010*ms, send(toC, arrived, frame.Text("pong"))), at(4*sec, hear("news")),
			at(6*sec, send(toS, passed, frame.EmptyClose())), at(6*sec, send(toC, passed, frame.EmptyClose())), at(6*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High,
			[]string{"a text beat", "although data still came from the server"}, "Any data is a sign of life"},
		{"terminated without a Close", live(ping(sec, ""), pong(1010*ms, ""), ping(2*sec, ""), at(3*sec, fin(toS, passed)), at(3*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.FIN, diagnosis.High, []string{"FIN without a close frame"}, ""},
		{"Close 1000 with a beat unanswered", live(ping(sec, "1"), at(3*sec, clientCloses(1000, "")), at(3*sec, serverCloses(1000, "")), at(3*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Medium, []string{"unanswered for 2.0 s"}, ""},
		{"the server's pings", live(
			at(sec, send(toC, passed, frame.Ping([]byte("1")))), at(21*sec, serverCloses(1011, "keepalive ping timeout")), at(21*sec, fin(toC, passed)), at(21*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Medium, []string{"a protocol beat of the server unanswered for 20.0 s"}, "the client is gone"},
		{"the server's pings, then FIN", live(join(
			[]step{at(sec, send(toC, passed, frame.Ping([]byte("1"))))}, serverGone(31*sec))...),
			diagnosis.IDHeartbeatTimeout, diagnosis.Server, diagnosis.FIN, diagnosis.Medium, []string{"of the server"}, ""},
		{"six beats missed, and Close 1000", live(ping(sec, "1"), ping(2*sec, "2"), ping(3*sec, "3"), ping(4*sec, "4"), ping(5*sec, "5"), ping(6*sec, "6"),
			at(6500*ms, clientCloses(1000, "")), at(6500*ms, serverCloses(1000, "")), at(6500*ms, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"the server's ping unanswered when a box cut", live(join(
			[]step{at(sec, send(toC, passed, frame.Ping([]byte("1"))))}, cutByBox(61*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"nginx"}, ""},
		{"a beat on its way does not count", live(ping(sec, "1"), at(1020*ms, clientCloses(1000, "")), at(1030*ms, serverCloses(1000, "")), at(1030*ms, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"nor one that is slow as always", live(ping(sec, "1"), pong(2*sec, "1"), ping(3*sec, "2"), at(4*sec, clientCloses(1000, "")), at(4*sec, serverCloses(1000, "")), at(4*sec, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a page that leaves", live(ping(sec, "1"), at(3*sec, clientCloses(1001, "")), at(3*sec, fin(toS, passed)), at(3*sec, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{"the client sent Close 1001 (Going Away)"}, ""},
		{"an unsolicited pong is no answer", live(pong(500*ms, "x"), ping(sec, "1"), pong(1500*ms, "x"),
			at(4*sec, clientCloses(3000, "")), at(4*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"for 3.0 s"}, ""},

		// Silence.
		{"a server that is silent", live(at(sec, say("a")), at(1010*ms, hear("b")), at(2*sec, say("c")), at(9*sec, clientCloses(1000, "")), at(39*sec, fin(toS, passed)), at(39*sec, ended())),
			diagnosis.IDHalfOpen, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Medium,
			[]string{"after 8.0 s without a byte from the server", "it had sent something 7.0 s before", "its Close was not answered either"}, "heartbeat"},
		{"what the server says does not get through", live(at(sec, hear("b")), at(2*sec, send(toC, arrived, frame.Text("c"))), at(9*sec, fin(toS, passed)), at(9*sec, ended())),
			diagnosis.IDHalfOpen, diagnosis.Client, diagnosis.FIN, diagnosis.Medium, []string{"8.0 s without a byte"}, ""},

		{"a silence unlike before, and the client drops TCP", live(
			at(sec, say("a")), at(1010*ms, hear("b")), at(2*sec, say("a")), at(2010*ms, hear("b")), at(3*sec, say("c")), at(9*sec, rst(toS, passed)), at(9*sec, ended())),
			diagnosis.IDHalfOpen, diagnosis.Client, diagnosis.RST, diagnosis.Medium, []string{"7.0 s without a byte"}, ""},
		{"a client that talks to a server of few words, and dies", live(join([]step{at(sec, hear("hello"))},
			chatter(2*sec, 30*sec, sec), []step{at(30500*ms, fin(toS, passed)), at(30500*ms, ended())})...),
			diagnosis.IDClientGone, diagnosis.Client, diagnosis.FIN, diagnosis.High, nil, ""},

		{"a silence as often before, and the client drops TCP", live(
			at(sec, say("a")), at(4*sec, hear("b")), at(5*sec, say("a")), at(6*sec, hear("b")), at(7*sec, say("c")), at(9*sec, rst(toS, passed)), at(9*sec, ended())),
			diagnosis.IDResetByClient, diagnosis.Client, diagnosis.RST, diagnosis.High, nil, ""},
		{"a Close right after a message", live(at(sec, hear("a")), at(2*sec, say("bye")), at(2300*ms, clientCloses(1000, "")), at(2400*ms, fin(toS, passed)), at(2400*ms, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{"never answered"}, ""},

		// Closes.
		{"the client's close()", live(at(sec, say("a")), at(2*sec, clientCloses(1000, "done")), at(2*sec, serverCloses(1000, "done")), at(2*sec, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{`the client sent Close 1000 "done"`}, ""},
		{"a Close that is never answered", live(at(sec, hear("a")), at(1500*ms, clientCloses(1000, "")), at(61*sec, fin(toS, passed)), at(61*sec, ended())),
			diagnosis.IDCloseByClient, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{"never answered the Close"}, "5.5.1"},
		{"a restart", live(join([]step{at(sec, serverCloses(1012, "restart")), at(sec, clientCloses(1012, "restart"))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{`the server sent Close 1012 "restart" (Service Restart)`, "restart"}, "deployments"},
		{"a restart while a ping is unanswered", live(join(
			[]step{at(sec, send(toC, passed, frame.Ping(nil))), at(9*sec, serverCloses(1012, ""))}, finAfter(9*sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a Close made on the way", live(at(sec, send(toC, left, frame.Close(1001, ""))), at(sec, send(toS, left, frame.Close(1001, ""))),
			at(1010*ms, send(toS, arrived, frame.Close(1001, ""))), at(1010*ms, fin(toC, left)), at(1020*ms, ended())),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"the server sent Close 1001"}, ""},
		{"a Close that is kept from the client", live(at(sec, send(toC, arrived, frame.Close(1012, ""))), at(2*sec, closed(toC)), at(2*sec, ended())),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"has not reached the client"}, ""},
		{"a Close made on the way to the server only", live(at(sec, send(toS, left, frame.Close(1001, ""))),
			at(1010*ms, serverCloses(1001, "")), at(1020*ms, fin(toC, passed)), at(1020*ms, ended())),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a Close made on the way to both, the server first", live(at(sec, send(toS, left, frame.Close(1012, ""))), at(sec, send(toC, left, frame.Close(1012, ""))),
			at(1010*ms, fin(toC, arrived)), at(1020*ms, fin(toC, left)), at(1020*ms, ended())),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"an empty Close", live(join([]step{at(sec, send(toC, passed, frame.EmptyClose()))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"Close without a code"}, ""},
		{"a code that is not defined", live(join([]step{at(sec, serverCloses(999, ""))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"strict clients report 1006"}, ""},
		{"API Gateway's idle timeout", live(join(chatter(sec, sec, sec), []step{at(601*sec, serverCloses(1001, "Going away"))}, finAfter(601*sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"AWS API Gateway's idle limit defaults to 10 min"}, ""},

		// Protocol errors.
		{"a masked server frame", live(
			at(sec, raw(toC, passed, frame.Text("x").WithMask([4]byte{1}))),
			at(1001*ms, clientCloses(1002, "Masked frame from server")), at(1002*ms, fin(toS, passed)), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"the server's side broke the protocol", "masked", "RFC 6455 section 5.1"}, ""},
		{"an unmasked client frame", live(
			at(sec, raw(toS, passed, frame.Text("x"))), at(1001*ms, serverCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"the client's side broke the protocol"}, ""},
		{"an HTTP error page in the stream", live(
			at(sec, opaque(toC, "RFC 6455 section 5.2", "RSV1 set, which no negotiated extension defines")),
			at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"RSV1"}, ""},
		{"a length nobody waits for", live(
			at(sec, start(toC, frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 63, Size: 10})),
			at(1001*ms, fin(toS, passed)), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.FIN, diagnosis.High, []string{"declared length"}, ""},
		{"code 1006 on the wire", live(at(sec, serverCloses(1006, "")), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"close code 1006", "must never be sent"}, ""},
		{"1002 for nothing that is recorded", live(at(sec, hear("x")), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"nothing illegal is in the recording"}, ""},

		// TCP ends without a word.
		{"a server process that died", live(join(chatter(100*ms, 3300*ms, 100*ms), serverGone(3370*ms))...),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.High, []string{"FIN without a close frame, sent by the server's side", "the last bytes 70 ms before"}, "logs"},
		{"cut in use, by the network", live(join(chatter(100*ms, 3200*ms, 100*ms), cutByBox(3233*ms))...),
			diagnosis.IDNoCloseFrame, diagnosis.Network, diagnosis.FIN, diagnosis.High, []string{"made between client and server"}, ""},
		{"a silence that was longer before is no timer's", live(
			at(sec, say("a")), at(8*sec, say("b")), at(9510*ms, say("c")), at(11530*ms, fin(toC, passed)), at(11531*ms, ended())),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.Medium, []string{"2.0 s"}, ""},
		{"a client that never said anything", live(
			at(500*ms, hear("a")), at(900*ms, hear("b")), at(1300*ms, hear("c")), at(1900*ms, hear("d")), at(2300*ms, hear("e")), at(2500*ms, fin(toC, passed)), at(2501*ms, ended())),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.High, []string{"200 ms before"}, ""},
		{"a violation that its own author followed with a FIN", live(
			at(sec, raw(toC, passed, frame.Text("x").WithMask([4]byte{1}))), at(1310*ms, fin(toC, passed)), at(1311*ms, ended())),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.High, nil, ""},
		{"a violation long ago", live(join([]step{at(sec, raw(toC, passed, frame.Text("x").WithMask([4]byte{1})))},
			chatter(1100*ms, 4600*ms, 100*ms), []step{at(4660*ms, fin(toS, passed)), at(4661*ms, ended())})...),
			diagnosis.IDClientGone, diagnosis.Client, diagnosis.FIN, diagnosis.High, nil, ""},
		{"reset by the server", live(join(chatter(100*ms, 3300*ms, 100*ms), []step{at(3370*ms, rst(toC, passed)), at(3370*ms, ended())})...),
			diagnosis.IDResetByServer, diagnosis.Server, diagnosis.RST, diagnosis.High, []string{"an RST, sent by the server's side"}, ""},
		{"reset in between", live(at(2*sec, rst(toC, left)), at(2*sec, closed(toS)), at(2*sec, ended())),
			diagnosis.IDResetByServer, diagnosis.Network, diagnosis.RST, diagnosis.High, []string{"made between client and server"}, ""},
		{"reset by the client", live(at(sec, hear("a")), at(2*sec, rst(toS, passed)), at(2*sec, ended())),
			diagnosis.IDResetByClient, diagnosis.Client, diagnosis.RST, diagnosis.High, []string{"an RST from the client after 2.0 s"}, ""},
		{"the client was killed", live(at(sec, hear("a")), at(2*sec, fin(toS, passed)), at(2*sec, fin(toC, passed)), at(2*sec, ended())),
			diagnosis.IDClientGone, diagnosis.Client, diagnosis.FIN, diagnosis.High, []string{"ended TCP after 2.0 s without a Close frame"}, ""},

		// Handshakes.
		{"rejected by the server", one(at(0, request()), at(0, dialed("")), at(ms, response(passed, "503", "retry-after", "120")), at(2*ms, fin(toC, passed)), at(2*ms, ended())),
			diagnosis.IDHandshakeRejected, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"status 503", "Retry-After 120"}, "Retry-After"},
		{"rejected by a rule", one(at(0, request()), at(ms, by("reject", response(left, "401"))), at(2*ms, closed(toC)), at(2*ms, ended())),
			diagnosis.IDHandshakeRejected, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"status 401"}, "credentials"},
		{"refused", one(at(0, request()), at(ms, dialed("dial tcp 127.0.0.1:9000: connect: connection refused")), at(ms, response(left, "502")), at(ms, closed(toC)), at(ms, ended())),
			diagnosis.IDRefused, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"connection refused", "status 502"}, "start the server"},
		{"no such host", one(at(0, request()), at(ms, dialed("lookup nowhere: no such host")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDUpstreamDown, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"no such host"}, "name resolution"},
		{"never answered", one(at(0, request()), at(0, dialed("")), at(45*sec, fin(toS, passed)), at(45*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, []string{"within 45.0 s, then the client gave up"}, "timeout"},
		{"an answer that was kept back", one(at(0, request()), at(0, dialed("")), at(ms, response(arrived, "101")), at(45*sec, fin(toS, passed)), at(45*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, nil, ""},
		{"the client left while the server was dialed", one(at(0, request()), at(5*sec, dialed("context canceled")), at(5*sec, fin(toS, arrived)), at(5*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, []string{"within 5.0 s"}, ""},
		{"a gateway timeout", one(at(0, request()), at(0, dialed("")), at(10*sec, trouble("the upstream did not answer within 10s")), at(10*sec, response(left, "504")), at(10*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"did not answer within 10s", "status 504"}, ""},
		{"a bad gateway", one(at(0, request()), at(0, dialed("")), at(ms, trouble("the upstream speaks no HTTP")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDHandshakeBroken, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"the upstream speaks no HTTP 1 ms after", "status 502"}, ""},
		{"cut before the answer, by which the gateway says 502", one(at(0, request()), at(0, dialed("")), at(ms, fin(toC, arrived)), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDHandshakeCut, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"status 502"}, ""},
		{"cut before the answer", one(at(0, request()), at(0, dialed("")), at(20*ms, fin(toC, passed)), at(20*ms, ended())),
			diagnosis.IDHandshakeCut, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"(FIN) 20 ms after"}, ""},
		{"reset before the answer", one(at(0, request()), at(0, rst(toC, left)), at(0, ended())),
			diagnosis.IDHandshakeCut, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"a reset (RST)"}, ""},
		{"the client left while connecting", one(at(0, request()), at(0, dialed("")), at(20*ms, fin(toS, passed)), at(20*ms, ended())),
			diagnosis.IDClientGone, diagnosis.Client, diagnosis.NeverOpened, diagnosis.Medium, []string{"before an answer"}, ""},
		{"a 101 without effect", one(at(0, request()), at(0, dialed("")), at(ms, response(passed, "101")), at(2*ms, fin(toS, passed)), at(2*ms, ended())),
			diagnosis.IDHandshakeBroken, diagnosis.Client, diagnosis.NeverOpened, diagnosis.Medium, nil, "4.2.2"},

		// Not over, or not seen.
		{"still open", live(at(sec, hear("a")), at(3*sec, say("b"))),
			diagnosis.IDStillOpen, diagnosis.Unknown, diagnosis.StillOpen, diagnosis.Certain, []string{"open for 3.0 s"}, ""},
		{"open, with beats unanswered", live(ping(sec, "1"), at(30*sec, say("b"))),
			diagnosis.IDStillOpen, diagnosis.Unknown, diagnosis.StillOpen, diagnosis.Certain, []string{"unanswered for 29.0 s"}, "answer timeout"},
		{"still connecting", one(at(0, request()), at(0, dialed(""))),
			diagnosis.IDStillOpen, diagnosis.Unknown, diagnosis.StillOpen, diagnosis.Certain, []string{"waiting for the answer"}, ""},
		{"about to open", one(at(0, request()), at(0, response(passed, "101"))),
			diagnosis.IDStillOpen, diagnosis.Unknown, diagnosis.StillOpen, diagnosis.Medium, nil, ""},
		{"an end nobody saw", live(at(sec, hear("a")), at(2*sec, ended())),
			diagnosis.IDUnknown, diagnosis.Unknown, diagnosis.NotSeen, diagnosis.Low, nil, ""},
		{"nothing at all", nil,
			diagnosis.IDUnknown, diagnosis.Unknown, diagnosis.NeverOpened, diagnosis.Low, nil, ""},
	}
}
