package middlebox_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// measured is what a real middlebox was seen doing: 3392 runs of 2026-11-22 with raw TCP
// on both sides, on Linux 6.18 over loopback, with the versions that the presets name.
// What an event shows is a pair: to the client, and to the server.
type measured struct {
	events map[string][2]string
	timers map[string]errors3 // with a time of 2 s
}

// errors3 are the least and the greatest error of a timer in milliseconds, after a
// silence or after traffic, and whose bytes restart it.
type errors3 struct {
	min, max  float64
	restarted string
}

const (
	closed = "FIN, RST to writes" // a FIN, and an RST for whoever still writes
	fin    = "FIN"
	still  = "nothing"
	away   = "Close 1001, FIN, RST"
	data   = "what the server sends" // still arrives behind the client's own FIN
	more   = "what the client sends" // still arrives behind the server's own FIN
	itself = ""
)

var (
	tornDown = map[string][2]string{"client FIN": {fin, closed}, "server FIN": {closed, fin}}
	forwards = map[string][2]string{"client FIN": {data, fin}, "server FIN": {fin, more}}
	resets   = map[string][2]string{"client reset": {itself, closed}, "server reset": {closed, itself}}
)

var facts = map[string]measured{
	"nginx": {merge(tornDown, resets, map[string][2]string{
		"idle": {closed, closed}, "reload": {still, still}, "shutdown": {closed, closed}, "early bytes": {itself, "the frame"},
		"unreachable": {"502 Bad Gateway, stays open", itself}, "unanswered": {"504 Gateway Time-out, stays open", closed},
		"incomplete": {"502 Bad Gateway, stays open", itself}, "not upgraded": {"that 101 with Connection: upgrade, Server: nginx/1.22.1, a Date", itself},
		"upgraded": {"that 101 with Connection: upgrade, Server: nginx/1.22.1, a Date", itself},
		"refused":  {"that 401, stays open with Connection: keep-alive, Server: nginx/1.22.1, a Date", itself},
	}), map[string]errors3{"idle": {-299.5, 0.7, "either side"}}},
	"haproxy": {map[string][2]string{
		"idle": {closed, "RST"}, "client": {still, fin}, "server": {closed, "RST"}, "reload": {still, still}, "shutdown": {closed, closed},
		"client FIN": {data, fin}, "server FIN": {closed, fin}, "client reset": {itself, "RST"}, "server reset": {closed, itself},
		"early bytes": {itself, "the frame"}, "unreachable": {"503 Service Unavailable, stays open, 3s later", itself},
		"incomplete": {"502 Bad Gateway, stays open", itself}, "not upgraded": {"502 Bad Gateway, stays open", itself},
	}, map[string]errors3{"idle": {-0.4, 2.0, "either side"}, "server": {-0.4, 3.2, "either side"}}},
	"haproxy-tcp": {merge(forwards, map[string][2]string{ // all but idle by internal/fidelity, on 2026-11-26
		"idle": {closed, "FIN, RST"}, "client reset": {itself, "RST"}, "server reset": {closed, itself}, "early bytes": {itself, "the frame"},
		"reload": {still, still}, "shutdown": {closed, closed}, "unreachable": {"FIN without HTTP, 3s later", itself},
		"incomplete": {"FIN without HTTP", itself}, "not upgraded": {"that 101", itself}, "upgraded": {"that 101", itself},
	}), map[string]errors3{"idle": {-0.2, 6.6, "either side"}}},
	"apache": {merge(forwards, resets, map[string][2]string{
		"server reset": {fin, itself}, "idle": {fin, closed}, "reload": {still, still}, "shutdown": {closed, still}, "early bytes": {itself, "the frame"},
		"unreachable": {"503 Service Unavailable, FIN", itself}, "unanswered": {"502 Proxy Error, stays open", closed},
		"refused":    {"that 401, stays open with Server: Apache/2.4.71 (Debian), a Date", itself},
		"incomplete": {"502 Proxy Error, stays open", itself}, "not upgraded": {"502 Proxy Error, stays open", itself},
	}), map[string]errors3{"idle": {0.3, 4.1, "either side"}}},
	"caddy": {merge(forwards, resets, map[string][2]string{
		"read": {closed, closed}, "lifetime": {closed, closed}, "reload": {away, away}, "shutdown": {away, away}, "early bytes": {itself, "the frame"},
		"unreachable": {"502 Bad Gateway, stays open", itself}, "incomplete": {"502 Bad Gateway, stays open", itself},
		"not upgraded": {"200 OK, stays open", itself}, "upgraded": {"that 101 with Server: Caddy, a Date", itself},
		"refused": {"that 401, stays open with Via: 1.1 Caddy, a Date, names as Go writes them", itself},
	}), map[string]errors3{"read": {0.1, 1.0, "the server"}, "lifetime": {0.2, 1.5, "nothing"}}},
	"caddy-2.6": {merge(tornDown, resets, map[string][2]string{
		"read": {closed, closed}, "reload": {away, away}, "shutdown": {away, away}, "early bytes": {itself, "nothing, it is lost"},
		"unreachable": {"502 Bad Gateway, stays open", itself}, "not upgraded": {"200 OK, stays open", itself},
	}), map[string]errors3{"read": {0.3, 1.1, "the server"}}},
	"lighttpd": {merge(resets, map[string][2]string{
		"read": {fin, closed}, "write": {fin, closed}, "backend": {fin, closed}, "reload": {still, still}, "shutdown": {closed, closed},
		"client FIN": {fin, closed}, "server FIN": {fin, fin}, "server reset": {fin, itself}, "early bytes": {itself, "the frame"},
		"unreachable": {"503 Service Unavailable, stays open", itself}, "unanswered": {"504 Gateway Timeout, stays open", closed},
		"incomplete": {"500 Internal Server Error, stays open", itself}, "upgraded": {"that 101 with Connection: upgrade, Server: lighttpd/1.4.69, a Date", itself},
	}), map[string]errors3{"read": {13.1, 879.1, "the client"}, "write": {156.2, 979.7, "the server"}, "backend": {1183.5, 2033.3, "the server"}}},
	"squid": {merge(tornDown, map[string][2]string{
		"idle": {closed, closed}, "reload": {still, still}, "shutdown": {closed, closed}, "early bytes": {itself, "the frame"},
		"client reset": {itself, closed}, "server reset": {"an HTTP 500 in its stream, FIN", itself},
		"incomplete": {"502 Bad Gateway, stays open", itself}, "not upgraded": {"502 Bad Gateway, stays open", itself},
		"upgraded": {"that 101 with Connection: upgrade", itself}, // unreachable, unanswered: internal/fidelity saw otherwise
	}), map[string]errors3{"idle": {-905, 5, "either side"}}},
	"varnish": {merge(forwards, resets, map[string][2]string{
		"idle": {closed, closed}, "reload": {still, still}, "shutdown": {closed, closed}, "early bytes": {itself, "the frame"},
		"unreachable": {"FIN without HTTP", itself}, "unanswered": {"FIN without HTTP", closed}, "incomplete": {"FIN without HTTP", itself},
		"not upgraded": {"that 101", itself},
	}), map[string]errors3{"idle": {0.3, 2.3, "either side"}}},
	"h2o": {merge(tornDown, resets, map[string][2]string{
		"idle": {closed, closed}, "reload": {closed, closed}, "shutdown": {still, still}, "early bytes": {itself, "the frame"},
		"unreachable": {"502 Gateway Error, FIN", itself}, "unanswered": {"502 Gateway Error, FIN", closed},
		"incomplete": {"502 Gateway Error, FIN", itself}, "upgraded": {"that 101 with Connection: upgrade, Server: h2o/2.2.5, Upgrade: websocket, a Date", itself},
		"refused": {"that 401, FIN with Server: h2o/2.2.5, a Date", itself},
	}), map[string]errors3{"idle": {-0.7, 1.1, "either side"}}},
	"go-reverseproxy": {merge(forwards, resets, map[string][2]string{
		"reload": {still, still}, "shutdown": {closed, closed}, "early bytes": {itself, "nothing, it is lost"},
		"unreachable": {"502 Bad Gateway, stays open", itself}, "incomplete": {"502 Bad Gateway, stays open", itself},
		"not upgraded": {"502 Bad Gateway, stays open", itself},
	}), nil},
	"conntrack": {map[string][2]string{"idle": {
		"nothing, its next bytes bring the connection back, or draw an RST if the server sent first", "nothing, RST to its next bytes"}}, nil},
	"home-nat":        {map[string][2]string{"idle": {"nothing, its next bytes bring the connection back", "nothing, its next bytes wait for that"}}, nil},
	"strict-firewall": {map[string][2]string{"idle": {"nothing, its next bytes are lost", "nothing, its next bytes are lost"}}, nil},
}

