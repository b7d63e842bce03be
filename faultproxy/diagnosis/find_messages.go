package diagnosis

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// numbered is a message with its number, and the event of its last frame.
type numbered struct {
	n  int
	t  *track
	ev *timeline.Event
}

// flow is what is known of the numbered messages of one client in one direction.
type flow struct {
	dir       frame.Direction
	sent      []numbered // as they came from their sender
	delivered []numbered // as they left for their receiver
	unread    string     // why some may not be known
}

// flows finds the numbered messages of a client.
func (e *exam) flows(c *client) []flow {
	flows := []flow{{dir: frame.ToServer}, {dir: frame.ToClient}}
	m := e.policy.Continuity.Messages
	for _, t := range c.tracks {
		for i := range t.events {
			if k := t.events[i].Kind; k == timeline.KindLost || k == timeline.KindOpaque {
				flows[0].unread = "events of " + t.name() + " are missing, or could not be parsed"
				flows[1].unread = flows[0].unread
			}
		}
		for _, far := range []bool{false, true} {
			for last, message := range t.messages(far) {
				for i := range flows {
					if f := &flows[i]; f.dir == message.Dir && !message.Header.Opcode.IsControl() && m.Needs().Dirs.Has(f.dir) {
						e.note(f, t, last, message, far == (f.dir == frame.ToClient))
					}
				}
			}
		}
	}
	return flows
}

// note takes a message into a flow, as it came from its sender or left for its receiver.
func (e *exam) note(f *flow, t *track, last *timeline.Event, message timeline.Message, sent bool) {
	if why := unreadable(message); why != "" {
		f.unread = why + " (" + t.name() + ")"
		return
	}
	v := message.View()
	if !e.policy.Continuity.Messages.Match(v) {
		return
	}
	n, ok := e.number(v)
	switch one := (numbered{n, t, last}); {
	case !ok:
		f.unread = "a message of " + t.name() + " has no number where the policy says"
	case sent:
		f.sent = append(f.sent, one)
	default:
		f.delivered = append(f.delivered, one)
	}
}

