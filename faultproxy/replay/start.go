package replay

import (
	"os"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// Start starts a server on a free loopback port that plays the recording in a file, all
// of it, at its own speed. When the test ends the server is closed. A file that cannot be
// played ends the test; what is not played as it was is in its log. For options see
// [Read] and [Recording.Server].
func Start(tb fakeserver.TB, file string) *fakeserver.Server {
	tb.Helper()
	return open(tb, file).StartIn(tb)
}

// InMemory is Start on a virtual network of its own, which the server's Network returns.
// Inside a testing/synctest bubble the recording is played in virtual time.
func InMemory(tb fakeserver.TB, file string) *fakeserver.Server {
	tb.Helper()
	return open(tb, file).On(tb, memnet.New()).StartIn(tb)
}

func open(tb fakeserver.TB, file string) *fakeserver.Server {
	tb.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		tb.Fatalf("replay: %v", err)
	}
	r, err := Read(doc, Options{})
	if err != nil {
		tb.Fatalf("replay: %s: %v", file, err)
	}
	for _, n := range r.Notes {
		tb.Logf("replay: %s:%d: %s", file, n.Line, n.Text)
	}
	return r.Server()
}
