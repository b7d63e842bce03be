package confusion

import (
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// changedHandshakeRows are answers that the proxy cuts, changes or leads elsewhere.
func changedHandshakeRows() []row {
	const group = "the proxy, handshakes changed"
	do := func(on frame.Trigger, f faultproxy.Fault) row { return rule(group, usual(), on, f) }
	deflating := do(faultproxy.Requested, faultproxy.StripDeflate{})
	deflating.client.deflate = true
	var rows []row
	for _, how := range []faultproxy.Ending{faultproxy.FIN, faultproxy.HalfClose, faultproxy.FullClose, faultproxy.RST} {
		rows = append(rows,
			do(faultproxy.Requested, faultproxy.Cut{How: how}).expect(diagnosis.IDHandshakeCut),
			do(faultproxy.Responded, faultproxy.Cut{How: how, After: 40}).expect(diagnosis.IDHandshakeCut))
	}
	for _, problem := range []faultproxy.CertificateProblem{faultproxy.Expired, faultproxy.WrongName, faultproxy.Untrusted} {
		rows = append(rows, do(faultproxy.Accepted, faultproxy.BadCertificate{Problem: problem}).secure().expect(diagnosis.IDTLS))
	}
	for _, how := range []faultproxy.Ending{faultproxy.FIN, faultproxy.RST} {
		rows = append(rows, do(faultproxy.Accepted, faultproxy.CutTLS{After: 40, How: how}).secure().expect(diagnosis.IDTLS))
	}
	return append(rows,
		do(faultproxy.Accepted, faultproxy.Delay{By: 2 * sec}).expect(diagnosis.IDStillOpen),
		// When the proxy reads at last it finds a request and a client that is gone.
		do(faultproxy.Accepted, faultproxy.Delay{By: 20 * sec}).settles(15*sec).expect(diagnosis.IDClientGone, diagnosis.IDNeverAnswered),
		do(faultproxy.Requested, faultproxy.Redirect{Location: "/elsewhere"}).expect(diagnosis.IDHandshakeRejected),
		do(faultproxy.Responded, faultproxy.Redirect{Location: "https://example.test/", Status: 307}).expect(diagnosis.IDHandshakeRejected),
		do(faultproxy.Requested, faultproxy.Unconfigured()).expect(diagnosis.IDHandshakeRejected),
		do(faultproxy.Responded, faultproxy.WithoutUpgrade()).expect(diagnosis.IDHandshakeBroken),
		do(faultproxy.Responded, faultproxy.WrongAccept()).expect(diagnosis.IDHandshakeBroken),
		do(faultproxy.Responded, faultproxy.NoAccept()).expect(diagnosis.IDHandshakeBroken),
		do(faultproxy.Responded, faultproxy.Subprotocol("v1")).expect(diagnosis.IDHandshakeBroken),
		do(faultproxy.Responded, faultproxy.Extension("x-foo")).expect(diagnosis.IDHandshakeBroken),
		do(faultproxy.Responded, faultproxy.InjectBytes{Bytes: "<html>not a frame</html>"}).expect(diagnosis.IDProtocolError),
		deflating.expect(diagnosis.IDStillOpen),
	)
}

// secure gives the proxy a certificate that the recorder in front trusts, and says
// that the proxy sees no upgrade request.
func (r row) secure() row {
	r.tls = "trusted"
	return r.unasked()
}

// shapedFrameRows are frames that the proxy damages, cuts or shuffles.
func shapedFrameRows() []row {
	const group = "the proxy, frames changed"
	do := func(c client, on frame.Trigger, f faultproxy.Fault) row { return rule(group, c, on, f) }
	page := faultproxy.InjectBytes{Bytes: "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"}
	return []row{
		do(usual(), pongs, faultproxy.Corrupt{}).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), echoes, faultproxy.Corrupt{Bytes: 5}).expect(diagnosis.IDBadUTF8),
		do(chatty(), echoes, faultproxy.Truncate{Keep: 2}).expect(diagnosis.IDStillOpen),
		// What comes next is taken for the rest of the text.
		do(usual(), echoes, faultproxy.Truncate{Keep: 2, Torn: true}).expect(diagnosis.IDBadUTF8),
		do(usual(), pongs, faultproxy.Truncate{Keep: 2}).expect(diagnosis.IDHeartbeatTimeout),
		do(chatty(), echoes, faultproxy.Split{Parts: 3, Pause: 50 * ms}).expect(diagnosis.IDStillOpen),
		do(chatty(), echoes, faultproxy.Reorder{}).expect(diagnosis.IDStillOpen),
		do(chatty(), echoes, faultproxy.Coalesce{Frames: 3}).expect(diagnosis.IDStillOpen),
		do(usual(), echoes, faultproxy.Malform{RSV: frame.RSV2}).expect(diagnosis.IDProtocolError),
		do(usual(), echoes, faultproxy.Malform{Opcode: frame.OpcodesOf(3)}).expect(diagnosis.IDProtocolError),
		do(usual(), echoes, faultproxy.Malform{FlipMask: true}).expect(diagnosis.IDProtocolError),
		do(usual(), pings, faultproxy.Malform{FlipMask: true}).expect(diagnosis.IDProtocolError),
		do(usual(), pongs, faultproxy.Malform{FlipFin: true}).expect(diagnosis.IDProtocolError),
		do(usual(), echoes, faultproxy.Malform{FlipFin: true}).expect(diagnosis.IDProtocolError),
		// Neither this client nor Node's ws minds a length of more bytes than needed.
		do(usual(), echoes, faultproxy.Malform{LengthBytes: 8}).expect(diagnosis.IDStillOpen),
		do(usual(), echoes, faultproxy.Malform{Length: 1000}).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), faultproxy.Elapsed(when), page).expect(diagnosis.IDProtocolError),
	}
}

