//go:build linux

package fidelity

import (
	"errors"
	"slices"
	"time"
)

// timeout is what every timer under test is set to.
const timeout = 2 * time.Second

// Traffic goes on for trafficFor, one frame every trafficEvery. It is longer than
// the latest timer under test (2 s, and 2 s late).
const (
	trafficEvery = 500 * time.Millisecond
	trafficFor   = 5 * time.Second
)

// pattern is traffic that may or may not keep a connection open.
type pattern struct {
	name  string
	every time.Duration // 0: trafficEvery
	total time.Duration // 0: trafficFor
	// beat is one round of it.
	beat func(p *pair) error
}

// The patterns of the record. The pings and pongs are bytes to every middlebox.
var patterns = []pattern{
	{name: "silent"},
	{name: "c2s-only", beat: func(p *pair) error { return p.toServer(clientFrame(opText, "beat")) }},
	{name: "s2c-only", beat: func(p *pair) error { return p.toClient(serverFrame(opText, "beat")) }},
	{name: "client-ping-nopong", beat: func(p *pair) error { return p.toServer(clientFrame(opPing, "")) }},
	{name: "client-ping-pong", beat: func(p *pair) error {
		return errors.Join(p.toServer(clientFrame(opPing, "")), p.toClient(serverFrame(opPong, "")))
	}},
	{name: "server-ping-nopong", beat: func(p *pair) error { return p.toClient(serverFrame(opPing, "")) }},
	{name: "server-ping-pong", beat: func(p *pair) error {
		return errors.Join(p.toClient(serverFrame(opPing, "")), p.toServer(clientFrame(opPong, "")))
	}},
	{name: "bytes every 20 ms for 1.1 s", every: 20 * time.Millisecond, total: 1100 * time.Millisecond,
		beat: func(p *pair) error { return p.toClient(serverFrame(opText, "x")) }},
	{name: "half a frame again and again", beat: func(p *pair) error { return p.toServer(clientFrame(opText, "never finished")[:9]) }},
}

// idles are the scenarios of one configuration of a timer: one for each pattern.
func idles(only ...string) (all []scenario) {
	for _, pat := range patterns {
		if len(only) > 0 && !slices.Contains(only, pat.name) {
			continue
		}
		all = append(all, scenario{
			name: "idle-timeout: " + pat.name, kind: patient, n: 8, play: pat.play,
		})
	}
	return all
}

// play holds the pattern, then falls silent until the connection ends. The
// conversations begin an eighth of a second apart, so that timers that look at
// their clock once a second are met at every moment of it.
func (pat pattern) play(s scene) (out seen, err error) {
	time.Sleep(time.Duration(s.i) * time.Second / 8)
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	last, alive := p.opened, true
	if pat.beat != nil {
		last, alive = pat.traffic(p)
		out.is("in traffic", "%s", map[bool]string{true: "alive", false: "closed"}[alive])
		if !alive {
			return out, nil // the beat met the end; the silent pattern shows it whole
		}
	}
	client, server := p.finish(&out, 2*timeout+time.Second+timeout/2)
	if client.how != open {
		out.late("client's end", client.at.Sub(last)-timeout)
	}
	if server.how != open {
		out.late("server's end", server.at.Sub(last)-timeout)
	}
	return out, nil
}

// traffic says when the last byte had arrived, and whether the connection lived.
func (pat pattern) traffic(p *pair) (last time.Time, alive bool) {
	every, total := pat.every, pat.total
	if every == 0 {
		every = trafficEvery
	}
	if total == 0 {
		total = trafficFor
	}
	begun := time.Now()
	for at := time.Duration(0); at <= total; at += every {
		time.Sleep(time.Until(begun.Add(at)))
		if pat.beat(p) != nil {
			return last, false
		}
		last = time.Now()
	}
	return last, true
}
