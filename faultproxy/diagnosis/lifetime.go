package diagnosis

import (
	"fmt"
	"time"
)

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
	if !near(h.age(), boxes[0].Default, lazy) {
		c.Confidence = Low
	}
	c.Text += "; " + defaults(boxes)
	c.Advice = fmt.Sprintf("reconnect before %s are over%s; no heartbeat helps against a lifetime",
		limitWords(boxes[0].Default), boxes[0].orRaise())
	return c, true
}

// repeatedLifetime finds that connections die at the same age though not after the
// same silence.
func (h *history) repeatedLifetime(how How, s silence, ages int) (Cause, bool) {
	if ages == 0 || h.age() < shortestIdle {
		return Cause{}, false
	}
	c := h.lifetime(how, s, High)
	c.Text += fmt.Sprintf("; %s ended at the same age after other silences: lifetimes are constant, silences are not", connections(ages))
	return c, true
}

// someLifetime takes a round age for a limit.
func (h *history) someLifetime(how How, s silence) (Cause, bool) {
	if how == RST || !h.roundAge() {
		return Cause{}, false
	}
	c := h.lifetime(how, s, Low)
	c.Text += "; no default of a known middlebox, but a round number"
	return c, true
}

// roundAge reports whether the age is a round number, of whole seconds.
func (h *history) roundAge() bool {
	limit, exact := roundUp(h.age(), h.first.by)
	return exact && limit%time.Second == 0
}

func (h *history) lifetime(how How, s silence, confidence Confidence) Cause {
	return Cause{
		ID: IDMaxLifetime, Confidence: confidence, Evidence: evidence(h.opened, s.last, h.ending(), h.shown),
		Text: fmt.Sprintf("cut at an age of %s, the last bytes %s before, by %s: a maximum lifetime",
			span(h.age()), span(s.idle), endWords(how)),
		Advice: info(IDMaxLifetime).Advice,
	}
}
