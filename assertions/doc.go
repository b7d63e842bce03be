// Package assertions has Gomega matchers for what a WebSocket client must do: beat,
// notice a dead peer, close properly, come back, once, and not all at the same time.
// They judge what a server or a proxy has recorded, after the fact or while it goes on;
// nothing is asserted inside of a server.
//
// It is made for dot import, next to Gomega and Ginkgo:
//
//	srv := fakeserver.Start(GinkgoT(), fakeserver.Silent)
//	run(srv)
//	Eventually(srv, 5*time.Second).Should(HaveReconnected())
//	Consistently(srv, 2*time.Second).Should(And(HaveConnected(2), HaveLive(1)))
//
// With go test alone it is NewWithT(t).Eventually(srv)….
//
// # What is judged
//
// The client, always. What it sends goes to the server, what it receives comes from
// there. Matchers take anything with a timeline: a fakeserver.Server or one of its
// connections, a faultproxy.Proxy or one of its connections, a timeline, and what was
// read back from a recording. Given a connection they are about that one, given a server
// or a proxy about all of them.
//
// Any of these can also be looked at from a moment on. Such a view is live, and made
// before or after the moment:
//
//	again := srv.Since(timeline.Ended(1))
//	Eventually(again, 10*time.Second).Should(HaveSent(frame.Contains("subscribe")))
//	dropped := srv.Mark("dropped")
//
// Where a proxy and a server share a timeline and it is given as a whole, what counts is
// what the proxy saw, which is nearer to the client.
//
// # Matchers
//
//	HaveAttempted(n)                         upgrade requests, whatever the answer
//	HaveConnected(n)                         101s so far
//	HaveReconnected()                        a 101 after an earlier connection
//	HaveReconnectedWithin(d)                 and each time no later than d
//	HaveLive(n)                              connections that live now
//	HaveAtMostOneLiveConnection(Overlap(d))  never two for longer than d
//	HaveDetectedSilenceWithin(d)             it noticed that its peer had gone silent
//	HaveClosed(ByClient, WithCode(n), …)     how a connection was closed, as the client is told
//
//	HaveSent(m), HaveReceived(m)             frames, or messages
//	HaveExchanged(Sent(m), Received(m), …)   them in an order
//	HaveHeartbeat(dialect, Every(d, …))      its beats, their number or their rhythm
//	HaveHeartbeatJitter(dialect, d)          how regular they are
//	HaveAnsweredEveryPing(Within(d))         a pong of the same payload for every ping
//	HaveAnsweredEveryBeat(dialect, Within(d))
//	HavePongLatency(d)                       the slowest of its pongs
//	HaveKeptProtocol()                       nothing it sent breaks RFC 6455
//
//	HaveBackedOff(model)                     the delays before its attempts
//	HavePeak(n, Per(d))                      the most attempts in any window
//	HaveSpread(d)                            how far apart those of many clients were
//	HaveGivenUpAfter(n, Quiet(d))            it stopped trying
//	HaveFollowed(policy)                     everything that it promises, at once
//
//	HaveReported(name, WithField(k, v))      what the client program said
//	HaveReportedCloseEvent(name)             and whether that is what it was told
//	HaveExited(codes…)                       how the program ended
//	HaveFired(rule)                          a rule of the proxy acted
//	MatchGolden(path)                        the canonical timeline is that of a file
//
// HaveSent, HaveReceived, HaveHeartbeat, HaveClosed, HaveReported, HaveExited and
// HaveFired are satisfied by one time; [Counted.Times] asks for a number.
//
// Where a number, a duration or a text is taken, a matcher of Gomega's is, too:
// HaveConnected(6), HaveConnected(BeNumerically(">", 3)). A value means exactly that
// value. [Within] and "within" always mean no later than, the bound included; a
// tolerance in both directions is [PlusMinus].
//
// # Three answers
//
// A matcher says yes, no, or that it cannot judge: nobody has connected, the view has
// not begun, a beat is not due yet, events were lost, a payload was kept only in part, or
// nobody reads what the client sends (Freeze, StopReading). That is an error, which
// satisfies neither the claim nor its negation, so that no test passes because nothing
// happened. Expect fails with it, Consistently fails at once, and Eventually asks again.
//
// An empty timeline satisfies nothing. To show that a client does nothing, it has to be
// seen: an attempt of its, or that its program was started (package
// assertions/resilience). The zero of HaveConnected(0) on a view since a moment is such
// a claim.
//
// # Eventually and Consistently
//
// Give them the server, not a function: matchers look at it anew each time. As soon as
// a verdict can no longer change they stop: a number is exceeded, what was asked for has
// happened, a beat is missing, the connection has ended, the timeline is closed, or all
// client programs have exited, their connections are over and 100 ms have passed. Then
// Eventually fails early and Consistently succeeds early.
//
// In virtual time, in a testing/synctest bubble, everything works as it does otherwise,
// and times are exact. Matchers have no clock of their own: now is the timeline's. On a
// recording, on a closed timeline and outside of the timeline's bubble it is the time of
// the last event.
//
// Matchers are values without a state. They can be kept, shared and used by several
// assertions at once. Each time they read the whole part of the timeline that they are
// given: those about connections take some 50 ns an event, those about frames up to 1 µs.
// Do not poll a timeline of a million events every 10 ms.
//
// # Failures
//
// A failure is one sentence with what was measured and what was expected, the timeline
// cut around the places that matter (marked by >), what package diagnosis knows of the
// connection, and the seed if there is one. Payloads are abbreviated, also those that were
// asked for; nothing is cut after 4000 letters.
//
// # Many clients
//
// All connections are taken for one client's, unless [ClientByQuery], [ClientByHeader] or
// [ClientByProcess] says how to tell clients apart. Matchers that take them judge each
// client by itself, and succeed if they do for every one.
package assertions
