// Package faultproxy is a WebSocket proxy that does on purpose what networks and
// middleboxes do by accident.
//
// It stands between a client under test and its server, and passes every byte as
// it is, until a [Rule] says otherwise: drop the pongs, cut a connection that was
// idle for a minute, close with 1012, fall silent without a FIN. It sees frames,
// not only bytes, and never ends WebSocket itself: it answers no ping of its own.
// What happened is on a [timeline.Timeline], before it happens on the wire.
//
//	p := faultproxy.Start(t, "ws://127.0.0.1:9000/socket")
//	p.Add(faultproxy.DropPongs())
//	client := dial(p.URL)
//
// A Proxy works on loopback and, with [InMemory], on a virtual network inside a
// testing/synctest bubble, where a timeout of a minute takes no time.
//
// # Clients whose URL is hard-coded
//
// A client that follows HTTP_PROXY or HTTPS_PROXY, or takes an HTTP proxy by an option,
// needs no other URL: the proxy answers CONNECT (RFC 9110 section 9.3.6) for any host, and
// serves what comes through the tunnel as if it had come without: frames are seen, rules
// apply, and it all leads to Proxy.Upstream. With Proxy.TLS a tunnel may begin in plain
// text or on TLS, and hold either; what is on TLS ends in the proxy, whose CertPool the
// client has to trust. Before an upstream of tcp CONNECT is bytes as any.
//
// # What can go wrong
//
// A rule hangs a fault on a trigger. FAULTS.md, beside this package, lists every one
// with its document and with what clients report for it.
//
//   - On [Accepted], before the request: [Refuse], [Hang], [Delay], and with TLS
//     [BadCertificate] and [CutTLS]. The port itself: [Down].
//   - On [Requested] and [Responded], before the 101: [Reject], [Redirect], [Delay],
//     [Hang], [Cut], [RequestHeaders], [ResponseHeaders], [StripDeflate]; made by
//     [WrongAccept], [NoAccept], [WithoutUpgrade], [Subprotocol], [Extension],
//     [Unconfigured]. Garbage behind the 101: [InjectBytes].
//   - On a frame: [Drop], [Latency], [Late], [Reorder], [Duplicate], [Replace],
//     [Corrupt], [Truncate], [Split], [Coalesce], [Malform], [Forge].
//   - On a frame or a time ([timeline.Opened], [Elapsed], [Every], [Idle]): [Inject],
//     [InjectBytes], [Close], [End], [Silence], [Forget], [Discard], [Freeze].
//   - On nothing, since they act on all bytes that leave: [Latency], [Rate], [Slice],
//     [Limit], [DiscardBytes], [ResetPeer], [SlowClose], in the order of the rules.
//   - On everyone who is connected, at a time of the proxy's: whatever hangs on a time,
//     with [At], [Timing.Every] and [Timing.Staggered].
//
// Rule.Conns limits a rule to some connections: the n-th, every n-th, a share that the
// seed decides, those of a path or with a header.
//
// For the heartbeat there are [DropPongs], [LatePongs], [WrongPongs], [TwicePongs],
// [AnswerEveryNth], [UnsolicitedPongs] and [DropPings], by dialect of package
// heartbeat; for the rest [IdleTimeout], [Lifetime], [IgnoreClose], [LateClose] and
// [Flap]. They return rules, which may be changed before they are added.
//
// A [Conn] does the same at once, and [Proxy.Refuse], [Proxy.Hang], [Proxy.Resume] and
// [Proxy.DropAll] do it to the port and to everyone.
//
// # Documents
//
// A rule is also a document, the same in YAML and JSON: [ParseRule] reads it,
// [Rule.Tree] writes it. What cannot work is refused, with the reason, by both and by
// [Proxy.Add].
//
//	{on: {frame: {op: pong, dir: to-client}}, do: {late: 5s}, times: 3}
package faultproxy
