package faultproxy

import "fmt"

// Summary says, in lines for a person, what should be known of a proxy's run
// besides its timeline: the seed, the rules that never fired, and whether clients
// seem to have gone past it.
func (p *Proxy) Summary() []string {
	lines := []string{fmt.Sprintf("seed %d", p.Seed)}
	for _, s := range p.Rules() {
		if s.Fired == 0 && accusable(s) {
			lines = append(lines, fmt.Sprintf("rule %q never fired: %s", s.Rule.Name, reason(s)))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plain > 0 && !p.upgraded {
		lines = append(lines, fmt.Sprintf("%d plain HTTP requests came through and no WebSocket upgrade: "+
			"does the client look its socket's URL up, and connect past the proxy?", p.plain))
	}
	return lines
}

// accusable reports whether a rule that never fired deserves a line. Rules that
// wait for time are right not to fire on a connection that behaves.
func accusable(s Status) bool {
	stage, _ := stageOf(s.Rule.On)
	return s.Rule.Expect == Fired || stage != StageTime
}
