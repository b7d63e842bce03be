package confusion

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// row is something that is done to a client, and what must be found out.
type row struct {
	group, name string
	client      client
	clients     int // that many at once, 3.1 s apart; 0 is 1

	// What the proxy does: a dial of its own, rules, a preset or a behavior. If any is
	// set the row is the proxy's, else the server's.
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	tls      string // "proxy" or "server": that one has a certificate nobody trusts; "trusted": the proxy has one
	rules    []faultproxy.Rule
	box      faultproxy.Middlebox
	behavior *faultproxy.Behavior
	// What the server does. None: it echoes.
	handlers []fakeserver.Handler
	// do is done at a time since the start, for what is neither rule nor script.
	at time.Duration
	do func(s *scene)

	hop    time.Duration // what every hop takes
	watch  time.Duration // how long the client is watched; 0: a minute
	settle time.Duration // and after it is through; 0: 6 s
	conn   int           // whose end is asked about; 0 is 1
	mute   bool          // whoever does it sees a connection without a request

	want  diagnosis.ID
	field diagnosis.ID // what the recorder in front must say, where it sees something else
}

// scene is a row under way.
type scene struct {
	network *memnet.Network
	server  *fakeserver.Server
	proxy   *faultproxy.Proxy // that injects; nil for rows of the server
	front   *faultproxy.Proxy // that only records
}

// byProxy reports whether a proxy injects.
func (r row) byProxy() bool {
	return r.dial != nil || r.tls != "" || len(r.rules) > 0 || r.box != nil || r.behavior != nil
}

// play plays a row and returns what the recorders have when the client is through,
// or has been watched long enough.
func (r row) play(t *testing.T) (own, front diagnosis.Events) {
	synctest.Test(t, func(t *testing.T) {
		s := r.stage(t)
		ctx, cancel := context.WithCancel(context.Background())
		through := make(chan struct{})
		go func() { defer close(through); r.clientele(ctx, s) }()
		acted := make(chan struct{})
		go func() {
			defer close(acted)
			if r.do != nil && sleep(ctx, r.at) {
				r.do(s)
			}
		}()
		select {
		case <-through:
			time.Sleep(cmp.Or(r.settle, 6*time.Second)) // for what the ends still owe each other
		case <-time.After(cmp.Or(r.watch, time.Minute)):
		}
		synctest.Wait()
		front = diagnosis.Events(s.front.View().Events())
		if s.proxy != nil {
			own = diagnosis.Events(s.proxy.View().Events())
		} else {
			own = diagnosis.Events(s.server.View().Events())
		}
		cancel()
		<-through
		<-acted
		s.close(t)
	})
	return anonymous(own), anonymous(front)
}

// clientele is all the clients of a row.
func (r row) clientele(ctx context.Context, s *scene) {
	done := make(chan struct{})
	n := max(r.clients, 1)
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			if sleep(ctx, time.Duration(i)*3100*time.Millisecond) {
				r.client.run(ctx, s.network, s.front.URL)
			}
		}()
	}
	for range n {
		<-done
	}
}

// stage sets up what the client will meet.
func (r row) stage(t *testing.T) *scene {
	s := &scene{network: memnet.New()}
	s.network.Latency = r.hop
	s.server = (&fakeserver.Server{Handlers: r.handlers, Compression: r.client.deflate, TLS: r.tls == "server"}).On(t, s.network)
	must(t, s.server.Start())
	next := s.server.URL
	if r.byProxy() {
		s.proxy = (&faultproxy.Proxy{Upstream: next, Seed: 1, Dial: r.dial, TLS: r.tls == "proxy" || r.tls == "trusted"}).On(t, s.network)
		must(t, s.proxy.Add(r.rules...))
		if r.box != nil {
			must(t, s.proxy.Use(r.box))
		}
		if r.behavior != nil {
			s.proxy.Behave(*r.behavior)
		}
		must(t, s.proxy.Start())
		next = s.proxy.URL
	}
	s.front = (&faultproxy.Proxy{Upstream: next, Seed: 1}).On(t, s.network)
	if r.tls == "trusted" {
		s.front.UpstreamTLS = &tls.Config{RootCAs: s.proxy.CertPool()}
	}
	must(t, s.front.Start())
	return s
}

func (s *scene) close(t *testing.T) {
	must(t, s.front.Close())
	if s.proxy != nil {
		must(t, s.proxy.Close())
	}
	must(t, s.server.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// anonymous removes all that a recording of the field would not have.
func anonymous(events diagnosis.Events) diagnosis.Events {
	var kept diagnosis.Events
	for _, ev := range events {
		switch ev.Kind {
		case timeline.KindFault, timeline.KindNotApplied, timeline.KindSilence, timeline.KindHeal, timeline.KindRule, timeline.KindNote:
			continue
		}
		ev.Rule = ""
		kept = append(kept, ev)
	}
	return kept
}

// diagnose says what is found out from a recording.
func (r row) diagnose(t *testing.T, events diagnosis.Events, mute bool) diagnosis.Report {
	t.Helper()
	if !mute {
		return diagnosis.Diagnose(events, max(r.conn, 1))
	}
	reports := diagnosis.Mute(events)
	if len(reports) == 0 {
		t.Fatalf("no connection without a request in\n%s", text(events))
	}
	return reports[0]
}

// text is a recording as text.
func text(events diagnosis.Events) string {
	var b strings.Builder
	var f timeline.Formatter
	for _, ev := range events {
		b.Write(f.Append(nil, ev))
		b.WriteByte('\n')
	}
	return b.String()
}
