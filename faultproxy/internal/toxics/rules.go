package toxics

import (
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Rules are the rules that do what the toxic does: one, of its name. A toxic of no
// toxicity, and a noop, have none.
func (t Toxic) Rules() []faultproxy.Rule {
	dir := Direction(t.Stream)
	n := t.Attributes.Get
	millis := func(name string) time.Duration { return time.Duration(n(name)) * time.Millisecond }
	var rules []faultproxy.Rule
	add := func(do faultproxy.Fault) {
		rules = append(rules, faultproxy.Rule{Name: t.Name, Do: do, Conns: t.share()})
	}
	if t.Toxicity == 0 {
		return nil
	}
	switch t.Type {
	case "latency":
		add(faultproxy.Latency{Delay: millis("latency"), Jitter: millis("jitter"), Dir: dir})
	case "bandwidth":
		add(faultproxy.Rate{BytesPerSecond: int(min(n("rate"), math.MaxInt32/1000)) * 1000, Dir: dir})
	case "slow_close":
		add(faultproxy.SlowClose{Delay: millis("delay"), Dir: dir})
	case "timeout":
		add(faultproxy.DiscardBytes{Dir: dir, Timeout: millis("timeout")})
	case "reset_peer":
		add(faultproxy.ResetPeer{Delay: millis("timeout"), Dir: dir})
	case "slicer":
		add(faultproxy.Slice{Size: int(min(n("average_size"), math.MaxInt32)), Variation: int(min(n("size_variation"), math.MaxInt32-1)),
			Pause: time.Duration(n("delay")) * time.Microsecond, Dir: dir})
	case "limit_data":
		add(faultproxy.Limit{Bytes: int(min(n("bytes"), math.MaxInt32)), Dir: dir})
	}
	return rules
}

// share selects the connections of a toxicity, to the percent.
func (t Toxic) share() faultproxy.Conns {
	if t.Toxicity >= 1 {
		return faultproxy.Conns{}
	}
	return faultproxy.Conns{Percent: min(max(int(math.Round(float64(t.Toxicity)*100)), 1), 99)}
}

// Of is the toxic that a rule is; false if none can express it. A rule about both
// directions is none, since toxics have one.
func Of(r faultproxy.Rule) (Toxic, bool) {
	plain := r
	plain.Name, plain.Do, plain.Conns = "", nil, faultproxy.Conns{}
	share := r.Conns
	share.Percent = 0
	if !reflect.DeepEqual(plain, faultproxy.Rule{}) || !zero(share) {
		return Toxic{}, false
	}
	whole := func(d, unit time.Duration) bool { return d%unit == 0 }
	var typ string
	var dir frame.Direction
	values := map[string]int64{}
	switch f := r.Do.(type) {
	case faultproxy.Latency:
		if !whole(f.Delay, time.Millisecond) || !whole(f.Jitter, time.Millisecond) {
			return Toxic{}, false
		}
		typ, dir = "latency", f.Dir
		values["latency"], values["jitter"] = f.Delay.Milliseconds(), f.Jitter.Milliseconds()
	case faultproxy.Rate:
		if f.BytesPerSecond%1000 != 0 {
			return Toxic{}, false
		}
		typ, dir, values["rate"] = "bandwidth", f.Dir, int64(f.BytesPerSecond/1000)
	case faultproxy.SlowClose:
		if !whole(f.Delay, time.Millisecond) {
			return Toxic{}, false
		}
		typ, dir, values["delay"] = "slow_close", f.Dir, f.Delay.Milliseconds()
	case faultproxy.DiscardBytes:
		if !whole(f.Timeout, time.Millisecond) {
			return Toxic{}, false
		}
		typ, dir, values["timeout"] = "timeout", f.Dir, f.Timeout.Milliseconds()
	case faultproxy.ResetPeer:
		if !whole(f.Delay, time.Millisecond) {
			return Toxic{}, false
		}
		typ, dir, values["timeout"] = "reset_peer", f.Dir, f.Delay.Milliseconds()
	case faultproxy.Slice:
		typ, dir = "slicer", f.Dir
		values["average_size"], values["size_variation"], values["delay"] = int64(f.Size), int64(f.Variation), f.Pause.Microseconds()
	case faultproxy.Limit:
		if f.End != (faultproxy.End{}) {
			return Toxic{}, false
		}
		typ, dir, values["bytes"] = "limit_data", f.Dir, int64(f.Bytes)
	}
	if dir != frame.ToServer && dir != frame.ToClient || strings.Contains(r.Name, "/") { // which no path of the API can name
		return Toxic{}, false
	}
	t := Toxic{Attributes: NewAttributes(typ), Name: r.Name, Type: typ, Stream: streamOf(dir), Toxicity: 1}
	for name, v := range values {
		t.Attributes = t.Attributes.With(name, v)
	}
	if r.Conns.Percent > 0 {
		t.Toxicity = float32(r.Conns.Percent) / 100
	}
	return t, true
}

func zero(c faultproxy.Conns) bool {
	return c.From == 0 && c.To == 0 && c.Every <= 1 && c.Percent == 0 && c.Path == "" && len(c.Header) == 0
}
