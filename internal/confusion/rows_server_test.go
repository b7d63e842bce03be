package confusion

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// serves is a row of what a server does, which is its name.
func serves(group string, c client, h fakeserver.Handler) row {
	return row{group: group, name: h.String(), client: c, handlers: []fakeserver.Handler{h}}
}

// serverRows are the ways of a server to end, to be mute and to be dead.
func serverRows() []row {
	const group = "the server"
	do := func(c client, steps ...fakeserver.Step) row { return serves(group, c, fakeserver.Script(steps...)) }
	then := func(e fakeserver.Ending) row { return do(usual(), fakeserver.Pause(when), e) }
	proto := heartbeat.Protocol()
	rows := []row{
		{group: group, name: "Echo", client: usual(), handlers: []fakeserver.Handler{fakeserver.Echo}, want: diagnosis.IDStillOpen},
		{group: group, name: "Silent", client: usual(), handlers: []fakeserver.Handler{fakeserver.Silent}, want: diagnosis.IDHeartbeatTimeout},
		serves(group, usual(), fakeserver.Func("resets after a message", func(c *fakeserver.Conn) {
			if _, err := c.Next(c.Context()); err == nil {
				_ = c.Reset()
			}
		})).expect(diagnosis.IDResetByServer),
		then(fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame),
		then(fakeserver.HalfClose()).expect(diagnosis.IDNoCloseFrame),
		then(fakeserver.Reset()).expect(diagnosis.IDResetByServer),
		// A server that is frozen or reads nothing records nothing of what is sent to it.
		then(fakeserver.Freeze()).expect(diagnosis.IDStillOpen, diagnosis.IDHeartbeatTimeout),
		then(fakeserver.GoDark()).expect(diagnosis.IDHeartbeatTimeout),
		then(fakeserver.StopReading()).expect(diagnosis.IDStillOpen, diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.Never)).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.StopAfter(3))).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.EveryNth(2))).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.Late(sec))).expect(diagnosis.IDStillOpen),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.Late(9*sec))).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.Wrong)).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), fakeserver.AnswerBeats(proto, fakeserver.Twice)).expect(diagnosis.IDStillOpen),
		do(usual(), fakeserver.Beat(proto, 5*sec)).expect(diagnosis.IDStillOpen),
		do(usual(), fakeserver.Ignore(frame.Op(frame.OpPing))).expect(diagnosis.IDHeartbeatTimeout),
		do(quiet(), fakeserver.WhenIdle(20*sec, frame.Both, fakeserver.Fin())).expect(diagnosis.IDIdleTimeout),
		do(quiet(), fakeserver.WhenIdle(20*sec, frame.ToServer, fakeserver.Fin()), fakeserver.Every(3700*ms, fakeserver.Send(frame.Text("news")))).expect(diagnosis.IDIdleTimeout),
		do(talker(), fakeserver.WhenIdle(20*sec, frame.ToClient, fakeserver.Fin())).also("never a byte of the server's").expect(diagnosis.IDIdleTimeout),
		do(talker(), fakeserver.WhenIdle(20*sec, frame.ToClient, fakeserver.Fin()), fakeserver.Pause(2600*ms), fakeserver.Send(frame.Text("welcome"))).expect(diagnosis.IDIdleTimeout),
		do(quiet(), fakeserver.WhenIdle(20*sec, frame.Both, fakeserver.Close(1000, "idle for too long"))).expect(diagnosis.IDIdleTimeout),
		do(usual(), fakeserver.WaitFor(frame.Op(frame.OpPing)).Times(2), fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame),
		do(usual(), fakeserver.Every(4*sec, fakeserver.Send(frame.Text("news"))), fakeserver.Pause(when), fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame),
		do(leaver("1000"), fakeserver.On(frame.Op(frame.OpClose), fakeserver.Pause(400*ms), fakeserver.EchoClose())).expect(diagnosis.IDCloseByClient),
		do(leaver("1000"), fakeserver.On(frame.Op(frame.OpClose), fakeserver.Send(frame.Ping(nil)), fakeserver.EchoClose())).expect(diagnosis.IDCloseByClient),
		do(leaver("1000"), fakeserver.On(frame.Op(frame.OpClose))).expect(diagnosis.IDCloseByClient),
		do(usual(), fakeserver.Session(heartbeat.Phoenix()), fakeserver.Pause(when), fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame),
		do(usual(), fakeserver.Repeat(fakeserver.Pause(4*sec), fakeserver.Send(frame.Text("news"))).Times(3), fakeserver.Reset()).expect(diagnosis.IDResetByServer),
		do(usual(), fakeserver.Expect(frame.Text("hello")), fakeserver.Reply("welcome"), fakeserver.Pause(when), fakeserver.Reset()).expect(diagnosis.IDResetByServer),
	}
	for _, code := range codes {
		if code != 0 {
			rows = append(rows, then(fakeserver.Close(code, "")).expect(meanings[code]))
		}
	}
	raw := func(what string, b string) row {
		r := do(usual(), fakeserver.Pause(when), fakeserver.SendRaw([]byte(b)))
		r.name = "SendRaw: " + what
		return r
	}
	page := "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
	half := do(usual(), fakeserver.Pause(when), fakeserver.SendRaw(frame.Text(strings.Repeat("x", 100)).Append(nil)[:40]), fakeserver.Fin())
	half.name = "SendRaw: half a frame, then Fin()"
	return append(rows,
		// What the server sends raw it records as bytes, not as frames.
		raw("an error page in the stream", page).expect(diagnosis.IDProtocolError),
		raw("a masked frame", string(frame.Text("x").WithMask([4]byte{1, 2, 3, 4}).Append(nil))).expect(diagnosis.IDProtocolError),
		half.expect(diagnosis.IDNoCloseFrame),
		do(usual(), fakeserver.Pause(when), fakeserver.Send(frame.Text("a\xff"))).expect(diagnosis.IDBadUTF8),
		do(usual(), fakeserver.Pause(when), fakeserver.Send(frame.Ping(make([]byte, 126)))).expect(diagnosis.IDProtocolError),
		do(usual(), fakeserver.Pause(when), fakeserver.Send(frame.Binary(make([]byte, 70_000)))).expect(diagnosis.IDTooBig),
		port(group, "Restart()", func(s *scene) { _ = s.server.Restart() }).expect(diagnosis.IDRestart),
		port(group, "DropAll(Fin())", func(s *scene) { s.server.DropAll(fakeserver.Fin()) }).expect(diagnosis.IDRestart),
		port(group, "DropAll(Reset())", func(s *scene) { s.server.DropAll(fakeserver.Reset()) }).expect(diagnosis.IDRestart),
		port(group, "DropAll(Close(1012))", func(s *scene) { s.server.DropAll(fakeserver.Close(1012, "")) }).expect(diagnosis.IDRestart),
		port(group, "Flap", func(s *scene) { _ = s.server.Flap(sec, sec, 1) }).expect(diagnosis.IDRestart),
		port(group, "Stop()", func(s *scene) { _ = s.server.Stop() }).expect(diagnosis.IDStillOpen),
	)
}