// beatRows are heartbeats that the proxy disturbs.
func beatRows() []row {
	const group = "the proxy, to heartbeats"
	only := func(c client, rule faultproxy.Rule) row {
		return row{group: group, name: rule.String(), client: c, rules: []faultproxy.Rule{rule}}
	}
	proto := heartbeat.Protocol()
	mute := only(usual(), faultproxy.UnsolicitedPongs(2*sec)).server(fakeserver.Silent)
	return []row{
		only(usual(), faultproxy.LatePongs(sec)).expect(diagnosis.IDStillOpen),
		only(usual(), faultproxy.LatePongs(20*sec)).expect(diagnosis.IDHeartbeatTimeout),
		only(usual(), faultproxy.TwicePongs()).expect(diagnosis.IDStillOpen),
		only(usual(), faultproxy.AnswerEveryNth(2)).expect(diagnosis.IDHeartbeatTimeout),
		only(usual(), faultproxy.UnsolicitedPongs(2*sec)).expect(diagnosis.IDStillOpen),
		mute.also("a silent server").expect(diagnosis.IDHeartbeatTimeout),
		only(usual(), faultproxy.Rule{Name: "forge", On: proto.Answers(), Do: faultproxy.Forge{}}).expect(diagnosis.IDHeartbeatTimeout),
		only(quiet(), faultproxy.DropPings()).server(fakeserver.Script(fakeserver.Beat(proto, 5*sec))).expect(diagnosis.IDStillOpen),
	}
}

