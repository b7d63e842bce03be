package goclient_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/examples/goclient"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

var update = flag.Bool("update", false, "write testdata anew")

// The same spec, and the naive client. Here its failures are collected and compared with
// testdata/naive.golden, so that this file shows what you would see: the reason to use
// the kit.
func TestWhatTheNaiveClientGetsToHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t, mute()...)
		srv.Network().Latency = time.Millisecond // so that all has one order
		go (&goclient.Naive{URL: srv.URL, Dialer: srv.Dialer()}).Run(t.Context())

		var heard []string
		comesBack(NewGomega(func(message string, _ ...int) { heard = append(heard, message+"\n") }), srv)
		if got := strings.Join(heard, "\n"); *update {
			if err := os.WriteFile("testdata/naive.golden", []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if want, err := os.ReadFile("testdata/naive.golden"); err != nil || got != string(want) {
			t.Errorf("the naive client hears\n%s\nwant testdata/naive.golden, %v", got, err)
		}
	})
}
