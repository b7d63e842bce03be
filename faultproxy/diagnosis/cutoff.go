package diagnosis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// shortestIdle is the shortest silence that is taken for an idle timeout.
const shortestIdle = 500 * time.Millisecond

// cutOff explains why an open connection was ended without a Close frame, by the
// server's side or by something in between.
func (h *history) cutOff(conn int, how How, beats beats, all *comparison) Cause {
	ending := h.ending()
	if h.first.by == Server && beats.server.waited(ending.At) {
		return h.heartbeatTimeout(beats.server, "server", how, Medium)
	}
	both := h.silent(frame.Both)
	ages, idles := all.repeats(conn)
	for _, explain := range []func() (Cause, bool){
		func() (Cause, bool) { return h.forgotten(how) },
		func() (Cause, bool) { return h.knownIdle(both, how, High) },
		func() (Cause, bool) { return h.knownLifetime(how, both) },
		func() (Cause, bool) { return h.repeatedLifetime(how, both, ages) },
		func() (Cause, bool) { return h.someIdle(both, how, idles) },
		func() (Cause, bool) { return h.knownIdle(h.silent(frame.ToServer), how, Medium) },
		func() (Cause, bool) { return h.knownIdle(h.silent(frame.ToClient), how, Medium) },
		func() (Cause, bool) { return h.someLifetime(how, both) },
		func() (Cause, bool) { return h.oneWayIdle(h.silent(frame.ToServer), how) },
		func() (Cause, bool) { return h.oneWayIdle(h.silent(frame.ToClient), how) },
	} {
		if c, ok := explain(); ok {
			return c
		}
	}
	if how == RST {
		return h.reset(both)
	}
	return h.noCloseFrame(both, idles)
}

// shows is what a timer must do to have ended the connection like this.
func shows(how How) []Shows {
	if how == RST {
		return []Shows{ShowsRST, ShowsUnsure}
	}
	return []Shows{ShowsFIN, ShowsUnsure}
}

// timerPlausible reports whether a timer can have ended the silence: it would have
// fired in a longer one before, or in one of several that were as long.
func (s silence) timerPlausible(tolerance time.Duration) bool {
	return s.idle >= shortestIdle && s.longest <= s.idle+tolerance && s.like <= 1
}

// knownIdle compares a silence with the defaults of known middleboxes.
func (h *history) knownIdle(s silence, how How, confidence Confidence) (Cause, bool) {
	var boxes []Timeout
	for _, t := range known(IdleTimer, s.dir, s.idle, shows(how)...) {
		if s.timerPlausible(t.Early + t.Late + slack) {
			boxes = append(boxes, t)
		}
	}
	if len(boxes) == 0 {
		return Cause{}, false
	}
	limit := boxes[0].Default
	if !near(s.idle, limit, lazy+slack) && !slices.ContainsFunc(boxes, func(t Timeout) bool { return t.Verified }) {
		confidence = min(confidence, Medium)
	}
	return Cause{
		ID: IDIdleTimeout, Confidence: confidence, Evidence: evidence(h.before(s), h.ending(), h.shown),
		Text:   fmt.Sprintf("%s, then %s: an idle timeout; %s", s.words(), endWords(how), defaults(boxes)),
		Advice: fmt.Sprintf("%s more often than every %s%s", s.beatWords(), limitWords(limit/2), boxes[0].orRaise()),
	}, true
}

// someIdle takes a silence of both sides for an idle timeout of a box that is set
// to something else than its default: when nobody but the network can have ended
// the connection, when the silence is a round number, or when it repeats.
func (h *history) someIdle(s silence, how How, repeats int) (Cause, bool) {
	if how == RST || !s.timerPlausible(sameIdle) {
		return Cause{}, false
	}
	limit, exact := roundUp(s.idle)
	confidence := Low
	switch {
	case repeats > 0 || exact:
		confidence = Medium
	case h.first.by == Network:
	case limit-s.idle > lazy+slack:
		return Cause{}, false
	}
	if _, exactAge := roundUp(h.age()); exactAge && !exact && repeats == 0 && s.idle < h.age()-lazy {
		return Cause{}, false
	}
	c := Cause{
		ID: IDIdleTimeout, Confidence: confidence, Evidence: evidence(h.before(s), h.ending(), h.shown),
		Text: fmt.Sprintf("%s, then %s: an idle timeout; no default of a known middlebox", s.words(), endWords(how)),
	}
	if limit-s.idle > lazy+slack {
		limit = s.idle.Round(10 * time.Millisecond)
	}
	if repeats > 0 {
		c.Text += fmt.Sprintf("; %s ended after the same silence", connections(repeats))
	}
	c.Advice = fmt.Sprintf("look for a timeout of about %s on the path; beat more often than every %s, or raise it",
		limitWords(limit), limitWords(limit/2))
	return c, true
}

// oneWayIdle is the same for the silence of one side while the other was heard.
func (h *history) oneWayIdle(s silence, how How) (Cause, bool) {
	limit, exact := roundUp(s.idle)
	if how == RST || !exact || s.last == nil || !s.timerPlausible(sameIdle) {
		return Cause{}, false
	}
	return Cause{
		ID: IDIdleTimeout, Confidence: Low, Evidence: evidence(h.before(s), h.ending(), h.shown),
		Text: fmt.Sprintf("%s, then %s: perhaps an idle timeout that only bytes in that direction reset; no default of a known middlebox",
			s.words(), endWords(how)),
		Advice: fmt.Sprintf("look for a timeout of about %s on the path; %s more often than every %s, or raise it",
			limitWords(limit), s.beatWords(), limitWords(limit/2)),
	}, true
}