// pathRows are lines that are slow, broken or full.
func pathRows() []row {
	const group = "the proxy, the path"
	do := func(c client, f faultproxy.Fault) row { return rule(group, c, nil, f) }
	from := func(r row) row {
		r.rules[0].After = when
		return r.also("from %v on", when)
	}
	late := func(c client, f faultproxy.Fault) row { return rule(group, c, faultproxy.Elapsed(when), f) }
	dying := func(r row, e fakeserver.Ending) row {
		return r.server(fakeserver.Script(fakeserver.Pause(when), e)).also("the server's %v", e)
	}
	return []row{
		do(usual(), faultproxy.Rate{BytesPerSecond: 2000}).expect(diagnosis.IDStillOpen),
		from(do(usual(), faultproxy.Rate{})).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), faultproxy.Slice{Size: 3, Pause: 5 * ms}).expect(diagnosis.IDStillOpen),
		do(usual(), faultproxy.Limit{Bytes: 66, Dir: frame.ToClient}).expect(diagnosis.IDNoCloseFrame),
		do(usual(), faultproxy.ResetPeer{Delay: 2 * sec, Dir: frame.ToClient}).expect(diagnosis.IDResetByServer),
		do(chatty(), faultproxy.Limit{Bytes: 190, Dir: frame.ToServer, End: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FIN}}).expect(diagnosis.IDResetByServer),
		from(do(usual(), faultproxy.DiscardBytes{})).expect(diagnosis.IDHeartbeatTimeout),
		from(do(usual(), faultproxy.DiscardBytes{Dir: frame.ToClient})).expect(diagnosis.IDHeartbeatTimeout),
		from(do(usual(), faultproxy.DiscardBytes{Dir: frame.ToServer})).expect(diagnosis.IDHeartbeatTimeout),
		dying(do(usual(), faultproxy.SlowClose{Delay: 2 * sec}), fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame),
		dying(do(usual(), faultproxy.SlowClose{Delay: 2 * sec}), fakeserver.Reset()).expect(diagnosis.IDResetByServer),
		// A proxy that does not read from its client sees nothing of what it does.
		late(usual(), faultproxy.Freeze{Dir: frame.ToClient}).expect(diagnosis.IDHeartbeatTimeout),
		late(usual(), faultproxy.Freeze{Dir: frame.ToServer}).expect(diagnosis.IDStillOpen, diagnosis.IDHeartbeatTimeout),
		late(usual(), faultproxy.Freeze{}).expect(diagnosis.IDStillOpen, diagnosis.IDHeartbeatTimeout),
		late(usual(), faultproxy.Freeze{For: 2 * sec}).expect(diagnosis.IDStillOpen),
	}
}

// portRows are what the proxy does to its port, and to everyone at once.
func portRows() []row {
	const group = "the proxy, everyone at once"
	at := faultproxy.At(20123 * ms)
	all := func(on frame.Trigger, f faultproxy.Fault) row {
		r := rule(group, chatty(), on, f)
		r.clients = 3
		return r
	}
	only := func(c client, rule faultproxy.Rule) row {
		return row{group: group, name: rule.String(), client: c, rules: []faultproxy.Rule{rule}}
	}
	both := func(e faultproxy.Ending) faultproxy.End { return faultproxy.End{Client: e, Server: e} }
	flapped := only(chatty(), faultproxy.Flap(20123*ms, 2*sec))
	flapped.clients = 3
	down := rule(group, later(), faultproxy.At(3*sec), faultproxy.Down{})
	down.conn = 2
	return []row{
		all(at, faultproxy.Down{For: sec}).expect(diagnosis.IDStillOpen),
		all(at, faultproxy.Down{For: sec, Drop: both(faultproxy.RST)}).expect(diagnosis.IDRestart),
		all(at, faultproxy.Down{For: sec, Drop: both(faultproxy.FIN)}).expect(diagnosis.IDRestart),
		// A port that is down sees nobody.
		down.also("a client that comes back").expect(diagnosis.IDUnknown, diagnosis.IDRefused),
		flapped.expect(diagnosis.IDRestart),
		all(at, both(faultproxy.FullClose)).expect(diagnosis.IDRestart),
		all(at, faultproxy.CloseWith(1012, "")).expect(diagnosis.IDRestart),
		all(at.Staggered(2*sec), faultproxy.CloseWith(1001, "")).expect(diagnosis.IDRestart),
		only(leaver("1000"), faultproxy.IgnoreClose()).expect(diagnosis.IDCloseByClient),
		only(leaver("1000"), faultproxy.LateClose(400*ms)).expect(diagnosis.IDCloseByClient),
		rule(group, usual(), faultproxy.Elapsed(when), faultproxy.Close{Code: 1012, KeepOpen: true}).expect(diagnosis.IDRestart),
	}
}
