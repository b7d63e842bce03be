package goclient_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/examples/goclient"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

// The first form, plain testing: a real socket on loopback and real time, so the client's
// durations are made short.
func TestPlain(t *testing.T) {
	srv := fakeserver.Start(t, mute()...)
	client := &goclient.Client{URL: srv.URL, Dialer: srv.Dialer(),
		Beat: 100 * time.Millisecond, Answer: 100 * time.Millisecond, Again: 50 * time.Millisecond}
	run(t, client)
	comesBack(NewWithT(t), srv)
}

// run runs a client until the test ends, and waits for its end.
func run(tb fakeserver.TB, c client) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	tb.Cleanup(func() { stop(); <-done })
}