// leaver is a client that leaves by itself.
func leaver(how string) client {
	c := usual()
	c.leaves, c.leaving = when, how
	return c
}

// port is a row of what is done to the port and to everyone at once.
func port(group, name string, do func(*scene)) row {
	return row{group: group, name: name, client: chatty(), clients: 3, at: 20123 * ms, do: do}
}

// serverHandshakeRows are what a server does before the 101, and with it.
func serverHandshakeRows() []row {
	const group = "the server, before the 101"
	shake := func(steps ...fakeserver.HandshakeStep) row {
		return serves(group, usual(), fakeserver.Handshake(steps...))
	}
	with := func(details ...fakeserver.Detail) row { return shake(fakeserver.AcceptWith(details...)) }
	asking := with(fakeserver.Subprotocol("v3"))
	asking.client.offers = []string{"v1", "v2"}
	none := with(fakeserver.Subprotocol(""))
	none.client.offers = []string{"v1", "v2"}
	deflating := with(fakeserver.Compression(true))
	deflating.client.deflate = true
	return []row{
		serves(group, usual(), fakeserver.RejectWith(503, fakeserver.Header("Retry-After", "9"), fakeserver.Body("later"))).expect(diagnosis.IDHandshakeRejected),
		serves(group, usual(), fakeserver.RedirectTo("{http}/login")).expect(diagnosis.IDHandshakeRejected),
		serves(group, usual(), fakeserver.Stall()).expect(diagnosis.IDNeverAnswered),
		shake(fakeserver.Reject(401)).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.Redirect("{ws}/there")).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.RequireHeader("X-Room", "1")).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.RequireSubprotocol("v9")).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.RequireBearer("secret")).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.RequireBasic("user", "password")).expect(diagnosis.IDHandshakeRejected),
		shake(fakeserver.Pause(2 * sec)).expect(diagnosis.IDStillOpen),
		shake(fakeserver.Pause(20 * sec)).expect(diagnosis.IDNeverAnswered),
		shake(fakeserver.Reset()).expect(diagnosis.IDHandshakeCut),
		shake(fakeserver.Fin()).expect(diagnosis.IDHandshakeCut),
		shake(fakeserver.HalfClose()).expect(diagnosis.IDHandshakeCut),
		shake(fakeserver.Freeze()).expect(diagnosis.IDStillOpen, diagnosis.IDNeverAnswered), // it does not see its client leave
		shake(fakeserver.GoDark()).expect(diagnosis.IDNeverAnswered),
		with(fakeserver.WrongAccept()).expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.WithoutUpgrade()).expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.Header("Connection", "close")).expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.Header("Upgrade", "h2c")).expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.Subprotocol("v1")).expect(diagnosis.IDHandshakeBroken),
		asking.expect(diagnosis.IDHandshakeBroken),
		none.also("v1 and v2 offered").expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.Extension("x-foo")).expect(diagnosis.IDHandshakeBroken),
		with(fakeserver.Extension("permessage-deflate")).expect(diagnosis.IDHandshakeBroken),
		deflating.expect(diagnosis.IDStillOpen),
		with(fakeserver.Body("<html>not a frame</html>")).expect(diagnosis.IDProtocolError),
		with(fakeserver.Header("X-More", "1")).expect(diagnosis.IDStillOpen),
	}
}

// clientRows are clients that end connections by themselves.
func clientRows() []row {
	const group = "the client"
	is := func(what string, c client, want diagnosis.ID) row {
		return row{group: group, name: what, client: c, want: want}
	}
	busy := func(how string) client {
		c := chatty()
		c.leaves, c.leaving = when, how
		return c
	}
	return []row{
		is("leaves with Close 1000", leaver("1000"), diagnosis.IDCloseByClient),
		is("leaves with Close 1001", leaver("1001"), diagnosis.IDCloseByClient),
		is("leaves with Close 4001", leaver("4001"), diagnosis.IDCloseByClient),
		is("leaves with Close 1000 while data flows", busy("1000"), diagnosis.IDCloseByClient),
		is("is killed (FIN)", leaver("fin"), diagnosis.IDClientGone),
		is("is killed while data flows", busy("fin"), diagnosis.IDClientGone),
		is("resets", leaver("rst"), diagnosis.IDResetByClient),
		is("resets while data flows", busy("rst"), diagnosis.IDResetByClient),
	}
}
