package scenario

import (
	"strings"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// run is a scenario on a proxy.
type run struct {
	proxy  *faultproxy.Proxy
	preset *middlebox.Preset // of the scenario

	mu    sync.Mutex        // one phase after another, should a slow machine be late
	rules []string          // of the phase
	own   *middlebox.Preset // of the phase
}

// begin puts a phase in the place of the one before.
func (r *run) begin(p span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
	r.proxy.Timeline.Note("phase " + p.Name)
	if p.Preset != nil {
		r.own = p.Preset
		r.leave(r.preset)
		r.try(p.Preset.Configure(r.proxy))
	}
	rules := p.rules(r.preset)
	if err := r.proxy.Check(rules...); err != nil { // on this proxy, now that it has started
		r.try(err)
		return
	}
	for _, rule := range rules {
		r.rules = append(r.rules, rule.Name)
	}
	r.try(r.proxy.Add(rules...))
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
	if r.own == nil {
		return
	}
	r.leave(r.own)
	r.own = nil
	if r.preset != nil {
		r.try(r.preset.Configure(r.proxy))
	}
}

// leave takes a preset back.
func (r *run) leave(preset *middlebox.Preset) {
	if preset == nil {
		return
	}
	for _, s := range r.proxy.Rules() {
		if strings.HasPrefix(s.Rule.Name, preset.Name+"/") {
			r.proxy.Remove(s.Rule.Name)
		}
	}
	r.proxy.Behave(faultproxy.Behavior{})
}

// try records what went wrong where nobody is there to be told.
func (r *run) try(err error) {
	if err != nil {
		r.proxy.Timeline.Append(timeline.Record{At: r.proxy.Timeline.Now(), Kind: timeline.KindError, Fields: []timeline.Field{
			{Name: "what", Value: "scenario"}, {Name: "error", Value: err.Error()}}})
	}
}
