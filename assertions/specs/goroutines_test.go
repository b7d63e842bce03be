package specs

import (
	"testing"
	"testing/synctest"
)

func TestHeadsOfStacks(t *testing.T) {
	for head, want := range map[string]goroutine{
		"goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 3]:": {id: 7, state: "chan receive", durable: true, bubble: 3},
		"goroutine 8 [IO wait, synctest bubble 12]:":                          {id: 8, state: "IO wait", bubble: 12},
		"goroutine 1 [running]:":                                              {id: 1, state: "running"},
		"goroutine 9 gp=0xc0 m=nil [select (no cases) (durable), locked to thread, synctest bubble 1] labels:{\"a\": \"synctest bubble 4\"}:": {id: 9, state: "select (no cases)", durable: true, bubble: 1},
		"": {},
	} {
		got := parseHead(head)
		if got.id != want.id || got.state != want.state || got.durable != want.durable || got.bubble != want.bubble {
			t.Errorf("parseHead(%q) = %+v, want %+v", head, got, want)
		}
	}
}

const stack = `goroutine 26 [sync.Mutex.Lock, synctest bubble 1]:
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
example.test/app.(*client).read(0xc000012345, {0x1, 0x2})
	/src/app/client.go:31 +0x1d
main.run()
	/src/main.go:5 +0x1d
created by example.test/spec_test.init.func1 in goroutine 25
	/src/spec/a_test.go:12 +0x33`

func TestLinesOfStacks(t *testing.T) {
	g := parseGoroutine(stack)
	for what, c := range map[string]struct {
		got  frameAt
		want string
	}{
		"at, in the spec's directory":      {g.at("/src"), "main.go:5"},
		"at, elsewhere":                    {g.at("/src/spec"), "client.go:31"},
		"started, in the spec's directory": {g.started("/src/spec"), "a_test.go:12"},
		"started, by the spec's own code":  {g.started("/src/app"), "client.go:31"},
		"started, elsewhere":               {g.started("/other"), "a_test.go:12"},
	} {
		if got := short(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
	if got := short(parseGoroutine("goroutine 1 [x]:\nos.f()\n\t/go/os.go:1").at("/src")); got != "an unknown line" {
		t.Errorf("a stack of the standard library alone is at %s", got)
	}
}

func TestTheClockIsFrozenByOneThatItDoesNotKnow(t *testing.T) {
	asleep, locked, busy := goroutine{state: "sleep", durable: true}, goroutine{state: "sync.Mutex.Lock"}, goroutine{state: "runnable"}
	for _, c := range []struct {
		list []goroutine
		want bool
	}{
		{nil, false},
		{[]goroutine{asleep}, false},
		{[]goroutine{asleep, locked}, true},
		{[]goroutine{asleep, locked, busy}, false},
	} {
		if _, got := fingerprint(c.list); got != c.want {
			t.Errorf("frozen %v by %v, want %v", got, c.list, c.want)
		}
	}
}

func TestOnlyOnesOwnBubbleIsListed(t *testing.T) {
	if n := currentBubble(); n != 0 {
		t.Errorf("outside of any bubble is bubble %d", n)
	}
	if list := goroutinesOf(0); len(list) != 0 {
		t.Errorf("no bubble has %d goroutines", len(list))
	}
	synctest.Test(t, func(*testing.T) {
		stop := make(chan struct{})
		go func() { <-stop }()
		synctest.Wait()
		list := goroutinesOf(currentBubble())
		if len(list) != 1 || list[0].state != "chan receive" || !list[0].durable {
			t.Errorf("the bubble has %v, want the one goroutine that receives", list)
		}
		close(stop)
	})
}
