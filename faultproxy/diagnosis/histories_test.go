package diagnosis_test

import (
	"slices"

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
	return slices.Concat(cutHistories(), closingHistories(), handshakeHistories())
}

// cutHistories are connections that ended without a word.
func cutHistories() []history {
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
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"no default"}, "about 2 s"},
		{"lazy timer armed at the opening", live(join(chatter(200*ms, 200*ms, sec), cutByBox(2*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"1.8 s"}, "about 2 s"},
		{"configured, behind the recorder", live(join(chatter(100*ms, 510*ms, 100*ms), serverGone(2503*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"2.0 s"}, ""},
		{"configured to 200 ms", live(join(chatter(50*ms, 650*ms, 50*ms), cutByBox(850*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"no bytes for 200 ms"}, "about 200 ms"},
		{"configured to 700 ms, behind the recorder", live(join(chatter(90*ms, 810*ms, 90*ms), serverGone(1512*ms))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, []string{"702 ms"}, "about 700 ms"},
		{"a silence of 700 ms among others of 400 ms", live(join(chatter(400*ms, 4*sec, 400*ms), cutByBox(4700*ms))...),
			diagnosis.IDNoCloseFrame, diagnosis.Network, diagnosis.FIN, diagnosis.Medium, nil, ""},
		{"a server that dies when the next beat is due", live(join(chatter(2*sec, 22*sec, 2*sec), serverGone(24010*ms))...),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.Medium, nil, ""},
		{"two bytes and then nothing for 700 ms say too little", live(at(90*ms, say("a")), at(180*ms, hear("b")), at(880*ms, fin(toC, passed)), at(881*ms, ended())),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.Medium, []string{"700 ms"}, ""},
		{"reset some time after a long silence", live(join(
			[]step{at(sec, say("a"))}, chatter(400*sec, 403*sec, 100*ms), []step{at(403050*ms, rst(toC, passed)), at(403050*ms, ended())})...),
			diagnosis.IDResetByServer, diagnosis.Server, diagnosis.RST, diagnosis.High, nil, ""},
		{"a flow that a NAT forgot", live(
			at(sec, say("a")), at(1100*ms, hear("b")), at(400*sec, say("c")), at(400*sec+ms, rst(toC, passed)), at(400*sec+ms, ended())),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.RST, diagnosis.Medium, []string{"no bytes for 398.9 s", "forgotten the connection", "AWS NLB (350 s)"}, "2 min"},
		{"only the server's bytes count", live(join(
			[]step{at(sec, hear("x"))}, chatter(2*sec, 600*sec, 7*sec), cutByBox(601*sec))...),
			diagnosis.IDIdleTimeout, diagnosis.Network, diagnosis.FIN, diagnosis.Medium,
			[]string{"no bytes from the server for 10 min 0 s", "CloudFront"}, "let the server send something"},
		{"the server was silent for nearly as long as the client", live(
			at(500*ms, hear("x")), at(1300*ms, say("x")), at(2200*ms, hear("x")), at(4317*ms, fin(toC, passed)), at(4318*ms, ended())),
			diagnosis.IDNoCloseFrame, diagnosis.Server, diagnosis.FIN, diagnosis.Medium, nil, ""},
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

		{"an age of 5.5 s is no limit", live(join(chatter(100*ms, 5430*ms, 100*ms), cutByBox(5500*ms))...),
			diagnosis.IDNoCloseFrame, diagnosis.Network, diagnosis.FIN, diagnosis.High, nil, ""},
		{"a limit of 5 s after a silence of no round length", live(join(
			[]step{at(1230*ms, say("x")), at(2500*ms, say("x")), at(3310*ms, hear("y"))}, cutByBox(5*sec))...),
			diagnosis.IDMaxLifetime, diagnosis.Network, diagnosis.FIN, diagnosis.Low, []string{"cut at an age of 5.0 s, the last bytes 1.7 s before"}, ""},

		// TCP ends without a word.
		{"the server's side cut, the client's kept", live(ping(sec, "1"), pong(1010*ms, "1"),
			at(1500*ms, closed(toS)), ping(2*sec, "2"), at(4*sec, clientCloses(4000, "")), at(5*sec, fin(toS, arrived)), at(5*sec, ended())),
			diagnosis.IDHalfOpen, diagnosis.Network, diagnosis.FIN, diagnosis.Certain, []string{"the client's kept open", "it gave up 2.5 s later"}, "heartbeat"},
		{"the same with a client that does not notice", live(at(sec, say("a")), at(1500*ms, rst(toS, left)), at(9*sec, send(toS, arrived, frame.Text("b")))),
			diagnosis.IDHalfOpen, diagnosis.Network, diagnosis.RST, diagnosis.Certain, []string{"nothing tells the client"}, ""},
		{"the client's side cut much later", live(at(sec, say("a")), at(1500*ms, closed(toS)), at(9*sec, closed(toC)), at(9*sec, ended())),
			diagnosis.IDHalfOpen, diagnosis.Network, diagnosis.FIN, diagnosis.Certain, []string{"for 7.5 s, until its own side was ended too"}, ""},
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
	}
}
