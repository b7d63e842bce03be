package main_test

import (
	"errors"
	"net"
	"time"
)

// idle is the timeout under test: proxy_read_timeout of the real nginx,
// --idle-timeout of the preset.
const idle = 2 * time.Second

// bothFIN is how nginx ends a connection whenever it is nginx that ends it: a FIN
// to each side, no close frame, and nothing left to write to.
var bothFIN = outcome{Client: "FIN", Upstream: "FIN", ClientReset: true, UpstreamReset: true}

// nginxCase is one conversation, held through the real nginx and through the
// preset, and what both must do. The wanted values were measured with nginx
// 1.22.1; as the real one runs here too, they cannot go stale unseen.
type nginxCase struct {
	name        string
	withRequest string // the client sends it in the segment of its request
	talk        func(p *pair) error
	want        outcome
	// The client's stream ends between earliest and latest after the last byte.
	earliest, latest time.Duration
}

// An idle timer must end a connection between idleEarliest and idleLatest.
// nginx's timers are set up to some milliseconds before the peer has the byte;
// what is above idle is room for a busy machine.
const (
	idleEarliest = idle - 50*time.Millisecond
	idleLatest   = idle + 200*time.Millisecond
	promptly     = 400 * time.Millisecond
)

var nginxCases = []nginxCase{
	{
		name: "a word each way, then silence",
		talk: func(p *pair) error {
			return errors.Join(p.toUpstream(clientFrame(opText, "hello")), p.toClient(serverFrame(opText, "world")))
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "client bytes alone reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(clientFrame(opText, "beat")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "client pings alone, never answered, reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(clientFrame(opPing, "")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "upstream bytes alone reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toClient(serverFrame(opText, "beat")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "half a frame resets the timer as a whole one does",
		talk: func(p *pair) error {
			half := clientFrame(opText, "never finished")[:9]
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(half) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		// nginx keeps the old deadline when the new one is less than 300 ms
		// later, so the timer still runs from the first of two bytes.
		name: "a byte 200 ms after another leaves the old deadline",
		talk: func(p *pair) error {
			return every(200*time.Millisecond, 2, func() error { return p.toClient(serverFrame(opText, "x")) })
		},
		want: bothFIN, earliest: idle - 300*time.Millisecond, latest: idle - 100*time.Millisecond,
	},
	{
		name: "the client says Close and the upstream does not answer",
		talk: func(p *pair) error { return p.toUpstream(clientFrame(opClose, "\x03\xe8")) },
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "the upstream ends its stream",
		talk: func(p *pair) error { p.noUpstreamWrites = true; return p.upstream.CloseWrite() },
		want: outcome{Client: "FIN", Upstream: "FIN", ClientReset: true}, latest: promptly,
	},
	{
		name: "the upstream says Close 1001 and ends its stream",
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			_, err := p.upstream.Write(serverFrame(opClose, "\x03\xe9"))
			return errors.Join(err, p.upstream.CloseWrite())
		},
		want: outcome{Client: "FIN", Upstream: "FIN", ToClient: "\x88\x02\x03\xe9", ClientReset: true}, latest: promptly,
	},
	{
		name: "the upstream stops in the middle of a frame",
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			_, err := p.upstream.Write(serverFrame(opText, "hello")[:4])
			return errors.Join(err, p.upstream.CloseWrite())
		},
		want: outcome{Client: "FIN", Upstream: "FIN", ToClient: "\x81\x05he", ClientReset: true}, latest: promptly,
	},
	{
		name: "the client ends its stream",
		talk: func(p *pair) error { p.noClientWrites = true; return p.client.CloseWrite() },
		want: outcome{Client: "FIN", Upstream: "FIN", UpstreamReset: true}, latest: promptly,
	},
	{
		name: "the upstream resets",
		talk: func(p *pair) error { return p.reset(&p.upstream) },
		want: outcome{Client: "FIN", Upstream: gone, ClientReset: true}, latest: promptly,
	},
	{
		name: "the client resets",
		talk: func(p *pair) error { return p.reset(&p.client) },
		want: outcome{Client: gone, Upstream: "FIN", UpstreamReset: true}, latest: promptly,
	},
	{
		name: "a frame in the segment of the request and one in that of the 101",
		// The case's path makes the upstream send the second one.
		withRequest: string(clientFrame(opText, "early")),
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			time.Sleep(100 * time.Millisecond) // both frames have arrived before the end is made
			p.lastByte = time.Now()
			return p.upstream.CloseWrite()
		},
		want: outcome{
			Client: "FIN", Upstream: "FIN", ClientReset: true,
			ToClient: "\x81\x05early", ToUpstream: "\x81\x85\x00\x00\x00\x00early",
		},
		latest: promptly,
	},
}

// reset ends a side with RST. Nothing can be seen from there any more.
func (p *pair) reset(side **net.TCPConn) error {
	conn := *side
	*side = nil
	return errors.Join(conn.SetLinger(0), conn.Close())
}

// every calls do, times times, d apart, the first at once.
func every(d time.Duration, times int, do func() error) error {
	next := time.Now()
	for range times {
		time.Sleep(time.Until(next))
		if err := do(); err != nil {
			return err
		}
		next = next.Add(d)
	}
	return nil
}
