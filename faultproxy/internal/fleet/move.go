package fleet

import (
	"errors"
	"net"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Move gives the proxy another address, another upstream, or both; empty is as it was.
// Its rules stay, its connections end. If the new address cannot be had, nothing has
// changed.
func (p *Proxy) Move(address, upstream string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	defer p.touch()
	doc := p.Doc()
	same := address == "" || sameAddress(address, p.Listen())
	if same && (upstream == "" || upstream == doc.Upstream) {
		return nil
	}
	if upstream != "" {
		doc.Upstream = upstream
	}
	if address != "" {
		doc.Listen = address
	}
	p.mu.Lock()
	closed, started := p.closed, p.started
	p.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if !started {
		fresh, err := p.copyOf(p.engine, doc.Upstream)
		if err == nil {
			p.become(fresh, doc.Upstream, doc.Listen)
		}
		return err
	}
	return p.replace(doc.Upstream, doc.Listen, same)
}

// replace starts an engine in the place of the one that runs, which has another upstream
// or, unless the address is the same, another address. The turn is held.
func (p *Proxy) replace(upstream, address string, same bool) error {
	var next net.Listener
	var err error
	if !same {
		if next, err = listen(address); err != nil {
			return err
		}
	}
	enabled, outage, at := p.Enabled(), p.Scenario(), p.Listen()
	p.stopScenario()
	fresh, err := p.copyOf(p.engine, upstream)
	if err != nil {
		return err
	}
	var goOn []string
	for _, s := range fresh.Rules() {
		goOn = append(goOn, s.Rule.Name)
	}
	if err := without(p.engine.Close(), goOn); err != nil {
		p.complain(err)
	}
	if same { // a port that was drawn stays
		address = at
	}
	p.become(fresh, upstream, address)
	p.mu.Lock()
	p.started, p.disabled, p.doc.Scenario = false, false, outage
	p.mu.Unlock()
	switch {
	case enabled:
		return p.start(next)
	case next != nil:
		return next.Close()
	}
	return nil
}

// become puts an engine in the place of another.
func (p *Proxy) become(engine *faultproxy.Proxy, upstream, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.engine, p.doc.Upstream, p.doc.Listen = engine, upstream, address
}

// copyOf makes an engine like another, on the same timeline, which has not started.
func (p *Proxy) copyOf(old *faultproxy.Proxy, upstream string) (*faultproxy.Proxy, error) {
	fresh := &faultproxy.Proxy{
		Upstream: upstream, Dial: old.Dial, Timeline: old.Timeline, Seed: old.Seed, TLS: old.TLS, TLSConfig: old.TLSConfig,
		UpstreamTLS: old.UpstreamTLS, PreserveHost: old.PreserveHost, Compression: old.Compression, Patience: old.Patience,
	}
	if old.AuthorityPEM() != nil {
		fresh.TLSConfig = nil // which was made for its address
	}
	var rules []faultproxy.Rule
	for _, s := range p.Own() {
		rules = append(rules, s.Rule)
	}
	err := errors.Join(fresh.Become(old.Box()), fresh.Add(rules...))
	fresh.Succeed(old)
	return fresh, err
}

// sameAddress reports whether an address that is asked for is the one there is.
func sameAddress(asked, have string) bool {
	if asked == have {
		return true
	}
	a, err := net.ResolveTCPAddr("tcp", asked)
	if err != nil {
		return false
	}
	return a.String() == have
}

// complain records what went wrong where nobody is there to be told.
func (p *Proxy) complain(err error) {
	p.timeline.Append(timeline.Record{At: p.timeline.Now(), Kind: timeline.KindError, Fields: []timeline.Field{
		{Name: "what", Value: "move"}, {Name: "error", Value: err.Error()}}})
}
