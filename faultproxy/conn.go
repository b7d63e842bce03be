package faultproxy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// callerName stands where a rule's name would, for what a caller did through a Conn.
const callerName = "caller"

// Conn is a live connection, to do things to at once. Its methods queue and
// return; that they were done is seen on the timeline. They win over rules. An
// error means that the connection is over, or was never there.
type Conn struct {
	p *Proxy
	n int
}

// Conn names connection n, the n-th upgrade attempt. It need not exist yet.
func (p *Proxy) Conn(n int) Conn { return Conn{p, n} }

// Conns returns the connections that are open now, in the order of their numbers.
func (p *Proxy) Conns() []Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Conn
	for _, n := range slices.Sorted(maps.Keys(p.links)) {
		if p.links[n].refs.Load() > 0 {
			list = append(list, Conn{p, n})
		}
	}
	return list
}

// Number is the connection's number, counted from 1.
func (c Conn) Number() int { return c.n }

// View returns what happened on this connection, live.
func (c Conn) View() *timeline.View { return c.p.View().Conn(c.n) }

// do runs f with a reference of the link.
func (c Conn) do(what string, f func(l *link, rule ruleRef)) error {
	c.p.mu.Lock()
	l, attempts := c.p.links[c.n], c.p.attempts
	c.p.mu.Unlock()
	switch {
	case l != nil && l.enter():
	case c.n > attempts:
		return fmt.Errorf("faultproxy: %s: there is no connection %d yet, only %d so far", what, c.n, attempts)
	case l != nil:
		return fmt.Errorf("faultproxy: %s: connection %d is not open yet", what, c.n)
	default:
		return fmt.Errorf("faultproxy: %s: connection %d is over", what, c.n)
	}
	defer l.leave()
	rule := l.tl.Intern(callerName)
	l.behind101(func() {
		l.record(timeline.Record{Kind: timeline.KindFault, Rule: rule,
			Fields: []timeline.Field{{Name: "does", Value: what}}})
		f(l, rule)
	})
	return nil
}

func (c Conn) fault(f Fault, a act) error {
	if v, ok := f.(Validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("faultproxy: %w", err)
		}
	}
	if v, ok := f.(validOn); ok {
		if err := v.validOn(c.p); err != nil {
			return fmt.Errorf("faultproxy: %q: %w", f, err)
		}
	}
	return c.do(f.String(), func(l *link, rule ruleRef) {
		a.rule = rule
		l.perform(a)
	})
}

// SendClose closes both sides with code and reason; see [Close].
func (c Conn) SendClose(code frame.CloseCode, reason string) error {
	return c.Close(CloseWith(code, reason))
}

// Close starts a closing handshake.
func (c Conn) Close(f Close) error { return c.fault(f, act{kind: actClose, close: f}) }

// End ends one or both sides of the TCP connection.
func (c Conn) End(f End) error { return c.fault(f, act{kind: actEnd, end: f}) }

// Reset resets both sides.
func (c Conn) Reset() error { return c.End(End{Client: RST, Server: RST}) }

// Inject sends a frame of the proxy's own toward a peer.
func (c Conn) Inject(f frame.Frame, toward frame.Direction) error {
	return c.fault(Inject{Frame: f, Toward: toward}, act{kind: actInject, dir: orToClient(toward), frame: f})
}

// Silence holds a direction until Heal; see [Silence].
func (c Conn) Silence(dir frame.Direction) error {
	return c.fault(Silence{Dir: dir}, act{kind: actSilence, dir: orBoth(dir)})
}

// Discard swallows a direction's frames until Heal; see [Discard].
func (c Conn) Discard(dir frame.Direction) error {
	return c.fault(Discard{Dir: dir}, act{kind: actDiscard, dir: orBoth(dir)})
}

// Freeze stops reading what travels in a direction until Heal; see [Freeze].
func (c Conn) Freeze(dir frame.Direction) error {
	return c.fault(Freeze{Dir: dir}, act{kind: actFreeze, dir: orBoth(dir)})
}

// Forget makes the path forget the connection until Heal; see [Forget].
func (c Conn) Forget(f Forget) error { return c.fault(f, act{kind: actForget, forget: f}) }

// Heal ends every silence, discarding, freezing and forgetting on the connection, whoever made it;
// what was held goes out, in order.
func (c Conn) Heal() error {
	return c.do("heal", func(l *link, _ ruleRef) { l.heal(frame.Both, 0) })
}
