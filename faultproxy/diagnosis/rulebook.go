package diagnosis

import "slices"

// Rules lists the rules of good behaviour that [Findings] judges, in the order in which
// it does. Their numbers R1 to R28 are those of a list of rules of which some cannot be
// judged from a recording; P1 to P3 are rules of the protocol itself.
func Rules() []RuleInfo { return slices.Clone(rulebook) }

// The IDs of the rules.
const (
	RuleMasking          RuleID = "P1-masking"
	RuleFraming          RuleID = "P2-framing"
	RuleUTF8             RuleID = "P3-utf8"
	RuleBeatsSent        RuleID = "R1-beats-sent"
	RuleInterval         RuleID = "R1-interval"
	RuleIdleTimeout      RuleID = "R1-idle-timeout"
	RuleDeadPeer         RuleID = "R2-dead-peer"
	RuleRearmed          RuleID = "R2-rearmed"
	RuleReset            RuleID = "R3-reset"
	RuleDelay            RuleID = "R4-delay"
	RuleGrowth           RuleID = "R4-growth"
	RuleCap              RuleID = "R4-cap"
	RuleJitter           RuleID = "R4-jitter"
	RuleAttempts         RuleID = "R4-attempts"
	RuleOneLive          RuleID = "R5-one-live"
	RuleOneHeartbeat     RuleID = "R6-one-heartbeat"
	RuleHandshakeTimeout RuleID = "R7-handshake-timeout"
	RuleCloseTimeout     RuleID = "R8-close-timeout"
	RuleFinalCode        RuleID = "R9-final-code"
	RuleFinalStatus      RuleID = "R9-final-status"
	RuleDeliberate       RuleID = "R10-deliberate-close"
	RuleOneAttempt       RuleID = "R12-one-attempt"
	RuleRetry            RuleID = "R13-retry"
	RuleResubscribed     RuleID = "R14-resubscribed"
	RuleAfterClose       RuleID = "R15-after-close"
	RuleLost             RuleID = "R16-lost"
	RuleRepeated         RuleID = "R16-repeated"
	RuleOrder            RuleID = "R16-order"
	RuleSurvives         RuleID = "R17-survives"
	RuleAlive            RuleID = "R18-alive"
	RulePong             RuleID = "R19-pong"
	RulePongLatency      RuleID = "R19-latency"
	RuleUnderLoad        RuleID = "R20-under-load"
	RuleRestart          RuleID = "R21-restart"
	RuleCloseAnswered    RuleID = "R22-close-answered"
	RuleRetryAfter       RuleID = "R24-retry-after"
	RuleTryAgain         RuleID = "R24-try-again"
	RuleCloseCodes       RuleID = "R26-close-codes"
)

