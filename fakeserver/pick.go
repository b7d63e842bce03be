package fakeserver

import (
	"errors"
	"fmt"
	"net/http"
)

// Choose serves every attempt with the handler that pick returns for its request,
// whose Times, Until and For mean nothing then. pick may be called from several
// goroutines at once. An attempt whose handler could never work is a failure and
// answered 500. The name is for messages.
func Choose(name string, pick func(*http.Request) Handler) Handler {
	h := Handler{text: "Choose(" + name + ")", source: caller(0), pick: pick}
	if pick == nil {
		h.wrong = errNothing
	}
	return h
}

// pick has a Choose choose. false means that the attempt is over.
func (a *attempt) pick() (ok bool) {
	c := a.c
	chosen := c.handler
	if chosen.pick == nil {
		return true
	}
	defer func() {
		if why := recover(); why != nil {
			c.crashed(fmt.Sprintf("%v panicked: %v\n%s", c.handler, why, stack()))
			ok = false
		}
	}()
	for chosen.pick != nil {
		chosen = chosen.pick(c.Request())
	}
	if wrong := errors.Join(chosen.check()...); wrong != nil {
		a.s.failed(Failure{Conn: c.num, Text: fmt.Sprintf("%v chose what cannot work: %v", c.handler, wrong)}.from(c.handler.source))
		a.reply(answer{status: http.StatusInternalServerError, body: "fakeserver: " + wrong.Error() + "\n"})
		return false
	}
	c.mu.Lock()
	c.handler = chosen
	c.mu.Unlock()
	return true
}
