package diagnosis

// examiners judge one rule each.
var examiners = map[RuleID]func(*exam){
	RuleMasking:    func(e *exam) { e.frames(RuleMasking, "frame", "%s of the client, all masked") },
	RuleFraming:    func(e *exam) { e.frames(RuleFraming, "frame", "%s of the client, all legal") },
	RuleUTF8:       func(e *exam) { e.frames(RuleUTF8, "text", "%s of the client, all UTF-8") },
	RuleAfterClose: func(e *exam) { e.frames(RuleAfterClose, "Close", "%s of the client, and no data after it") },
	RuleCloseCodes: func(e *exam) { e.frames(RuleCloseCodes, "Close", "%s of the client, with codes that may be sent") },

	RulePong:          (*exam).pongs,
	RulePongLatency:   (*exam).pongLatency,
	RuleCloseAnswered: (*exam).closeAnswered,

	RuleBeatsSent:    (*exam).beatsSent,
	RuleInterval:     (*exam).interval,
	RuleUnderLoad:    (*exam).underLoad,
	RuleOneHeartbeat: (*exam).oneHeartbeat,
	RuleIdleTimeout:  (*exam).idleTimeout,

	RuleDeadPeer: (*exam).deadPeer,
	RuleRearmed:  (*exam).rearmed,
	RuleAlive:    (*exam).alive,

	RuleReset:    func(e *exam) { e.backoff(AspectReset, e.resetsTooEarly) },
	RuleDelay:    func(e *exam) { e.backoff(AspectDelay, e.atOnce) },
	RuleGrowth:   func(e *exam) { e.backoff(AspectGrowth, e.constantDelays) },
	RuleCap:      func(e *exam) { e.backoff(AspectCap, nil) },
	RuleJitter:   func(e *exam) { e.backoff(AspectJitter, e.equalDelays) },
	RuleAttempts: func(e *exam) { e.backoff(AspectAttempts, nil) },

	RuleOneLive:          (*exam).oneLive,
	RuleOneAttempt:       (*exam).oneAttempt,
	RuleHandshakeTimeout: (*exam).handshakeTimeout,
	RuleCloseTimeout:     (*exam).closeTimeout,

	RuleFinalCode:   (*exam).finalCode,
	RuleFinalStatus: (*exam).finalStatus,
	RuleDeliberate:  (*exam).deliberate,
	RuleRetry:       func(e *exam) { e.returns(false) },
	RuleRestart:     func(e *exam) { e.returns(true) },
	RuleRetryAfter:  (*exam).retryAfter,
	RuleTryAgain:    (*exam).tryAgain,
	RuleSurvives:    (*exam).survives,

	RuleResubscribed: (*exam).resubscribed,
	RuleLost:         (*exam).lost,
	RuleRepeated:     (*exam).repeated,
	RuleOrder:        (*exam).order,
}
