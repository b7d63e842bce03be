// # What clients do
//
// Besides why connections end, this package says whether the client behind them
// behaves: [Findings] judges a recording by the rules below. Some are hard, mostly
// because RFC 6455 says MUST: breaking one is always [Broken]. The others are promises.
// A [Policy] says which of them a client makes, and with what numbers; where it promises
// nothing, breaking the rule is [Warned]. Each rule is judged apart, and one that the
// recording cannot decide is [NotJudged], with the reason. A [Policy] is a Go value or
// a file ([ParsePolicy]); each field that is left out promises nothing.
//
// How long clients wait before they connect again is a [Backoff]. [Attempts] are what
// a recording shows of it, and [Backoff.Judge] compares the two.
//
// The rules, what promises them, and what a good client does; [Rules] has their sources,
// and advice:
//
//	P1-masking            (hard)                            every frame of the client is masked
//	P2-framing            (hard)                            frames have legal headers and stand where they may
//	P3-utf8               (hard)                            texts and close reasons are UTF-8
//	R1-beats-sent         Dialect, Interval                 a client that promises to beat does
//	R1-interval           Dialect, Interval                 beats come as often as promised for as long as the connection is open
//	R1-idle-timeout       IdleTimeout                       the connection is never silent for as long as an idle timeout on the path
//	R2-dead-peer          Interval, AnswerTimeout           a peer from which nothing comes is noticed within interval and answer timeout
//	R2-rearmed            Interval, AnswerTimeout           the client's own beats do not postpone the deadline for an answer
//	R3-reset              Backoff.ResetAfter                delays start anew only after a connection that was stable
//	R4-delay              Backoff                           no attempt comes sooner or later than promised
//	R4-growth             Backoff                           delays grow while attempts fail
//	R4-cap                Backoff.Max                       no delay is longer than the longest one promised
//	R4-jitter             Backoff.Jitter, Backoff.Initial   chance keeps clients from coming back all at once
//	R4-attempts           Backoff.Attempts                  the client gives up after as many attempts as it said
//	R5-one-live           MaxLive, Overlap                  there is one live connection, also after a reconnect
//	R6-one-heartbeat      Dialect, Interval                 one heartbeat runs on a connection, not several
//	R7-handshake-timeout  ConnectTimeout                    a handshake that is not answered is given up
//	R8-close-timeout      CloseTimeout                      a closing handshake that cannot finish holds nothing up
//	R9-final-code         GiveUpCodes                       no attempt follows a close code that is final
//	R9-final-status       GiveUpStatuses                    no attempt follows a refusal that is final
//	R10-deliberate-close  Reports.Disconnect                no attempt follows a deliberate close
//	R12-one-attempt       (hard)                            there is one attempt at a time
//	R13-retry             Backoff                           a lost connection and a failed attempt are followed by another
//	R14-resubscribed      Resubscribe                       subscriptions are made on every new connection
//	R15-after-close       (hard)                            no data follows the client's Close
//	R16-lost              Continuity                        no message is lost
//	R16-repeated          Continuity                        no message comes twice
//	R16-order             Continuity                        the client sends messages in order
//	R17-survives          Backoff                           the client program lives through what happens on its connections
//	R18-alive             Rearm received or any             a peer from which messages come is not taken for dead
//	R19-pong              (hard)                            every ping is answered with its payload
//	R19-latency           PongWithin                        pings are answered soon
//	R20-under-load        Dialect, Interval                 beats go out while messages flow
//	R21-restart           Backoff                           Close 1001 and 1012 are followed by another attempt
//	R22-close-answered    (hard)                            a Close is answered with a Close
//	R24-retry-after       RetryAfter                        no attempt comes sooner than Retry-After says
//	R24-try-again         TryAgainAfter                     after Close 1013 the client waits
//	R26-close-codes       (hard)                            1005, 1006, 1015 and broken payloads never stand in a Close
//
// Findings rest on what passed the client's side of a proxy, or of a server if there is
// no proxy: a pong that was dropped on its way to the client was not received, and one
// that was dropped on its way to the server was sent. Not judged is what a recording
// does not show for sure: what happened after events were lost, or while nobody read what
// the client sent; what a connection cut short had no time for; what would have come
// after the end of the recording; delays between which attempts may have been made
// unseen; and the intentions of a client that closes a connection with which nothing
// was wrong.
package diagnosis