// knownLifetime compares the age with the limits of known middleboxes.
func (h *history) knownLifetime(how How, s silence) (Cause, bool) {
	boxes := known(LifetimeTimer, 0, h.age(), shows(how)...)
	if len(boxes) == 0 && h.request != nil {
		boxes = known(LifetimeTimer, 0, h.ending().At-h.request.At, shows(how)...)
	}
	if len(boxes) == 0 {
		return Cause{}, false
	}
	c := h.lifetime(how, s, Medium)
	c.Text += "; " + defaults(boxes)
	c.Advice = fmt.Sprintf("reconnect before %s are over%s; no heartbeat helps against a lifetime",
		limitWords(boxes[0].Default), boxes[0].orRaise())
	return c, true
}

// repeatedLifetime finds that connections die at the same age though not after the
// same silence.
func (h *history) repeatedLifetime(how How, s silence, repeats int) (Cause, bool) {
	if repeats == 0 || h.age() < shortestIdle {
		return Cause{}, false
	}
	c := h.lifetime(how, s, High)
	c.Text += fmt.Sprintf("; %s ended at the same age after other silences", connections(repeats))
	return c, true
}

// someLifetime takes a round age for a limit; of a server, whose end can have many
// reasons, only whole seconds.
func (h *history) someLifetime(how How, s silence) (Cause, bool) {
	limit, exact := roundUp(h.age())
	if how == RST || !exact || h.age() < shortestIdle || h.first.by == Server && limit%time.Second != 0 {
		return Cause{}, false
	}
	c := h.lifetime(how, s, Low)
	c.Text += "; no default of a known middlebox, but a round number"
	return c, true
}

func (h *history) lifetime(how How, s silence, confidence Confidence) Cause {
	return Cause{
		ID: IDMaxLifetime, Confidence: confidence, Evidence: evidence(h.opened, s.last, h.ending(), h.shown),
		Text: fmt.Sprintf("cut at an age of %s, the last bytes %s before, by %s: a maximum lifetime",
			span(h.age()), span(s.idle), endWords(how)),
		Advice: info(IDMaxLifetime).Advice,
	}
}

// forgotten recognises a box that drops a flow in silence and answers the next
// packet with an RST.
func (h *history) forgotten(how How) (Cause, bool) {
	if how != RST {
		return Cause{}, false
	}
	n, at := h.until()
	var packet *timeline.Event // the first bytes after the longest silence
	begin, gap := h.opened.At, time.Duration(0)
	for i := range h.events[:n] {
		ev := &h.events[i]
		if !arrives(*ev) {
			continue
		}
		if d := ev.At - begin; d >= gap {
			packet, gap = ev, d
		}
		begin = ev.At
	}
	if packet == nil || at-packet.At > time.Second {
		return Cause{}, false
	}
	var boxes []string
	var shortest time.Duration
	for _, t := range knownTimeouts {
		if t.Shows == ShowsNothing && t.Default > 0 && gap >= t.Default-t.Early {
			boxes = append(boxes, fmt.Sprintf("%s (%s)", t.Name, limitWords(t.Default)))
			if shortest == 0 || t.Default < shortest {
				shortest = t.Default
			}
		}
	}
	if len(boxes) == 0 {
		return Cause{}, false
	}
	return Cause{
		ID: IDIdleTimeout, Confidence: Medium, Evidence: evidence(packet, h.ending(), h.shown),
		Text: fmt.Sprintf("no bytes for %s in either direction, and the first packet after it was answered with an RST: something on the path had forgotten the connection, as %s would",
			span(gap), strings.Join(boxes, ", ")),
		Advice: fmt.Sprintf("send something, or let TCP keepalive, more often than every %s; without traffic neither side notices",
			limitWords(shortest/2)),
	}, true
}

// reset is an RST that no silence explains.
func (h *history) reset(s silence) Cause {
	return Cause{
		ID: IDResetByServer, Confidence: High, Evidence: evidence(s.last, h.ending(), h.shown),
		Text: fmt.Sprintf("an RST, %s, after %s, the last bytes %s before; what was on its way is lost",
			h.side(), span(h.age()), span(s.idle)),
		Advice: info(IDResetByServer).Advice,
	}
}

// noCloseFrame is a FIN that no silence explains.
func (h *history) noCloseFrame(s silence, repeats int) Cause {
	c := Cause{
		ID: IDNoCloseFrame, Confidence: High, Evidence: evidence(s.last, h.ending(), h.shown),
		Text: fmt.Sprintf("%s, %s, after %s, the last bytes %s before: the server's process died or was stopped, or something cut the path",
			endWords(FIN), h.side(), span(h.age()), span(s.idle)),
		Advice: info(IDNoCloseFrame).Advice,
	}
	if h.first.by == Network {
		c.Text = fmt.Sprintf("%s, %s, after %s, the last bytes %s before: something cut the connection while both ends were alive",
			endWords(FIN), h.side(), span(h.age()), span(s.idle))
	}
	if s.idle >= shortestIdle {
		c.Confidence = Medium
		c.Text += fmt.Sprintf("; if connections end after %s of silence again and again, it is an idle timeout", span(s.idle))
	}
	return c
}

// side says where the end came from.
func (h *history) side() string {
	if h.first.by == Network {
		return "made between client and server"
	}
	return "sent by the server's side"
}
