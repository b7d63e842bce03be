package diagnosis

import (
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// shortestIdle is the shortest silence that is taken for an idle timeout.
const shortestIdle = 100 * time.Millisecond

// cutOff explains why an open connection was ended without a Close frame, by the
// server's side or by something in between.
func (h *history) cutOff(conn int, how How, beats beats, all *comparison) Cause {
	ending := h.ending()
	if h.first.by == Server && beats.server.waited(ending.At) {
		return h.heartbeatTimeout(beats.server, "server", how, Medium)
	}
	both, toServer, toClient := h.silent(frame.Both), h.silent(frame.ToServer), h.silent(frame.ToClient)
	others := all.repeats(conn)
	for _, explain := range []func() (Cause, bool){
		func() (Cause, bool) { return h.oneSided(how) },
		func() (Cause, bool) { return h.forgotten(how) },
		func() (Cause, bool) { return h.knownIdle(both, how, High) },
		func() (Cause, bool) { return h.knownLifetime(how, both) },
		func() (Cause, bool) { return h.repeatedLifetime(how, both, others.ages) },
		func() (Cause, bool) { return h.together(how, both, others.moments) },
		func() (Cause, bool) { return h.knownOneWay(toServer, both, how) },
		func() (Cause, bool) { return h.knownOneWay(toClient, both, how) },
		func() (Cause, bool) { return h.someIdle(both, how, others.idles) },
		func() (Cause, bool) { return h.knownIdle(toServer, how, Medium) },
		func() (Cause, bool) { return h.knownIdle(toClient, how, Medium) },
		func() (Cause, bool) { return h.someLifetime(how, both) },
		func() (Cause, bool) { return h.oneWayIdle(toServer, both, how) },
		func() (Cause, bool) { return h.oneWayIdle(toClient, both, how) },
	} {
		if c, ok := explain(); ok {
			return c
		}
	}
	if how == RST {
		return h.reset(both)
	}
	return h.noCloseFrame(both)
}

// shows is what a timer must do to have ended the connection like this.
func shows(how How) []Shows {
	if how == RST {
		return []Shows{ShowsRST, ShowsUnsure}
	}
	return []Shows{ShowsFIN, ShowsUnsure}
}

// timerPlausible reports whether a timer of that limit can have ended the silence:
// it would have fired in a longer one before, or in one of several that were as long.
func (s silence) timerPlausible(limit time.Duration) bool {
	return s.idle >= shortestIdle && s.longest <= limit && s.like <= 1
}

// clear reports whether the silence stands out from those before it.
func (s silence) clear() bool { return s.longest <= s.idle/2 }

// knownIdle compares a silence with the defaults of known middleboxes.
func (h *history) knownIdle(s silence, how How, confidence Confidence) (Cause, bool) {
	var boxes []Timeout
	for _, t := range known(IdleTimer, s.dir, s.idle, shows(how)...) {
		if s.timerPlausible(s.idle + t.Early + t.Late + slack) {
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

// knownOneWay compares the silence of one direction with the defaults of timers that only
// its bytes restart, if the other direction was silent for as long.
func (h *history) knownOneWay(s, both silence, how How) (Cause, bool) {
	if s.idle-both.idle > slack {
		return Cause{}, false
	}
	return h.knownIdle(s, how, Medium)
}

// someIdle takes a silence of both sides for an idle timeout of a box that is set
// to something else than its default: when the same silence repeats, when it is a
// round number (since the last bytes, or since those that arm a lazy timer), or
// when nobody but the network can have ended the connection.
func (h *history) someIdle(s silence, how How, alike int) (Cause, bool) {
	limit, exact := roundUp(s.idle, h.first.by)
	longest := s.idle + min(sameIdle, s.idle/4)
	if exact {
		longest = s.idle + min(slack, s.idle/4)
	} else if armed, round := roundUp(s.lazy, h.first.by); round && armed%time.Second == 0 && s.lazy-s.idle <= lazy {
		limit, exact, longest = armed, true, armed+slack
	}
	confidence := Low
	switch {
	case how == RST && alike == 0 || !s.timerPlausible(longest):
		return Cause{}, false
	case alike > 0:
		confidence = Medium
	case s.idle < time.Second && !s.shortEnough(h.first.by, exact):
		return Cause{}, false
	case exact:
		confidence = Medium
	case h.first.by != Network:
		return Cause{}, false
	}
	if !exact && alike == 0 && h.roundAge() && s.idle < h.age()-lazy {
		return Cause{}, false
	}
	c := Cause{
		ID: IDIdleTimeout, Confidence: confidence, Evidence: evidence(h.before(s), h.ending(), h.shown),
		Text: fmt.Sprintf("%s, then %s: an idle timeout; no default of a known middlebox", s.words(), endWords(how)),
	}
	if !exact && limit-s.idle > lazy+slack {
		limit = s.idle.Round(10 * time.Millisecond)
	}
	if alike > 0 {
		c.Text += fmt.Sprintf("; %s ended after the same silence at other ages: silences are constant, lifetimes are not", connections(alike))
	}
	c.Advice = fmt.Sprintf("look for a timeout of about %s on the path; beat more often than every %s, or raise it",
		limitWords(limit), limitWords(limit/2))
	return c, true
}

// shortEnough reports whether a silence of less than a second, which says little,
// is one that a timer ended: it is a round number and stands out, and if an end may
// have been the end's own doing, it stands out from several.
func (s silence) shortEnough(by Party, exact bool) bool {
	return exact && s.clear() && (by == Network || s.count >= 3)
}

// oneWayIdle is the same for the silence of one side while the other was heard.
func (h *history) oneWayIdle(s, both silence, how How) (Cause, bool) {
	limit, exact := roundUp(s.idle, h.first.by)
	if how == RST || !exact || s.last == nil || s.idle < time.Second || both.idle > s.idle/2 || !s.timerPlausible(s.idle+slack) {
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
func (h *history) noCloseFrame(s silence) Cause {
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
	if s.idle >= 500*time.Millisecond {
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
