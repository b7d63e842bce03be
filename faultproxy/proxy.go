package faultproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/bubble"
	"github.com/heartbreak-ws/heartbreak/internal/certificate"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// Proxy is a frame-aware proxy for one upstream. Set its fields, then Start it;
// or use the function [Start] in a test. The fields must not be changed after
// Start. Its methods may be called from any goroutine, and none of them waits for
// a connection, but Close.
type Proxy struct {
	// Upstream is where connections go: a ws, wss, http or https URL. Its path, if
	// any, is put before the client's. Or a tcp URL, of host and port: then bytes are
	// relayed as they are, whatever they mean, and rules about bytes and time apply to
	// them; where a stream begins as a WebSocket's does, and is answered with a 101,
	// it is parsed as frames from there on, and all rules but those of the handshake
	// apply, which are refused; nor does the proxy give the answers that a middlebox
	// would. Rules that select by path or header apply once the request was seen.
	// Required.
	Upstream string
	// Listener accepts the clients. nil: 127.0.0.1, any free port. The proxy closes it.
	Listener net.Listener
	// Dial connects to the upstream. nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Timeline records what happens. nil: one of the proxy's own, that it closes. On one
	// that an earlier proxy recorded on, connections are numbered on from its last.
	Timeline *timeline.Timeline
	// Seed decides all chance. 0: drawn at Start, and put here.
	Seed uint64
	// TLS serves wss. A certificate is made for it at Start, by an authority that
	// CertPool returns, unless TLSConfig brings its own; a client that asks for another
	// name (SNI), or for a tunnel to another host, gets a certificate for that.
	TLS       bool
	TLSConfig *tls.Config
	// UpstreamTLS verifies a wss or https upstream. nil: the system's roots and the
	// URL's host name.
	UpstreamTLS *tls.Config
	// PreserveHost passes Host and Origin on as the client sent them. By default
	// they are rewritten to the upstream's.
	PreserveHost bool
	// Compression is what is done about permessage-deflate. Zero: Pass.
	Compression Compression
	// Patience is how long an injected frame waits for a frame boundary. 0: 5 s.
	Patience time.Duration
	// URL is where clients connect, such as ws://127.0.0.1:41234; its scheme is tcp, or tls,
	// before an upstream of tcp. Set by Start.
	URL string

	target      *target
	roots       *x509.CertPool
	authority   *certificate.Authority
	rules       atomic.Pointer[ruleSet]
	behavior    atomic.Pointer[Behavior]
	ownTimeline bool
	tb          TB

	port      *port.Port
	portTurn  chan portState // holds the port's state while nobody changes it
	startedAt time.Duration

	ruleMu sync.Mutex // one change of the rules at a time; never held while waiting

	mu       sync.Mutex
	started  bool
	attempts int
	upgraded bool                  // some upgrade was seen
	plain    int                   // plain HTTP exchanges seen
	pending  map[net.Conn]struct{} // accepted, not yet a link
	links    map[int]*link
	outages  []*outage
	laters   []*later
	parted   []*armed    // rules that are no longer in force and never acted
	checked  []*armed    // rules that may come later, until the start
	clock    *time.Timer // of rules of the proxy's own time
	http     *http.Server
	httpIn   *channelListener
	endHTTP  context.CancelFunc // ends exchanges that switched protocols
	done     chan struct{}      // closed when the proxy closes
	idle     chan struct{}      // closed when the last goroutine has left
	running  int                // goroutines that Close waits for, links included
	closing  bool
	closeErr error
	closed   chan struct{}
}

