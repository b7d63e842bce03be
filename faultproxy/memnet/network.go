package memnet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/bubble"
)

// Network is a virtual TCP network: what listens on it can be dialled on it,
// and nothing else can. The zero value is an empty network, ready to use. A
// Network is safe for concurrent use and must not be copied.
//
// Inside testing/synctest, use a Network in one bubble only.
type Network struct {
	// Latency is how long everything takes to cross the network one way:
	// connection requests and their answers, data, FIN and RST. Zero means
	// at once. A connection keeps the latency it was dialled with; set the
	// field before the first Dial.
	Latency time.Duration

	mu        sync.Mutex
	listeners map[int][]*Listener // by port; one without a host, or any number with different hosts
	names     map[string]net.IP
	pairs     map[*pair]struct{} // connections with a side that is not closed
	listened  int                // ports handed out to listeners
	dialled   int                // addresses handed out to dialers
	connected int                // connections made
	home      uint64             // the bubble it is used in, once it is
	settled   bool               // home is known
	closed    bool

	closing  sync.Once
	closeErr error
}

// New returns an empty network without latency.
func New() *Network {
	return &Network{}
}

// Listen opens a listener, a [*Listener]. The network is "tcp", "tcp4" or
// "tcp6", which mean the same. The host is any name or IP address, or empty;
// port 0 picks a free one (see the package comment).
//
// Errors are [*net.OpError]: wrapping EADDRINUSE if a listener on the port
// has the same host, if either has none, or if no port is left for port 0;
// [net.ErrClosed] after Close; [ErrOtherBubble].
func (n *Network) Listen(network, address string) (net.Listener, error) {
	fail := func(addr net.Addr, err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	host, port, err := splitAddress(network, address)
	if err != nil {
		return fail(nil, err)
	}
	if err := n.settle(); err != nil {
		return fail(nil, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	addr := n.listenAddr(host, port)
	if n.closed {
		return fail(addr, net.ErrClosed)
	}
	inUse := os.NewSyscallError("bind", syscall.EADDRINUSE)
	if addr.Port == 0 {
		return fail(addr, inUse)
	}
	host = canonicalHost(host)
	for _, other := range n.listeners[addr.Port] {
		if host == "" || other.host == "" || other.named(host) {
			return fail(addr, inUse)
		}
	}
	l := &Listener{net: n, addr: addr, host: host}
	l.acceptable.cond.L = &n.mu
	if n.listeners == nil {
		n.listeners = make(map[int][]*Listener)
	}
	n.listeners[addr.Port] = append(n.listeners[addr.Port], l)
	return l, nil
}

// settle fails in any bubble but the one that the network was first used in.
func (n *Network) settle() error {
	here := bubble.Current()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.settled {
		n.home, n.settled = here, true
	}
	if n.home == here {
		return nil
	}
	return fmt.Errorf("%w: it is used %s, and this is %s; "+
		"make network, servers and clients in the same one", ErrOtherBubble, bubble.Words(n.home), bubble.Words(here))
}

// lookup returns the listener that a dial reaches, or nil; n.mu is held.
func (n *Network) lookup(host string, port int) *Listener {
	listeners := n.listeners[port]
	for _, l := range listeners {
		if l.named(host) {
			return l
		}
	}
	if len(listeners) == 1 {
		return listeners[0]
	}
	return nil
}

// unbind forgets a listener; n.mu is held.
func (n *Network) unbind(l *Listener) {
	port := l.addr.Port
	n.listeners[port] = slices.DeleteFunc(n.listeners[port], func(other *Listener) bool { return other == l })
	if len(n.listeners[port]) == 0 {
		delete(n.listeners, port)
	}
}

// forget drops a connection both sides of which are closed.
func (n *Network) forget(p *pair) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.pairs, p)
}

// maxLeft is how many listeners and connections the error of Close names.
const maxLeft = 20

// Close ends the network and everything on it: listeners are closed, dials
// that wait fail with [net.ErrClosed], and connections are reset on both
// sides at once, bytes in flight being lost. It does not wait for anyone,
// and neither Listen nor Dial works afterwards.
//
// If listeners or connections were still open, the error names them and says
// which side of a connection was not closed, at most 20 of them. Further
// calls do nothing and return the same error.
func (n *Network) Close() error {
	n.closing.Do(func() { n.closeErr = n.close() })
	return n.closeErr
}

func (n *Network) close() error {
	n.mu.Lock()
	n.closed = true
	var listeners []*Listener
	for _, bound := range n.listeners {
		listeners = append(listeners, bound...)
	}
	slices.SortFunc(listeners, func(a, b *Listener) int {
		if a.addr.Port != b.addr.Port {
			return a.addr.Port - b.addr.Port
		}
		return strings.Compare(a.addr.String(), b.addr.String())
	})
	var left []string
	for _, l := range listeners {
		left = append(left, "listener "+l.addr.String())
		l.shut(listenerClosed, net.ErrClosed)
	}
	pairs := make([]*pair, 0, len(n.pairs))
	for p := range n.pairs {
		pairs = append(pairs, p)
	}
	n.mu.Unlock()

	slices.SortFunc(pairs, func(a, b *pair) int { return a.serial - b.serial })
	for _, p := range pairs {
		left = append(left, p.sever())
	}
	if len(left) == 0 {
		return nil
	}
	text := fmt.Sprintf("memnet: network closed with listeners still open: %d, connections: %d", len(listeners), len(pairs))
	for _, line := range left[:min(len(left), maxLeft)] {
		text += "\n  " + line
	}
	if more := len(left) - maxLeft; more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return errors.New(text)
}