var rulebook = []RuleInfo{
	{RuleMasking, "every frame of the client is masked", "RFC 6455 section 5.1", true, "",
		"use a WebSocket library's own writer, and let nothing else write to the socket"},
	{RuleFraming, "frames have legal headers and stand where they may", "RFC 6455 sections 5.2, 5.4 and 5.5", true, "",
		"let one writer at a time write whole frames, and one message end before the next begins"},
	{RuleUTF8, "texts and close reasons are UTF-8", "RFC 6455 section 8.1", true, "",
		"send bytes that are no text as a binary message"},

	{RuleBeatsSent, "a client that promises to beat does", "nginx: WebSocket proxying; MQTT 3.1.1 section 3.1.2.10", false, "Dialect, Interval",
		"start the heartbeat when the connection opens, on every connection"},
	{RuleInterval, "beats come as often as promised for as long as the connection is open", "nginx: WebSocket proxying; MQTT 3.1.1 section 3.1.2.10", false, "Dialect, Interval",
		"look at what stops or restarts the timer of the beat"},
	{RuleIdleTimeout, "the connection is never silent for as long as an idle timeout on the path", "nginx: WebSocket proxying (60 s); Heroku router (55 s); AWS API Gateway quotas (10 min)", false, "IdleTimeout",
		"beat at least twice in the shortest idle timeout on the path"},
	{RuleDeadPeer, "a peer from which nothing comes is noticed within interval and answer timeout", "RFC 6455 section 5.5.2; Discord gateway: zombied connections; Engine.IO protocol: heartbeat", false, "Interval, AnswerTimeout",
		"end the connection when an answer is overdue, and let nothing but what is received postpone that: TCP does not tell, and writes go on succeeding"},
	{RuleRearmed, "the client's own beats do not postpone the deadline for an answer", "Discord gateway: zombied connections", false, "Interval, AnswerTimeout",
		"restart the deadline upon what is received, never upon what is sent"},
	{RuleReset, "delays start anew only after a connection that was stable", "RFC 6455 section 7.2.3; gRPC connection backoff", false, "Backoff.ResetAfter",
		"reset the number of attempts when a connection has lasted or was acknowledged, not when it opens"},
	{RuleDelay, "no attempt comes sooner or later than promised", "RFC 6455 section 7.2.3", false, "Backoff",
		"wait before every attempt, the first one after a loss included"},
	{RuleGrowth, "delays grow while attempts fail", "RFC 6455 section 7.2.3", false, "Backoff",
		"count failed attempts, and let the delay depend on their number"},
	{RuleCap, "no delay is longer than the longest one promised", "RFC 6455 section 7.2.3 (truncated exponential backoff)", false, "Backoff.Max",
		"take the smaller of the delay and the longest one, each time"},
	{RuleJitter, "chance keeps clients from coming back all at once", "RFC 6455 section 7.2.3", false, "Backoff.Jitter, Backoff.Initial",
		"draw the delay at random, anew each time"},
	{RuleAttempts, "the client gives up after as many attempts as it said", "the policy", false, "Backoff.Attempts",
		"count attempts across connections that did not last"},
	{RuleOneLive, "there is one live connection, also after a reconnect", "RFC 6455 section 7.1.7; Slack Socket Mode: too_many_websockets", false, "MaxLive, Overlap",
		"close the old connection before, or right after, a new one opens, by force if it must be"},
	{RuleOneHeartbeat, "one heartbeat runs on a connection, not several", "MDN: WebSocket close event", false, "Dialect, Interval",
		"stop the timers of a connection with it: those of old ones seem to beat on the new"},
	{RuleHandshakeTimeout, "a handshake that is not answered is given up", "RFC 6455 section 4.1", false, "ConnectTimeout",
		"give the handshake a timeout: browsers wait for 240 s, Node's ws for ever"},
	{RuleCloseTimeout, "a closing handshake that cannot finish holds nothing up", "RFC 6455 section 7.1.1", false, "CloseTimeout",
		"end TCP, or connect again, when the peer's Close or FIN is overdue"},
	{RuleFinalCode, "no attempt follows a close code that is final", "RFC 6455 section 7.4.1; Discord: gateway close event codes; Pusher protocol 4000-4099", false, "GiveUpCodes",
		"stop, and tell the user: the same will happen again"},
	{RuleFinalStatus, "no attempt follows a refusal that is final", "RFC 9110 sections 15.5.2 and 15.5.4", false, "GiveUpStatuses",
		"stop, or fetch new credentials first"},
	{RuleDeliberate, "no attempt follows a deliberate close", "RFC 6455 section 7.4.1 (1000)", false, "Reports.Disconnect",
		"cancel timers of pending attempts when the user disconnects"},
	{RuleOneAttempt, "there is one attempt at a time", "RFC 6455 section 4.1", true, "",
		"let one place decide to reconnect: a reader and a heartbeat that both notice a loss must not both act"},
	{RuleRetry, "a lost connection and a failed attempt are followed by another", "RFC 6455 section 7.2.3", false, "Backoff",
		"connect again after every end that is not final, whatever its code, and treat an attempt that failed like a connection that was lost"},
	{RuleResubscribed, "subscriptions are made on every new connection", "Discord gateway: resuming; graphql-transport-ws protocol", false, "Resubscribe",
		"subscribe when a connection opens, from a list that outlives it"},
	{RuleAfterClose, "no data follows the client's Close", "RFC 6455 section 5.5.1", true, "",
		"give messages that come after the close to the next connection"},
	{RuleLost, "no message is lost", "Discord gateway: resuming", false, "Continuity",
		"resume from the last message that was received, and send again what was not acknowledged"},
	{RuleRepeated, "no message comes twice", "Discord gateway: resuming", false, "Continuity",
		"keep the number of the last message across connections"},
	{RuleOrder, "the client sends messages in order", "Discord gateway: resuming", false, "Continuity",
		"send what waits from before the reconnect first"},
	{RuleSurvives, "the client program lives through what happens on its connections", "the policy: a client that reconnects lives", false, "Backoff",
		"look at what it printed last: an exception, a panic, a rejected promise"},
	{RuleAlive, "a peer from which messages come is not taken for dead", "rails/rails #42336; socketio/socket.io-client #1491", false, "Rearm received or any",
		"count everything received as a sign of life"},
	{RulePong, "every ping is answered with its payload", "RFC 6455 sections 5.5.2 and 5.5.3", true, "",
		"read all the time: most libraries answer pings only while they read"},
	{RulePongLatency, "pings are answered soon", "RFC 6455 section 5.5.2", false, "PongWithin",
		"do not block the reader while messages are handled"},
	{RuleUnderLoad, "beats go out while messages flow", "RFC 6455 sections 5.4 and 5.5", false, "Dialect, Interval",
		"do not restart the beat's timer upon traffic, and do not queue beats behind messages"},
	{RuleRestart, "Close 1001 and 1012 are followed by another attempt", "RFC 6455 section 7.4.1; IANA WebSocket Close Code Number registry (1012)", false, "Backoff",
		"reconnect after a restart: it is no error of the client's"},
	{RuleCloseAnswered, "a Close is answered with a Close", "RFC 6455 section 5.5.1", true, "",
		"go on reading until the connection is closed, and let the library answer"},
	{RuleRetryAfter, "no attempt comes sooner than Retry-After says", "RFC 9110 section 10.2.3; RFC 6585 section 4", false, "RetryAfter",
		"read the header of a refusal, and wait"},
	{RuleTryAgain, "after Close 1013 the client waits", "IANA WebSocket Close Code Number registry (1013); Pusher protocol 4100-4199 (1 s at least)", false, "TryAgainAfter",
		"do not come back at once to a server that is overloaded"},
	{RuleCloseCodes, "1005, 1006, 1015 and broken payloads never stand in a Close", "RFC 6455 sections 5.5.1 and 7.4.1", true, "",
		"close with 1000, or with a code from 3000 to 4999"},
}

