package diagnosis

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// clients tells the connections of a recording apart by client.
func (p Policy) clients(r *recording) []*client {
	tracks := slices.Concat(r.tracks, r.loose)
	slices.SortStableFunc(tracks, func(a, b *track) int { return cmp.Compare(a.events[0].At, b.events[0].At) })
	var list []*client
	byKey := map[string]*client{}
	for _, t := range tracks {
		t.page = p.Browser
		key, unsure := p.ClientBy.key(r, t)
		if t.conn == 0 && p.ClientBy.tells() && !p.ClientBy.Process {
			// Whose it was is not known, so any of them may have tried.
			r.hidden = append(r.hidden, hiding{t.events[0].At, t.openUntil(r.now), "an attempt in between brought no request, so it may have been its"})
			continue
		}
		c := byKey[key]
		if c == nil {
			c = &client{key: key}
			byKey[key] = c
			list = append(list, c)
		}
		c.unsure = cmp.Or(c.unsure, unsure)
		c.tracks = append(c.tracks, t)
		a := makeAttempt(t, p.Client, r.now)
		a.onPurpose = p.onPurpose(t, a)
		c.attempts = append(c.attempts, a)
	}
	for _, c := range list {
		if r.alone {
			c.unsure = "only one connection is looked at, not what the client did before and after it"
		}
		c.link(r)
	}
	return list
}

// onPurpose reports whether the client ended an open connection although nothing was
// wrong with it, as far as can be seen: no beat unanswered, no long silence, nothing
// that fails a connection.
func (p Policy) onPurpose(t *track, a Attempt) bool {
	if !a.Opened || a.By != Client || t.opened == nil || failureCodes[closeCode(t.acted)] || t.failedBefore(t.acted) {
		return false
	}
	if !t.spoke && t.said == nil && a.KnownAt-a.OpenedAt < time.Second {
		return false // it may not have liked the 101
	}
	e := exam{policy: p}
	wait, _ := t.unansweredFor(e.dialects(), a.KnownAt)
	silent := p.DetectWithin() > 0 && a.KnownAt-t.heardLast(a.KnownAt)+p.tolerance() >= p.DetectWithin()
	return wait < shortestWait && !silent
}

// heardLast is when something last came to the client up to a time, or when it opened.
// What came after it began to end the connection does not count, such as the answer to
// its own Close, though it may have come in the same instant.
func (t *track) heardLast(until time.Duration) time.Duration {
	last := t.opened.At
	for i := range t.events {
		ev := &t.events[i]
		if ev == t.acted {
			break
		}
		if ev.At <= until && t.hears(ev) {
			last = max(last, ev.At)
		}
	}
	return last
}

// tells reports whether clients are told apart at all.
func (by ClientBy) tells() bool { return by != ClientBy{} }

// key returns what the connections of one client have in common.
func (by ClientBy) key(r *recording, t *track) (key, unsure string) {
	switch {
	case by.Query != "":
		target, _ := t.header("target")
		if u, err := url.Parse(target); err == nil {
			return u.Query().Get(by.Query), ""
		}
		return "", ""
	case by.Header != "":
		key, _ = t.header(by.Header)
		return key, ""
	case by.Process:
		return r.program(t.events[0].At)
	}
	return r.sole(t.events[0].At)
}

// program returns which client program ran at a time.
func (r *recording) program(at time.Duration) (key, unsure string) {
	running, last := 0, -1
	for i, run := range r.runs {
		if run.from <= at {
			last = i
			if run.exit == nil || run.exit.At >= at {
				running++
				key = run.name + " " + strconv.Itoa(i+1)
			}
		}
	}
	switch {
	case running == 1:
		return key, ""
	case running > 1:
		return "", "several client programs ran at the time, and nothing tells their connections apart"
	case last >= 0: // one that has left meanwhile
		return r.runs[last].name + " " + strconv.Itoa(last+1), ""
	}
	return "", ""
}

// sole takes all connections for one client's, unless several client programs ran when
// one was made.
func (r *recording) sole(at time.Duration) (key, unsure string) {
	if _, unsure = r.program(at); unsure != "" {
		unsure += ": tell them apart by ClientBy"
	}
	return "", unsure
}
