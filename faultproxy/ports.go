package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

type portState string

const (
	portAccepts portState = "the port accepts again"
	portRefuses portState = "the port refuses"
	portHangs   portState = "the port hangs"
)

// outage is a rule or a caller that keeps the port down.
type outage struct {
	rule  ruleRef
	state portState
	timer *time.Timer // nil: until it is taken back
}

// Down takes the port down.
func (p *Plan) Down(f Down) {
	if p.needs(StageProxy|StageAccept|StageRequest|StageResponse|StageFrame|StageTime, "down") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actDown, down: f})
	}
}

// openPort serves the listener. The mutex is held.
func (p *Proxy) openPort() {
	addr := p.Listener.Addr()
	p.port = port.New(p.Listener, func() (net.Listener, error) { return net.Listen("tcp", addr.String()) })
	p.portTurn = make(chan portState, 1)
	p.portTurn <- portAccepts
}

// takeDown does what a Down wants. It does not wait.
func (p *Proxy) takeDown(f Down, rule ruleRef) {
	if !p.enter() {
		return
	}
	go func() {
		defer p.leave()
		state := portRefuses
		if f.Hang {
			state = portHangs
		}
		if err := p.begin(state, rule, f.For); err != nil {
			p.fail(0, "port", err)
		}
		if f.Drop != (End{}) {
			p.dropAll(f.Drop, rule)
		}
	}()
}

// begin keeps the port down on behalf of a rule, for d if d is above zero.
func (p *Proxy) begin(state portState, rule ruleRef, d time.Duration) error {
	o := &outage{rule: rule, state: state}
	p.mu.Lock()
	p.stopOutages(func(other *outage) bool { return other.rule == rule })
	if d > 0 {
		o.timer = time.AfterFunc(d, func() {
			if p.enter() {
				defer p.leave()
				p.settle(func(other *outage) bool { return other == o })
			}
		})
	}
	p.outages = append(p.outages, o)
	p.mu.Unlock()
	return p.settlePort(rule)
}

// stopOutages forgets outages. The mutex is held.
func (p *Proxy) stopOutages(which func(*outage) bool) (last ruleRef) {
	p.outages = slices.DeleteFunc(p.outages, func(o *outage) bool {
		if !which(o) {
			return false
		}
		if o.timer != nil {
			o.timer.Stop()
		}
		last = o.rule
		return true
	})
	return last
}

// settle ends outages, and records if the port cannot be brought back.
func (p *Proxy) settle(which func(*outage) bool) {
	p.mu.Lock()
	rule := p.stopOutages(which)
	p.mu.Unlock()
	if err := p.settlePort(rule); err != nil {
		p.fail(0, "port", err)
	}
}

// undo takes back what a rule did to the port. It does not wait.
func (p *Proxy) undo(rule ruleRef) {
	p.mu.Lock()
	held := slices.ContainsFunc(p.outages, func(o *outage) bool { return o.rule == rule })
	p.mu.Unlock()
	if held && p.enter() {
		go func() {
			defer p.leave()
			p.settle(func(o *outage) bool { return o.rule == rule })
		}()
	}
}

// settlePort brings the port into the state that the outages want, on behalf of the
// rule that changed them.
func (p *Proxy) settlePort(rule ruleRef) error {
	state := <-p.portTurn
	defer func() { p.portTurn <- state }()
	p.mu.Lock()
	want := portAccepts
	if n := len(p.outages); n > 0 {
		want = p.outages[n-1].state
	}
	p.mu.Unlock()
	if want == state {
		return nil
	}
	p.Timeline.Append(timeline.Record{At: p.Timeline.Now(), Kind: timeline.KindFault, Rule: rule,
		Fields: []timeline.Field{{Name: "does", Value: string(want)}}})
	do := map[portState]func() error{portAccepts: p.port.Resume, portRefuses: p.port.Refuse, portHangs: p.port.Hang}[want]
	if err := do(); err != nil {
		return fmt.Errorf("%s on %v: %w", want, p.port.Addr(), err)
	}
	state = want
	return nil
}

// byCaller changes the port as a caller wants, and waits until it is so.
func (p *Proxy) byCaller(do func(rule ruleRef) error) error {
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	if !started || !p.enter() {
		return errors.New("faultproxy: the port cannot change: the proxy is not running")
	}
	defer p.leave()
	if err := do(p.Timeline.Intern(callerName)); err != nil {
		return fmt.Errorf("faultproxy: %w", err)
	}
	return nil
}

// Refuse makes dials fail with "connection refused" until Resume; connections live on.
func (p *Proxy) Refuse() error {
	return p.byCaller(func(rule ruleRef) error {
		if err := (Down{}).validOn(p); err != nil {
			return err
		}
		return p.begin(portRefuses, rule, 0)
	})
}

// Hang makes dials wait, as if every SYN were lost in a black hole, until Resume;
// connections live on. On TCP it works on Linux only.
func (p *Proxy) Hang() error {
	return p.byCaller(func(rule ruleRef) error {
		if err := (Down{Hang: true}).validOn(p); err != nil {
			return err
		}
		return p.begin(portHangs, rule, 0)
	})
}

// Resume makes the port accept again, whoever took it down.
func (p *Proxy) Resume() error {
	return p.byCaller(func(rule ruleRef) error {
		p.mu.Lock()
		p.stopOutages(func(*outage) bool { return true })
		p.mu.Unlock()
		return p.settlePort(rule)
	})
}

// DropAll ends every connection that is open in the same way, in the order of their
// numbers. It queues and returns.
func (p *Proxy) DropAll(how End) error {
	if err := how.Validate(); err != nil {
		return fmt.Errorf("faultproxy: %w", err)
	}
	for _, c := range p.Conns() {
		_ = c.End(how) // one that cannot be ended is over
	}
	return nil
}

// dropAll ends every connection on behalf of a rule.
func (p *Proxy) dropAll(how End, rule ruleRef) {
	for _, c := range p.Conns() {
		p.mu.Lock()
		l := p.links[c.n]
		p.mu.Unlock()
		if l != nil && l.enter() {
			l.behind101(func() { l.endBoth(how, rule) })
			l.leave()
		}
	}
}

// closePort ends the port for good.
func (p *Proxy) closePort() {
	p.mu.Lock()
	p.stopOutages(func(*outage) bool { return true })
	p.takeBackAll()
	if p.clock != nil {
		p.clock.Stop()
	}
	p.mu.Unlock()
	_ = p.port.Close()
}
