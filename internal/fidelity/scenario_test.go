//go:build linux

package fidelity

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// scenario is a conversation that is held through the real program and through its
// preset.
type scenario struct {
	// name is the one it has in the record of 22 November 2026.
	name  string
	setup string // which of the subject's setups it runs through
	kind  kind
	n     int // how often it is held
	// slack is how far apart the least, middle and greatest times may be. 0: tight.
	slack time.Duration
	play  func(s scene) (seen, error)
}

// kind says what a scenario may run beside.
type kind uint8

const (
	quick   kind = iota // a few at a time
	patient             // mostly silence: all at once
	flood               // moves megabytes: when the others have ended
)

// tight is the slack of what happens at once or at an exact time. The machine has
// few cores, and a dozen programs run on it.
const tight = 120 * time.Millisecond

// scene is where a conversation takes place.
type scene struct {
	addr string
	up   *upstream
	i    int // which of the n conversations
	// happen does to the middlebox what the scenario is named after: a reload, a
	// signal. nil where nothing does.
	happen func() error
}

func (s scene) open() (*pair, error) { return dial(s.addr, s.up, nil, says(upgradeResponse)) }

// hold holds all conversations of a scenario.
func (sc scenario) hold(s scene) (seen, error) {
	n := max(sc.n, 1)
	all := make([]seen, n)
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		at := s
		at.i = i
		if sc.kind == patient {
			group.Go(func() { all[i], errs[i] = sc.play(at) })
			continue
		}
		all[i], errs[i] = sc.play(at)
	}
	group.Wait()
	var joined seen
	for i := range n {
		if errs[i] != nil {
			return seen{}, fmt.Errorf("conversation %d of %d: %w", i+1, n, errs[i])
		}
		joined.add(all[i])
	}
	return joined, nil
}

// finish watches both sides to their ends, for at most d, and notes them.
func (p *pair) finish(s *seen, d time.Duration) (client, server ending) {
	inClient, inServer := watch(p.client, d), watch(p.server, d)
	client, server = <-inClient, <-inServer
	s.is("client", "%s", whole(p.client, client, false))
	s.is("server", "%s", whole(p.server, server, p.serverEnded))
	return client, server
}

// whole is how a side's stream ended, and what follows a FIN.
func whole(c *net.TCPConn, e ending, endedItself bool) string {
	if e.how != ended {
		return e.how
	}
	return aftermath(c, endedItself)
}
