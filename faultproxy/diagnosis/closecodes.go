package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The causes that a close code names by itself: whoever sends it, and a server.
var (
	codeIDs = map[frame.CloseCode]ID{
		frame.CodePolicyViolation: IDPolicy,
		frame.CodeMessageTooBig:   IDTooBig,
	}
	serverCodeIDs = map[frame.CloseCode]ID{
		frame.CodeUnauthorized:   IDPolicy,
		frame.CodeForbidden:      IDPolicy,
		frame.CodeGoingAway:      IDRestart,
		frame.CodeServiceRestart: IDRestart,
	}
)

// The words with which the reason of a Close says why.
var (
	heartbeatWords = []string{"ping", "pong", "heartbeat", "keepalive"}
	idleWords      = []string{"idle", "inactive", "inactivity"}
	restartWords   = []string{"restart", "restarting", "shutdown", "shutting", "drain", "draining", "deploy", "deployment", "maintenance"}
)

// says reports whether a reason holds one of the words.
func says(reason string, words []string) bool {
	reason = strings.ReplaceAll(strings.ToLower(reason), "keep-alive", "keepalive")
	for word := range strings.FieldsFuncSeq(reason, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if slices.Contains(words, word) {
			return true
		}
	}
	return false
}

// serverClose explains a Close frame that came from the server's side.
func (h *history) serverClose(conn int, beats beats, all *comparison) Cause {
	ending := h.ending()
	code, reason, ok := frame.ParseClose(ending.Payload)
	id := cmp.Or(codeIDs[code], serverCodeIDs[code])
	worded := id == "" && code.Info().MaySend && says(reason, restartWords)
	if worded {
		id = IDRestart
	}
	switch named := says(reason, heartbeatWords); {
	case named && beats.server.waited(ending.At):
		return h.heartbeatTimeout(beats.server, "server", CloseFrame, High)
	case named:
		return h.namedHeartbeat("server")
	case id == "" && code != frame.CodeNormalClosure && code != frame.CodeTryAgainLater && beats.server.waited(ending.At):
		return h.heartbeatTimeout(beats.server, "server", CloseFrame, Medium)
	case id == "":
		id = IDCloseByServer
	}
	c := Cause{
		ID: id, Confidence: Certain, Evidence: evidence(ending),
		Text:   fmt.Sprintf("the server sent Close %s; in the field: %s", closeNamed(code, reason), code.Info().Meaning),
		Advice: code.Info().LookAt,
	}
	if !ok {
		c.Text = "the server sent a Close without a readable code"
	} else if v := h.violationAt(h.first.index); v != nil {
		c.Text += "; " + v.Text + " (" + v.Section + "), so strict clients report 1006"
	}
	if h.closeReaching(h.first.index) == nil {
		c.Text += "; it has not reached the client"
	}
	if worded {
		c.Confidence, c.Advice = High, info(IDRestart).Advice
	}
	if id == IDTooBig {
		h.measure(&c, frame.ToServer)
	}
	h.closingTimer(&c, code, reason, all.closedAlike(conn))
	return c
}

// closingTimer recognises a timer that says goodbye with a Close: by its reason, by
// the defaults of known services, or by the age, if other connections were closed
// at the same one.
func (h *history) closingTimer(c *Cause, code frame.CloseCode, reason string, alike int) {
	both, unspecific := h.silent(frame.Both), code == frame.CodeNormalClosure || code == frame.CodeGoingAway
	idle, lifetime := known(IdleTimer, frame.Both, both.idle, ShowsClose), known(LifetimeTimer, 0, h.age(), ShowsClose)
	if len(idle) > 0 {
		c.Text += fmt.Sprintf("; %s before it: %s", both.words(), defaults(idle))
	}
	if len(lifetime) > 0 {
		c.Text += fmt.Sprintf("; at an age of %s: %s", span(h.age()), defaults(lifetime))
	}
	if alike > 0 {
		c.Text += fmt.Sprintf("; at an age of %s, as %s", span(h.age()), connections(alike))
	}
	switch {
	case says(reason, idleWords):
		limit, _ := roundUp(both.idle, Server)
		c.ID, c.Confidence = IDIdleTimeout, High
		c.Advice = fmt.Sprintf("beat more often than every %s, or raise the timeout of the server", limitWords(limit/2))
		if len(idle) == 0 {
			c.Text += "; " + both.words() + " before it"
		}
	case !unspecific:
		return
	case len(idle) > 0:
		c.ID, c.Confidence = IDIdleTimeout, Medium
		c.Advice = fmt.Sprintf("beat more often than every %s%s", limitWords(idle[0].Default/2), idle[0].orRaise())
	case len(lifetime) > 0:
		c.ID, c.Confidence = IDMaxLifetime, Medium
		c.Advice = fmt.Sprintf("reconnect before %s are over%s; no heartbeat helps against a lifetime", limitWords(lifetime[0].Default), lifetime[0].orRaise())
	case alike > 0:
		c.ID, c.Confidence, c.Advice = IDMaxLifetime, Medium, info(IDMaxLifetime).Advice
	default:
		return
	}
	if c.ID == IDIdleTimeout {
		c.Evidence = evidence(h.before(both), h.ending())
	} else {
		c.Evidence = evidence(h.opened, h.ending())
	}
}

// namedHeartbeat is a Close whose reason speaks of the heartbeat, which the
// recording does not show to have failed.
func (h *history) namedHeartbeat(by string) Cause {
	ending := h.ending()
	code, reason, _ := frame.ParseClose(ending.Payload)
	return Cause{
		ID: IDHeartbeatTimeout, Confidence: Medium, Evidence: evidence(ending),
		Text: fmt.Sprintf("the %s sent Close %s: its reason speaks of the heartbeat, but no beat of a known dialect is unanswered in the recording",
			by, closeNamed(code, reason)),
		Advice: "give the diagnosis the dialect of the heartbeat, and look at which side waited for which",
	}
}

// measure adds to a cause how big the last message was that travelled dir.
func (h *history) measure(c *Cause, dir frame.Direction) {
	for i := h.first.index - 1; i >= 0; i-- {
		ev := &h.events[i]
		if ev.Dir != dir || ev.Kind != timeline.KindFrame && ev.Kind != timeline.KindFrameStart || ev.Header.Opcode.IsControl() {
			continue
		}
		side := "client"
		if dir == frame.ToClient {
			side = "server"
		}
		c.Text += fmt.Sprintf("; the last data frame before it, from the %s, has %d bytes", side, ev.Header.Length)
		c.Evidence = evidence(ev, h.ending())
		return
	}
}

// giantLength is more than Chromium takes in one frame: it ends TCP without a word.
const giantLength = 1 << 31

// giant returns the beginning of a frame toward the client that no browser takes.
func (h *history) giant() *timeline.Event {
	n, _ := h.until()
	for i := n - 1; i >= 0; i-- {
		if ev := &h.events[i]; ev.Kind == timeline.KindFrameStart && reaches(*ev) {
			if ev.Header.Length >= giantLength {
				return ev
			}
			return nil
		}
	}
	return nil
}