// number reads the number of a message.
func (e *exam) number(v frame.View) (int, bool) {
	f, ok := e.policy.Continuity.template().Render(0, v)
	if !ok {
		return 0, false
	}
	text := string(f.Payload)
	if s, err := strconv.Unquote(text); err == nil {
		text = s
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// continuity calls f for the numbered messages of every client, in each direction in
// which there are some.
func (e *exam) continuity(f func(c *client, fl flow)) {
	if e.policy.Continuity.Messages == nil {
		e.nothing("the policy does not say which messages must not be lost")
		return
	}
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		flows, known := e.flowed[c]
		if !known {
			flows = e.flows(c)
			e.flowed[c] = flows
		}
		for _, fl := range flows {
			if fl.unread != "" {
				e.blindTo(c, nil, fl.unread)
			} else if len(fl.sent) > 0 {
				f(c, fl)
			}
		}
	}
	e.nothing("no numbered message was sent")
}

// lossPatience is how long after a later message a lost one may still come.
const lossPatience = 5 * time.Second

// lost: every number up to the last has come. One that was swallowed while others on
// its connection still came is not the client's loss: TCP does no such thing, and
// nobody has to notice.
func (e *exam) lost() {
	n := 0
	e.continuity(func(c *client, fl flow) {
		come := map[int]bool{}
		for _, m := range fl.delivered {
			come[m.n] = true
		}
		swallowed := fl.swallowed()
		numbers := make([]int, 0, len(come))
		for number := range come {
			numbers = append(numbers, number)
		}
		slices.Sort(numbers)
		whole := true
		for i := 1; i < len(numbers); i++ {
			for missing := numbers[i-1] + 1; missing < numbers[i]; missing++ {
				if swallowed[missing] {
					continue
				}
				e.missing(c, fl, missing)
				whole = false
				break // one hole is one fault
			}
		}
		if whole {
			n += len(numbers)
		}
	})
	e.kept(n, "message", "%s without a gap")
}

// missing judges one number that did not come, though later ones did.
func (e *exam) missing(c *client, fl flow, n int) {
	later := slices.IndexFunc(fl.delivered, func(m numbered) bool { return m.n > n })
	after := fl.delivered[later]
	if e.r.now <= sum(after.ev.At, sum(lossPatience, e.tolerance)) {
		e.nothing("the recording ends before the missing message could be sent again")
		return
	}
	text := fmt.Sprintf("message %d was never sent, though %d was", n, after.n)
	evidence := []*timeline.Event{after.ev}
	if i := slices.IndexFunc(fl.sent, func(m numbered) bool { return m.n == n }); i >= 0 {
		text = fmt.Sprintf("message %d was lost with %s and not sent again, though %d was sent after it", n, fl.sent[i].t.name(), after.n)
		evidence = append(evidence, fl.sent[i].ev)
	}
	e.fault(c, after.t, Finding{Text: text, Measured: fmt.Sprintf("number %d missing", n), Expected: "every number once at least"}, evidence...)
}

// swallowed are the numbers that were sent but not delivered on a connection on which
// later messages of the same direction were.
func (fl flow) swallowed() map[int]bool {
	list := map[int]bool{}
	for _, m := range fl.sent {
		if m.ev.Seen&timeline.Left != 0 {
			continue
		}
		for _, d := range fl.delivered {
			if d.t == m.t && d.ev.At >= m.ev.At && d.n > m.n {
				list[m.n] = true
			}
		}
	}
	return list
}

// repeated: no number is sent twice, unless the first time it may have been lost with
// its connection.
func (e *exam) repeated() {
	if e.policy.Continuity.Repeats {
		e.nothing("messages may come more than once, as the policy says")
		return
	}
	n := 0
	e.continuity(func(c *client, fl flow) {
		first := map[int]numbered{}
		for _, m := range fl.sent {
			before, again := first[m.n]
			switch {
			case !again:
				first[m.n] = m
				n++
			case before.t != m.t && !before.certain(e.tolerance):
			default:
				text := fmt.Sprintf("message %d was sent twice", m.n)
				if before.t != m.t {
					text = fmt.Sprintf("message %d was sent again, though %s had delivered it", m.n, before.t.name())
				}
				e.fault(c, m.t, Finding{Text: text, Measured: "again after " + span(m.ev.At-before.ev.At), Expected: "every number once"}, before.ev, m.ev)
			}
		}
	})
	e.kept(n, "message", "%s, none of them twice")
}

// certain reports whether a message surely arrived: its receiver sent something on the
// same connection later.
func (m numbered) certain(tolerance time.Duration) bool {
	if m.ev.Seen&timeline.Left == 0 {
		return false
	}
	for i := range m.t.events {
		ev := &m.t.events[i]
		if ev.Kind == timeline.KindFrame && ev.Dir == m.ev.Dir.Opposite() && ev.Seen&timeline.Arrived != 0 && ev.At > sum(m.ev.At, tolerance) {
			return true
		}
	}
	return false
}

// order: on one connection the client sends new messages in the order of their numbers.
func (e *exam) order() {
	n := 0
	e.continuity(func(c *client, fl flow) {
		if fl.dir != frame.ToServer {
			return
		}
		seen := map[int]bool{}
		highest := map[*track]numbered{}
		for _, m := range fl.sent {
			if top, ok := highest[m.t]; ok && m.n < top.n && !seen[m.n] {
				e.fault(c, m.t, Finding{Text: fmt.Sprintf("message %d was sent after %d", m.n, top.n), Measured: fmt.Sprintf("%d, %d", top.n, m.n), Expected: "ascending numbers"}, top.ev, m.ev)
			} else if !ok || m.n > top.n {
				highest[m.t] = m
				n++
			}
			seen[m.n] = true
		}
	})
	e.kept(n, "message", "%s of the client's, in order")
	e.nothing("the client sent no numbered message")
}