// promised reports whether the policy promises a rule that is not hard.
func (p Policy) promised(id RuleID) bool {
	b := p.Backoff
	switch id {
	case RuleBeatsSent, RuleInterval, RuleUnderLoad, RuleOneHeartbeat:
		return p.Beats()
	case RuleIdleTimeout:
		return p.IdleTimeout > 0
	case RuleDeadPeer, RuleRearmed:
		return p.DetectWithin() > 0
	case RuleReset:
		return b.ResetAfter > 0
	case RuleDelay, RuleGrowth, RuleRetry, RuleRestart, RuleSurvives:
		return !b.IsZero()
	case RuleCap:
		return b.Max > 0
	case RuleJitter:
		return b.hasJitter()
	case RuleAttempts:
		return b.Attempts > 0
	case RuleOneLive:
		return p.MaxLive > 0
	case RuleHandshakeTimeout:
		return p.ConnectTimeout > 0
	case RuleCloseTimeout:
		return p.CloseTimeout > 0
	case RuleFinalCode:
		return len(p.GiveUpCodes) > 0
	case RuleFinalStatus:
		return len(p.GiveUpStatuses) > 0
	case RuleDeliberate:
		return p.Reports.Disconnect != ""
	case RuleRetryAfter:
		return p.RetryAfter
	case RuleTryAgain:
		return p.TryAgainAfter > 0
	case RuleResubscribed:
		return len(p.Resubscribe) > 0
	case RuleLost, RuleRepeated, RuleOrder:
		return p.Continuity.Messages != nil
	case RuleAlive:
		return p.Interval > 0 && (p.Rearm == RearmReceived || p.Rearm == RearmAny)
	case RulePongLatency:
		return p.PongWithin > 0
	}
	return false
}
