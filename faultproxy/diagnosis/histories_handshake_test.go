package diagnosis_test

import "github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"

// handshakeHistories are connections that did not open, or did not end.
func handshakeHistories() []history {
	return []history{
		// Handshakes.
		{"rejected by the server", one(at(0, request()), at(0, dialed("")), at(ms, response(passed, "503", "retry-after", "120")), at(2*ms, fin(toC, passed)), at(2*ms, ended())),
			diagnosis.IDHandshakeRejected, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"status 503", "Retry-After 120"}, "Retry-After"},
		{"rejected by a rule", one(at(0, request()), at(ms, by("reject", response(left, "401"))), at(2*ms, closed(toC)), at(2*ms, ended())),
			diagnosis.IDHandshakeRejected, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"status 401"}, "credentials"},
		{"refused", one(at(0, request()), at(ms, dialed("dial tcp 127.0.0.1:9000: connect: connection refused")), at(ms, response(left, "502")), at(ms, closed(toC)), at(ms, ended())),
			diagnosis.IDRefused, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"connection refused", "status 502"}, "start the server"},
		{"no such host", one(at(0, request()), at(ms, dialed("lookup nowhere: no such host")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDUpstreamDown, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"no such host"}, "name resolution"},
		{"redirected", one(at(0, request()), at(ms, response(passed, "302", "location", "https://example.test/")), at(2*ms, fin(toC, passed)), at(2*ms, ended())),
			diagnosis.IDHandshakeRejected, diagnosis.Server, diagnosis.NeverOpened, diagnosis.Certain, []string{"Location https://example.test/"}, "follow no redirect"},
		{"a certificate that the proxy does not trust", one(at(0, request()), at(ms, dialed("tls: failed to verify certificate: x509: certificate has expired")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDTLS, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"certificate has expired", "status 502"}, "expired"},
		{"a certificate of an unknown issuer", one(at(0, request()), at(ms, dialed("x509: certificate signed by unknown authority")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDTLS, diagnosis.Network, diagnosis.NeverOpened, diagnosis.Certain, []string{"unknown authority"}, ""},
		{"never answered", one(at(0, request()), at(0, dialed("")), at(45*sec, fin(toS, passed)), at(45*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, []string{"within 45.0 s, then the client gave up"}, "timeout"},
		{"an answer that was kept back", one(at(0, request()), at(0, dialed("")), at(ms, response(arrived, "101")), at(45*sec, fin(toS, passed)), at(45*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, []string{"had answered with status 101 after 1 ms, which did not reach the client"}, ""},
		{"the client left while the server was dialed", one(at(0, request()), at(5*sec, dialed("context canceled")), at(5*sec, fin(toS, arrived)), at(5*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.NeverOpened, diagnosis.High, []string{"within 5.0 s"}, ""},
		{"a gateway timeout", one(at(0, request()), at(0, dialed("")), at(10*sec, trouble("the upstream did not answer within 10s")), at(10*sec, response(left, "504")), at(10*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"did not answer within 10s", "status 504"}, ""},
		{"a bad gateway", one(at(0, request()), at(0, dialed("")), at(ms, trouble("the upstream speaks no HTTP")), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDHandshakeBroken, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"the upstream speaks no HTTP 1 ms after", "status 502"}, ""},
		{"cut before the answer, by which the gateway says 502", one(at(0, request()), at(0, dialed("")), at(ms, fin(toC, arrived)), at(ms, response(left, "502")), at(ms, ended())),
			diagnosis.IDHandshakeCut, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"status 502"}, ""},
		{"never answered, for which the gateway says 502", one(at(0, request()), at(0, dialed("")), at(60*sec, trouble("the upstream did not answer within 1m0s")), at(60*sec, response(left, "502")), at(60*sec, ended())),
			diagnosis.IDNeverAnswered, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"did not answer within 1m0s", "status 502"}, ""},
		{"cut before the answer, by which the gateway says 500", one(at(0, request()), at(0, dialed("")), at(ms, fin(toC, arrived)), at(ms, response(left, "500")), at(ms, ended())),
			diagnosis.IDHandshakeCut, diagnosis.Server, diagnosis.NeverOpened, diagnosis.High, []string{"status 500"}, ""},
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