// Start opens the proxy: it listens, serves, and sets URL.
func (p *Proxy) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started {
		return errors.New("faultproxy: Start called twice")
	}
	t, err := parseUpstream(p.Upstream)
	if err != nil {
		return fmt.Errorf("faultproxy: %w", err)
	}
	p.target = t
	if p.Listener == nil && bubble.Current() != 0 {
		return errors.New("faultproxy: on loopback virtual time stands still: in a synctest bubble use InMemory")
	}
	if p.Listener == nil {
		if p.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("faultproxy: %w", err)
		}
	}
	scheme := "ws"
	if t.relays {
		scheme = "tcp"
	}
	if p.TLS || p.TLSConfig != nil {
		scheme = map[bool]string{false: "wss", true: "tls"}[t.relays]
		if err := p.makeTLS(); err != nil {
			_ = p.Listener.Close()
			return fmt.Errorf("faultproxy: %w", err)
		}
	}
	p.URL = scheme + "://" + dialable(p.Listener.Addr())
	if p.Seed == 0 {
		p.Seed = rand.Uint64()>>12 | 1 // short enough for a JSON number
	}
	if p.Timeline == nil {
		p.Timeline = timeline.New()
		p.ownTimeline = true
	}
	p.Timeline.SetSeed(p.Seed)
	if conns := p.Timeline.At(timeline.AtProxy).Conns(); len(conns) > 0 {
		p.attempts = conns[len(conns)-1]
	}
	if p.rules.Load() == nil {
		p.rules.Store(emptyRules)
	}
	rules := p.rules.Load().all
	for _, a := range append(p.checked, rules...) {
		if err := p.fits(a); err != nil {
			_ = p.Listener.Close()
			return fmt.Errorf("faultproxy: %w", err)
		}
	}
	p.checked = nil
	for _, a := range rules {
		a.id = p.Timeline.Intern(a.Name) // the timeline may have been set after Add
	}
	p.pending = make(map[net.Conn]struct{})
	p.links = make(map[int]*link)
	p.done, p.idle, p.closed = make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.started = true
	p.startedAt = p.Timeline.Now()
	p.openPort()
	p.startHTTP()
	p.running++
	go p.accept()
	p.wind()
	for _, l := range p.laters {
		p.schedule(l)
	}
	return nil
}

// dialable is an address that a client on this machine can use: a listener on all
// interfaces is reached by localhost.
func dialable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

func (p *Proxy) patience() time.Duration {
	if p.Patience > 0 {
		return p.Patience
	}
	return 5 * time.Second
}

// stream returns a stream of chance of its own for a rule, connection and direction.
func (p *Proxy) stream(rule string, conn, dir int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d/%d", rule, conn, dir)
	return rand.New(rand.NewPCG(p.Seed, h.Sum64()))
}

// enter counts a goroutine that Close will wait for; false means that the proxy
// is closing.
func (p *Proxy) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.running++
	return true
}

func (p *Proxy) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running--; p.running == 0 && p.closing {
		close(p.idle)
	}
}

// forget is a link's last act.
func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	delete(p.links, l.num)
	p.mu.Unlock()
	p.leave()
}

// Close stops listening, closes every connection on both sides without a Close
// frame, and waits until all is over, 5 s at most; then it says what it was
// waiting for. It also says which rules that had to fire never did. Closing again
// returns the same. The timeline stays readable. From another testing/synctest bubble
// than Start's it does nothing and returns timeline.ErrOtherBubble.
func (p *Proxy) Close() error {
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	if !started {
		return nil
	}
	if err := p.Timeline.CheckBubble(); err != nil {
		return fmt.Errorf("faultproxy: Close: %w", err)
	}
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		<-p.closed
		return p.closeErr
	}
	p.closing = true
	close(p.done)
	if p.running == 0 {
		close(p.idle)
	}
	var links []*link
	for _, l := range p.links {
		links = append(links, l)
	}
	for c := range p.pending {
		_ = c.Close()
	}
	p.mu.Unlock()
	sort.Slice(links, func(i, j int) bool { return links[i].num < links[j].num })
	p.closePort()
	p.stopHTTP()
	for _, l := range links {
		if l.enter() {
			l.endBoth(End{Client: FullClose, Server: FullClose}, p.Timeline.Intern(closeName))
			l.leave()
		}
	}
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	var errs []error
	select {
	case <-p.idle:
	case <-timer.C:
		errs = append(errs, p.waitingFor())
	}
	errs = append(errs, p.unmet()...)
	if p.ownTimeline {
		_ = p.Timeline.Close()
	}
	p.closeErr = errors.Join(errs...)
	close(p.closed)
	return p.closeErr
}

// closeName stands where a rule's name would, for what closing the proxy did.
const closeName = "closing the proxy"

func (p *Proxy) waitingFor() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var what []string
	for n, l := range p.links {
		what = append(what, fmt.Sprintf("connection %d (%d goroutines)", n, l.refs.Load()))
	}
	for c := range p.pending {
		what = append(what, fmt.Sprintf("the handshake with %v", c.RemoteAddr()))
	}
	sort.Strings(what)
	if len(what) == 0 {
		what = []string{fmt.Sprintf("%d goroutines", p.running)}
	}
	return fmt.Errorf("faultproxy: after 5 s still waiting for %s", strings.Join(what, ", "))
}

// CertPool holds the authority that signed the proxy's certificate, for clients
// of a proxy with TLS. nil without TLS, or with a TLSConfig.
func (p *Proxy) CertPool() *x509.CertPool { return p.roots }
