package scenario

import (
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// run is a scenario on a proxy.
type run struct {
	proxy  *faultproxy.Proxy
	before *faultproxy.Box // what the proxy was before the scenario's own preset; nil without one
	laters []func()        // take back what is still to come

	mu    sync.Mutex      // one phase after another, should a slow machine be late
	over  bool            // it was stopped
	rules []string        // of the phase
	usual *faultproxy.Box // what the proxy was before a phase with its own preset; nil in others
}

// later has f called unless the scenario is stopped before.
func (r *run) later(d time.Duration, f func()) {
	r.laters = append(r.laters, r.proxy.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.over {
			f()
		}
	}))
}

// stop ends the scenario where it is.
func (r *run) stop() {
	for _, takeBack := range r.laters {
		takeBack()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	r.over = true
	r.end()
	if r.before != nil {
		r.try(r.proxy.Become(*r.before))
	}
	r.proxy.Timeline.Note("scenario stopped")
}

// begin puts a phase in the place of the one before.
func (r *run) begin(p span) {
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
