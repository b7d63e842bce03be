package scenario

import (
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// run is a scenario on a proxy.
type run struct {
	proxy *faultproxy.Proxy

	mu    sync.Mutex      // one phase after another, should a slow machine be late
	rules []string        // of the phase
	usual *faultproxy.Box // what the proxy was before a phase with its own preset; nil in others
}

// begin puts a phase in the place of the one before.
func (r *run) begin(p span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
	r.proxy.Timeline.Note("phase " + p.Name)
	if p.Preset != nil {
		usual := r.proxy.Box()
		r.usual = &usual
		r.try(p.Preset.Configure(r.proxy))
	}
	for _, rule := range p.rules {
		if !p.lasting[rule.Name] {
			r.rules = append(r.rules, rule.Name)
		}
	}
	if err := r.proxy.Check(p.rules...); err != nil {
		r.try(err)
		return
	}
	r.try(r.proxy.Add(p.rules...))
}

// idle ends a phase that no other follows at once.
func (r *run) idle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
	r.proxy.Timeline.Note("phase over")
}

// end takes a phase back.
func (r *run) end() {
	r.proxy.Remove(r.rules...)
	r.rules = nil
	if r.usual != nil {
		r.try(r.proxy.Become(*r.usual))
		r.usual = nil
	}
}

// try records what went wrong where nobody is there to be told.
func (r *run) try(err error) {
	if err != nil {
		r.proxy.Timeline.Append(timeline.Record{At: r.proxy.Timeline.Now(), Kind: timeline.KindError, Fields: []timeline.Field{
			{Name: "what", Value: "scenario"}, {Name: "error", Value: err.Error()}}})
	}
}