func merge(maps ...map[string][2]string) map[string][2]string {
	all := map[string][2]string{}
	for _, m := range maps {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// TestPresets plays what this compares.
func TestPresetsAreAsMeasured(t *testing.T) {
	for _, p := range middlebox.All() {
		f, ok := facts[p.Name]
		if !ok {
			if p.Version != "" {
				t.Errorf("%s was measured, says it, and no fact is known", p.Name)
			}
			continue
		}
		found := 0
		for _, e := range p.Events() {
			want, ok := f.events[e.Name]
			if !ok {
				continue
			}
			found++
			if got := [2]string{e.Client, e.Server}; got != want {
				t.Errorf("%s: %s shows %q, and was measured as %q", p.Name, e.Name, got, want)
			}
			if e.Basis != middlebox.Measured {
				t.Errorf("%s: %s is %v, though it was measured", p.Name, e.Name, e.Basis)
			}
		}
		if found != len(f.events) {
			t.Errorf("%s: %d events, %d were measured", p.Name, found, len(f.events))
		}
		for _, timer := range p.Timers {
			if want, ok := f.timers[timer.Name]; ok {
				compareTimer(t, p, timer, want)
			}
		}
	}
}

// compareTimer allows what a preset need not imitate: 7 ms of a busy machine, and 50 ms
// of a late tick.
func compareTimer(t *testing.T, p middlebox.Preset, timer middlebox.Timer, want errors3) {
	t.Helper()
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	early, late := max(timer.Early, timer.Lazy)-timer.Delay, timer.Delay+timer.Late
	if lowest := ms(want.min); lowest < -early-time.Millisecond {
		t.Errorf("%s: %s was seen %v off, and is never before %v", p.Name, timer.Name, lowest, -early)
	}
	if highest := ms(want.max); highest > late+50*time.Millisecond || late == 0 && highest > 7*time.Millisecond {
		t.Errorf("%s: %s was seen %v late, and is never later than %v", p.Name, timer.Name, highest, late)
	}
	if spread := ms(want.max - want.min); early+late > 2*spread {
		t.Errorf("%s: %s is off by up to %v, and was never seen off by more than %v", p.Name, timer.Name, early+late, spread)
	}
	if got := resetBy(timer); got != want.restarted {
		t.Errorf("%s: %s is restarted by %s, and was by %s", p.Name, timer.Name, got, want.restarted)
	}
}

// What a setting takes with it.
func TestSettingsAreAsMeasured(t *testing.T) {
	for text, want := range map[string]map[string][2]string{
		"caddy,reload=3s":                {"reload": {away, away}, "shutdown": {closed, closed}},
		"nginx,reload=2s":                {"reload": {closed, closed}},
		"haproxy,reload=2s":              {"reload": {closed, "FIN, RST"}, "drain": {closed, "FIN, RST"}},
		"strict-firewall,client-end=rst": {"idle": {"nothing, RST to its next bytes", "nothing, its next bytes are lost"}},
	} {
		for _, e := range parse(t, text).Events() {
			if w, ok := want[e.Name]; ok && [2]string{e.Client, e.Server} != w {
				t.Errorf("%s: %s shows %q and %q, want %q", text, e.Name, e.Client, e.Server, w)
			}
		}
	}
	for text, want := range map[string]time.Duration{ // of an upgrade that is not answered
		"nginx,idle=2s": 2 * time.Second, "haproxy,server=2s": 2 * time.Second, "apache,idle=2s": 2 * time.Second,
		"varnish,idle=2s": 2 * time.Second, "h2o,handshake=2s": 2 * time.Second, "caddy,handshake=2s": 2 * time.Second,
		"lighttpd,backend=2s": 4 * time.Second, "squid,idle=2s": 3500 * time.Millisecond, // 4.04 s, 3.55 to 3.63 s
	} {
		if o := playEvent(t, parse(t, text), "unanswered"); o.at != want.String() {
			t.Errorf("%s: an upgrade that is not answered ends after %s, want %v", text, o.at, want)
		}
	}
}
