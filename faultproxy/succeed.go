package faultproxy

// Succeed has a proxy that has not started go on where another leaves off, which it
// replaces: its certificates are of the authority that the other made, unless it brings
// one, so that clients that trust that one trust this one too; and rules of the same name
// and fault go on counting. Call it behind Add.
func (p *Proxy) Succeed(other *Proxy) {
	p.ruleMu.Lock()
	defer p.ruleMu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	was, rules := other.rules.Load(), p.rules.Load()
	if p.started {
		return
	}
	p.authority = other.authority
	if was == nil || rules == nil {
		return
	}
	for _, a := range rules.all {
		if _, old := was.find(a.Name); old != nil && sameFault(old.Do, a.Do) {
			a.tally = old.tally
		}
	}
}
