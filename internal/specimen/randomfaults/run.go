// Package randomfaults has a specimen client live behind a proxy that does things to
// it, drawn from a seed, for some minutes of virtual time. What judges clients must
// find nothing wrong with it.
//
//	synctest.Test(t, func(t *testing.T) {
//		out, err := randomfaults.Run(seed)
//		…
//		for _, f := range diagnosis.Findings(out.Timeline, out.Config.Policy()) …
//	})
//
// The package's own test does so with the findings and with the matchers of package
// assertions, for 150 seeds, and for as many as RUNS says:
//
//	RUNS=10000 go test -timeout 60m -v -run NeverAccused ./internal/specimen/randomfaults
//
// It takes minutes, and ends with a table of how often each rule was put to the test and
// of what each matcher said.
package randomfaults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

const (
	length    = 10 * time.Minute // how long the client lives
	aftermath = time.Minute      // for which it is watched once it was stopped
	enough    = 1000             // attempts; correct clients make less than 100
)

// How long everything takes from the client to the proxy, and from there to the server:
// cause and effect never share an instant, nor do two effects of one cause.
const (
	nearLatency = 50 * time.Microsecond
	farLatency  = 37 * time.Microsecond
)

// Outcome is what came of a run.
type Outcome struct {
	// Timeline is what the proxy saw, and the client's reports. It is closed.
	Timeline *timeline.Timeline
	// Config is that of the correct client, also where a mutant ran in its place.
	Config specimen.Config
	// Faults says what was done, each with its time.
	Faults []string
	// Got are the numbers of the messages that the server got, in their order; nil if
	// the client does not number them.
	Got []string
}

// Run runs a client for ten minutes, stops it, and watches for one more. It has to be
// called in a synctest bubble, of which it leaves nothing behind. Mutations change the
// client, but nothing else about the run.
func Run(seed uint64, mutations ...specimen.Mutant) (Outcome, error) {
	r := &run{chance: rand.New(rand.NewPCG(seed, 1)), near: &memnet.Network{Latency: nearLatency}, far: &memnet.Network{Latency: farLatency}}
	r.out.Config = draw(r.chance)
	r.ledger.Takes = time.Millisecond // so that no answer shares an instant with another
	if err := r.open(seed); err != nil {
		return r.out, errors.Join(err, r.close())
	}
	cfg := r.out.Config
	cfg.URL, cfg.Dial, cfg.Seed = r.proxy.URL, r.dial, seed
	cfg.Report = func(name string, fields ...timeline.Field) { r.proxy.Timeline.Report(name, fields...) }
	for _, m := range mutations {
		m.Apply(&cfg)
	}
	r.client = specimen.Start(cfg)
	r.play(plan(r.chance))
	stopped := make(chan struct{})
	go func() { // which takes a mutant for ever
		defer close(stopped)
		r.client.Stop()
	}()
	time.Sleep(aftermath)
	r.client.Kill()
	<-stopped
	err := r.close()
	return r.out, err
}

// run is a run under way.
type run struct {
	out       Outcome
	chance    *rand.Rand
	near, far *memnet.Network // before the proxy, and behind it
	server    *fakeserver.Server
	proxy     *faultproxy.Proxy
	client    *specimen.Client
	ledger    Ledger
	dials     atomic.Int64
}

// dial is the client's. It hangs once there were enough: a mutant that reconnects
// without delay would make a hundred thousand.
func (r *run) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if r.dials.Add(1) > enough {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return r.near.DialContext(ctx, network, addr)
}

// open starts the server and the proxy before it.
func (r *run) open(seed uint64) error {
	behind, err := r.far.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.server = &fakeserver.Server{Listener: behind, Handlers: []fakeserver.Handler{serve(r.out.Config, &r.ledger)}}
	if err := r.server.Start(); err != nil {
		return err
	}
	front, err := r.near.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.proxy = &faultproxy.Proxy{Upstream: r.server.URL, Listener: front, Dial: r.far.DialContext, Seed: seed}
	return r.proxy.Start()
}

// close ends everything, and says what went wrong with the run itself.
func (r *run) close() error {
	var errs []error
	if r.proxy != nil {
		errs = append(errs, r.proxy.Close())
		r.out.Timeline = r.proxy.Timeline
	}
	if r.server != nil {
		errs = append(errs, r.server.Close())
		for _, f := range r.server.Failures() {
			errs = append(errs, errors.New(f.String()))
		}
	}
	if r.out.Config.Number {
		r.out.Got = r.ledger.Got()
	}
	synctest.Wait()
	return errors.Join(append(errs, r.near.Close(), r.far.Close())...)
}

// play does what is planned when it is due.
func (r *run) play(steps []step) {
	begin := time.Now()
	for _, s := range steps {
		time.Sleep(s.at - time.Since(begin))
		if text := s.do(r); text != "" {
			r.out.Faults = append(r.out.Faults, fmt.Sprintf("%v %s", s.at.Round(time.Millisecond), text))
		}
	}
	time.Sleep(length - time.Since(begin))
}
