package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// progress counts what has happened so far, to all proxies.
type progress struct {
	mu     sync.Mutex
	conns  map[numbered]bool // those that have not ended
	ended  int
	frames int // received, from either side
	faults int
	last   string // why the last one ended
}

// numbered is a connection of a proxy, whose name is empty if it is the only one.
type numbered struct {
	proxy string
	conn  int
}

// see counts an event of a connection that has not ended by it.
func (p *progress) see(proxy string, e timeline.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Conn != 0 {
		if p.conns == nil {
			p.conns = map[numbered]bool{}
		}
		p.conns[numbered{proxy, e.Conn}] = true
	}
	switch {
	case e.Kind == timeline.KindFrame && e.Seen&timeline.Arrived != 0:
		p.frames++
	case e.Kind == timeline.KindFault:
		p.faults++
	}
}

// end counts a connection that has ended.
func (p *progress) end(proxy string, conn int, report diagnosis.Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, numbered{proxy, conn})
	p.ended++
	p.last = fmt.Sprintf("connection %d: %v", conn, report.Cause.ID)
	if proxy != "" {
		p.last = proxy + " " + p.last
	}
}

// status is all that on one line, after so much time.
func (p *progress) status(running time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("%v: %d open, %d ended, %s received, %s", running.Truncate(time.Second), len(p.conns), p.ended,
		counted(p.frames, "frame"), counted(p.faults, "fault"))
	if p.last != "" {
		text += "; " + p.last
	}
	return text
}

func counted(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}
