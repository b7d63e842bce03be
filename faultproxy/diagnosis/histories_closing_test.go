package diagnosis_test

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// closingHistories are connections that somebody closed, or gave up.
func closingHistories() []history {
	return []history{
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
			diagnosis.IDHeartbeatTimeout, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"a protocol beat of the server unanswered for 20.0 s"}, "the client is gone"},
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
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{`the server sent Close 1012 "restart" (Service Restart)`, "restart"}, "deployments"},
		{"a restart while a ping is unanswered", live(join(
			[]step{at(sec, send(toC, passed, frame.Ping(nil))), at(9*sec, serverCloses(1012, ""))}, finAfter(9*sec))...),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a server that is overloaded, and waits for a pong besides", live(join(
			[]step{at(sec, send(toC, passed, frame.Ping(nil))), at(9*sec, serverCloses(1013, ""))}, finAfter(9*sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"Try Again Later"}, "hammer"},
		{"a client whose policy is its heartbeat", live(ping(sec, "1"), at(4*sec, clientCloses(1008, "pong timeout")), at(4*sec, serverCloses(1008, "")), at(4*sec, ended())),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"unanswered for 3.0 s"}, ""},
		{"a code that is not defined, made on the way to both", live(at(sec, send(toS, left, frame.Close(2000, ""))), at(sec, send(toC, left, frame.Close(2000, ""))),
			at(sec, send(toC, arrived, frame.Close(1002, ""))), at(sec, send(toS, arrived, frame.Close(1002, ""))), at(sec, fin(toC, left)), at(sec, ended())),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"2000"}, ""},
		{"the server's side ended on the way, and the client's closed", live(at(sec, fin(toS, left)), at(sec, send(toC, left, frame.Close(1001, ""))),
			at(1010*ms, send(toS, arrived, frame.Close(1001, ""))), at(1010*ms, fin(toC, left)), at(1020*ms, ended())),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a Close made on the way", live(at(sec, send(toC, left, frame.Close(1001, ""))), at(sec, send(toS, left, frame.Close(1001, ""))),
			at(1010*ms, send(toS, arrived, frame.Close(1001, ""))), at(1010*ms, fin(toC, left)), at(1020*ms, ended())),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"the server sent Close 1001"}, ""},
		{"a Close that is kept from the client", live(at(sec, send(toC, arrived, frame.Close(1012, ""))), at(2*sec, closed(toC)), at(2*sec, ended())),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"has not reached the client"}, ""},
		{"a Close made on the way to the server only", live(at(sec, send(toS, left, frame.Close(1001, ""))),
			at(1010*ms, serverCloses(1001, "")), at(1020*ms, fin(toC, passed)), at(1020*ms, ended())),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a Close made on the way to both, the server first", live(at(sec, send(toS, left, frame.Close(1012, ""))), at(sec, send(toC, left, frame.Close(1012, ""))),
			at(1010*ms, fin(toC, arrived)), at(1020*ms, fin(toC, left)), at(1020*ms, ended())),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"an empty Close", live(join([]step{at(sec, send(toC, passed, frame.EmptyClose()))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"Close without a code"}, ""},
		{"a code that is not defined", live(join([]step{at(sec, serverCloses(999, ""))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"strict clients report 1006"}, ""},
		{"API Gateway's idle timeout", live(join(chatter(sec, sec, sec), []step{at(601*sec, serverCloses(1001, "Going away"))}, finAfter(601*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Medium, []string{"AWS API Gateway's idle limit defaults to 10 min"}, "5 min"},
		{"API Gateway's longest life", live(join(chatter(sec, 7199*sec, 400*sec), []step{at(7200*sec, serverCloses(1001, "Going away"))}, finAfter(7200*sec))...),
			diagnosis.IDMaxLifetime, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Medium, []string{"at an age of 2 h 0 min: AWS API Gateway's lifetime limit defaults to 2 h"}, "no heartbeat helps"},
		{"a server that says that its idle timer ran out", live(join(chatter(sec, sec, sec), []step{at(31*sec, serverCloses(4000, "idle for too long"))}, finAfter(31*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"idle for too long", "no bytes for 30.0 s in either direction before it"}, "every 15 s"},
		{"a server that says that it shuts down", live(join([]step{at(sec, serverCloses(1000, "server shutting down"))}, finAfter(sec))...),
			diagnosis.IDRestart, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"1000"}, "drain"},
		{"a reason with a word in a word", live(join([]step{at(sec, serverCloses(1000, "shipping restarted"))}, finAfter(sec))...),
			diagnosis.IDCloseByServer, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, nil, ""},
		{"a reason about a heartbeat that nobody recorded", live(join([]step{at(sec, serverCloses(4008, "no keep-alive from client"))}, finAfter(sec))...),
			diagnosis.IDHeartbeatTimeout, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Medium, []string{"its reason speaks of the heartbeat"}, "dialect"},
		{"the same from a client", live(join([]step{at(sec, clientCloses(4008, "pong timeout")), at(sec, serverCloses(4008, ""))}, finAfter(sec))...),
			diagnosis.IDHeartbeatTimeout, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Medium, []string{"the client sent Close 4008"}, "dialect"},
		{"a policy", live(join([]step{at(sec, serverCloses(1008, "token expired"))}, finAfter(sec))...),
			diagnosis.IDPolicy, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{`Close 1008 "token expired" (Policy Violation)`}, "tokens"},
		{"a client that is not authorized", live(join([]step{at(sec, serverCloses(3000, ""))}, finAfter(sec))...),
			diagnosis.IDPolicy, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"Unauthorized"}, ""},
		{"a client's policy", live(join([]step{at(sec, clientCloses(1008, "")), at(sec, serverCloses(1008, ""))}, finAfter(sec))...),
			diagnosis.IDPolicy, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{"the client sent Close 1008"}, ""},
		{"a message that the server finds too big", live(join([]step{at(sec, say(strings.Repeat("x", 40_000))), at(sec+ms, serverCloses(1009, ""))}, finAfter(sec+ms))...),
			diagnosis.IDTooBig, diagnosis.Server, diagnosis.CloseFrame, diagnosis.Certain, []string{"from the client, has 40000 bytes"}, "limits"},
		{"a message that the client finds too big", live(
			at(sec, hear(strings.Repeat("x", 70_000))), at(sec+ms, clientCloses(1009, "")), at(sec+2*ms, fin(toS, passed)), at(sec+3*ms, ended())),
			diagnosis.IDTooBig, diagnosis.Client, diagnosis.CloseFrame, diagnosis.Certain, []string{"from the server, has 70000 bytes", "never answered"}, "limits"},
		{"a frame that no browser takes", live(
			at(sec, start(toC, frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 32, Size: 10})), at(sec+ms, fin(toS, passed)), at(sec+2*ms, ended())),
			diagnosis.IDTooBig, diagnosis.Client, diagnosis.FIN, diagnosis.Medium, []string{"declares 4294967296 bytes"}, ""},

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
		{"an HTTP error page in the stream, and a FIN behind it", live(
			at(sec, opaque(toC, "RFC 6455 section 5.2", "RSV1 set, which no negotiated extension defines")),
			at(sec, fin(toC, passed)), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Server, diagnosis.FIN, diagnosis.High, []string{"the server's side broke the protocol: RSV1"}, ""},
		{"a length nobody waits for", live(
			at(sec, start(toC, frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 63, Size: 10})),
			at(1001*ms, fin(toS, passed)), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.FIN, diagnosis.High, []string{"declared length"}, ""},
		{"code 1006 on the wire", live(at(sec, serverCloses(1006, "")), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"close code 1006", "must never be sent"}, ""},
		{"text that is not UTF-8", live(
			at(sec, hear("a\xff")), at(1001*ms, clientCloses(1007, "")), at(1002*ms, fin(toS, passed)), at(1002*ms, ended())),
			diagnosis.IDBadUTF8, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"the server's side broke the protocol: a text message has bytes that are not UTF-8 (RFC 6455 section 8.1)"}, "character set"},
		{"text that is not UTF-8, for which browsers say 1002", live(
			at(sec, hear("a\xff")), at(1001*ms, clientCloses(1002, "Invalid UTF-8 in text frame")), at(1002*ms, ended())),
			diagnosis.IDBadUTF8, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, nil, ""},
		{"a Close whose reason is not UTF-8", live(at(sec, serverCloses(1000, "\xff")), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDBadUTF8, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"section 5.5.1"}, ""},
		{"1007 for nothing that is recorded", live(at(sec, say("x")), at(1001*ms, serverCloses(1007, "")), at(1002*ms, ended())),
			diagnosis.IDBadUTF8, diagnosis.Server, diagnosis.CloseFrame, diagnosis.High, []string{"it says that the client broke the protocol"}, ""},
		{"1002 for nothing that is recorded", live(at(sec, hear("x")), at(1001*ms, clientCloses(1002, "")), at(1002*ms, ended())),
			diagnosis.IDProtocolError, diagnosis.Client, diagnosis.CloseFrame, diagnosis.High, []string{"nothing illegal is in the recording"}, ""},
	}
}
