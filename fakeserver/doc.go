// Package fakeserver is a WebSocket server for tests that does what servers do
// when they misbehave: it refuses, stalls, falls silent, closes with any code,
// resets, dies, and comes back on the same port.
//
// One line is a server that echoes and answers pings:
//
//	srv := fakeserver.Start(t)
//	client := dial(srv.URL) // ws://127.0.0.1:port
//
// It is closed when the test ends, and what went wrong in it fails the test.
//
// # Handlers
//
// What a connection meets is a [Handler]. The n-th upgrade attempt gets the n-th
// handler, the last one serves the rest, so a reconnecting client is led through
// a story:
//
//	srv := fakeserver.Start(t,
//		fakeserver.RejectWith(503, fakeserver.Header("Retry-After", "1")).Times(2),
//		fakeserver.Silent,
//		fakeserver.Echo)
//
// [Handler.Times], [Handler.For] and [Handler.Until] say how long one serves,
// [Server.AfterLast] what happens when all have had their share, and [Server.Routes]
// sends attempts to lists of their own by path, header, query or subprotocol. A
// handler that nobody reached fails the test: no test passes because the client
// never came that far.
//
// Besides the stock handlers there is [Func], a function on a [Conn], and [Script],
// made of steps.
//
// # Scripts
//
// A script is a list of steps, which run in order. It reads like what it does, and
// prints like it, too:
//
//	fakeserver.Script(
//		fakeserver.Handshake(fakeserver.Pause(4*time.Second)), // before the 101
//		fakeserver.Session(heartbeat.GraphQLTransportWS()),
//		fakeserver.WaitFor(frame.JSON("type", "subscribe")).Times(2),
//		fakeserver.Send(frame.Text(`{"type":"next","id":"1"}`)),
//		fakeserver.Pause(200*time.Millisecond),
//		fakeserver.Close(1012, "restart"))
//
// Its words are these:
//
//   - [Expect] the next frame, [WaitFor] one that may have others before it, or an
//     event; [Send], [SendRaw], [Reply]; [Pause]; [Repeat]; another Script, or a
//     [Func]; and the endings below.
//   - Standing orders last until the connection ends: [On] a frame or an event do
//     something; do something [Every] second, or [WhenIdle]; [Ignore] frames. For
//     heartbeats: [Beat], [AnswerBeats] with policies such as [StopAfter], [Late],
//     [EveryNth], [Never], [Wrong] and [Twice], and [Session], which plays the rest of
//     a protocol of package heartbeat.
//   - [Handshake] plays steps before the 101: [Reject], [Redirect], [AcceptWith] (a
//     wrong Accept, an unasked subprotocol or extension, a missing Upgrade, compression),
//     [RequireHeader], [RequireSubprotocol], [RequireBearer], [RequireBasic], Pause,
//     SendRaw, and the endings.
//
// Frames are whatever package frame makes, legal or not: reserved bits, masked
// frames, pings of 126 bytes, a Close with code 1006, [frame.Deflated] text nobody
// negotiated.
//
// # By URL, and as a document
//
// [ByURL] is a handler that does what the URL of each attempt says, such as
// /close?code=4001&after=2s; [Choose] picks one by the request. [Parse] reads handlers,
// scripts and routes from a document, such as YAML, in the words of this package.
//
// # What the server does by itself
//
// On an open connection the server answers a ping with its pong and a Close with a
// Close of the same code; then it sends its FIN and reads on until the client's,
// or for 5 s. When the client ends TCP, so does the server. What breaks RFC 6455 it
// answers with a Close of the code that the RFC asks for, and it records what was
// broken. It accepts any path, any Origin, and the client's first subprotocol.
//
// # Driving it from the test
//
// A test can also do by hand what a script does:
//
//	srv := fakeserver.Start(t, fakeserver.Silent)
//	client := dial(srv.URL)
//	conn, err := srv.NextConn(ctx)
//	hello, err := conn.Next(ctx)
//	conn.Send(frame.Text("welcome"))
//	conn.SendClose(1012, "restart")
//
// [Server.Conn] names a connection by the number of its upgrade attempt, counted
// from 1, refused ones included, before it is there. Everything but Next, NextConn
// and Close queues and returns.
//
// # Ways to be dead
//
// To a client they look alike and must be told apart only by time:
//
//   - [Fin]: a process that died. FIN without a Close, then an RST to what comes.
//   - [Reset]: an RST, as from a load balancer that gave up, or a crashed kernel.
//   - [HalfClose]: FIN, but what the client sends is still read.
//   - [Freeze]: a stopped process. TCP is up and acknowledges until its buffers are
//     full. [Conn.Fin] or Reset later kills it; bytes left unread draw an RST.
//   - [GoDark]: bytes are swallowed, nothing comes back.
//   - [StopReading]: one-way. It still sends, beats for instance.
//   - [Silent]: alive, but it answers no pings. AnswerBeats(dialect, [Never]) is the
//     same for any other heartbeat.
//   - [Stall]: accepts TCP and never answers the upgrade.
//   - [Close] with any code and reason, legal or not.
//   - A Close whose echo comes late, or never, or behind a ping: see [EchoClose].
//   - A connection that was replaced and still speaks:
//     Script(WaitFor(timeline.NextConn), Send(…)).
//   - A cut that counts only one side's bytes: [WhenIdle].
//
// In all of them the kernel acknowledges what the client sends, so TCP keepalive
// and TCP_USER_TIMEOUT do not notice; to test those, drop packets.
//
// [Server.Stop], [Server.Refuse], [Server.Hang], [Server.Resume], [Server.Restart],
// [Server.DropAll] and [Server.Flap] do it to the port and to everyone at once.
//
// # What happened
//
// Server.Timeline records everything before it happens on the wire, in the same
// form as a proxy does. The client is the subject: what it sends goes to-server.
// [Server.View] and [Conn.View] are the server's and a connection's part, live;
// [Server.Since] and [Server.Mark] begin at an event. Given the timeline of a proxy,
// both share it, each with its own count of connections; written as text the server's
// are s1, s2 and so on. Secrets in headers and URLs are removed.
//
// Handlers never fail a test from their own goroutines. What goes wrong is collected
// ([Server.Failures]) and reported when the test ends, with the line of the script and
// with the timeline.
//
// # Virtual time
//
// [InMemory] puts the server on a virtual network. In a testing/synctest bubble an
// hour of heartbeats then takes milliseconds, and every time is exact:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := fakeserver.InMemory(t, fakeserver.Silent)
//		client := New(srv.URL, srv.Network().DialContext)
//		…
//	})
//
// The client has to dial through [Server.Network], as [Server.Dialer] does; on
// loopback virtual time stands still. Server, client and contexts must be made in
// the same bubble.
package fakeserver
