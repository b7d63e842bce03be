package catalogue

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

var (
	really = flag.Bool("real", false, "start the real clients and compare")
	update = flag.Bool("update", false, "write what the clients report into the catalogue")
)

// client is one whose reports are a column of the catalogue.
type client struct {
	name string
	play func(testing.TB, []realparts.Scenario) []realparts.Log
	page bool // of a browser
}

var clients = []client{{"ws 8.23.0", realparts.Node, false}, {"Chromium", realparts.Chromium, true}}

const (
	// watch is how long a client is watched: long enough for the times of its own that
	// it shows within, of which Chromium's 60 s for an answer to close(), 10 s after the
	// opening, is the longest, and between two beats. It waits 240 s for an answer to its request.
	watch = 78 * time.Second
	// apart is the time between the first attempts of two scenarios. Chromium slows a
	// page down that has many handshakes under way, or more that failed than succeeded.
	apart = 40 * time.Millisecond
	// rounds is how often an entry is played, at most, whose report is not the
	// catalogue's. A busy machine can spoil one; what is wrong stays wrong.
	rounds = 3
)

// TestRealParts plays the whole catalogue with every client that is installed. With
// CI=true all must be.
func TestRealParts(t *testing.T) {
	if !*really && !*update {
		t.Skip("NOT TESTED: this takes minutes; go test ./internal/catalogue -real does it")
	}
	entries := read(t)
	cells := make([][]string, len(clients))
	t.Run("clients", func(t *testing.T) {
		for i, c := range clients {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				cells[i] = c.column(t, entries)
			})
		}
	})
	if !*update || t.Failed() {
		return
	}
	for i, c := range clients {
		for j, cell := range cells[i] {
			entries[j].Reports[c.name] = cell
		}
	}
	write(t, entries)
}

// column plays the entries and returns their cells, renewed.
func (c client) column(t *testing.T, entries []entry) []string {
	cells := make([]string, len(entries))
	var pending []int
	for i, e := range slices.Backward(entries) { // those that do not open come last
		if cells[i] = e.Reports[c.name]; !c.page || !strings.Contains(e.Document, pongs) {
			pending = append(pending, i)
		} else if *update {
			cells[i] = noPings
		} else if cells[i] != noPings {
			t.Errorf("%s: the catalogue says %q, want %q", e.Document, cells[i], noPings)
		}
	}
	if *update {
		first, second := c.reports(t, entries, pending), c.reports(t, entries, pending)
		for _, i := range pending {
			cells[i] = renewed(cells[i], first[i].text, second[i].text)
		}
		return cells
	}
	var last map[int]told
	for round := 0; round < rounds && len(pending) > 0; round++ {
		last = c.reports(t, entries, pending)
		pending = slices.DeleteFunc(pending, func(i int) bool { return agrees(cells[i], last[i].text) })
		for _, i := range pending {
			t.Logf("round %d: %s reported %s, not %s", round+1, entries[i].Document, last[i].text, cells[i])
		}
	}
	for _, i := range pending {
		e := entries[i]
		t.Errorf("%s, %s, %s: in the last of %d rounds it reported\n\t%s\nthe catalogue says\n\t%s\n(go test ./internal/catalogue -update writes it anew)\n%s",
			e.Section, e.What, e.Document, rounds, last[i].text, cells[i], last[i].log)
	}
	return cells
}

// Nothing answers a page's pings, for it has no way to send any.
const (
	pongs   = "{op: pong, dir: to-client}"
	noPings = "a page cannot ping"
)

// told is what a client told of an entry.
type told struct {
	text string
	log  realparts.Log
}

// reports plays some of the entries once, all at the same time.
func (c client) reports(t *testing.T, entries []entry, which []int) map[int]told {
	said := map[int]told{}
	ok := t.Run("round", func(t *testing.T) {
		scenarios := make([]realparts.Scenario, len(which))
		for n, i := range which {
			scenarios[n] = c.scenario(entries[i], entries[i].stage(t))
			scenarios[n].StartAfter = time.Duration(n) * apart
		}
		for n, log := range c.play(t, scenarios) {
			i := which[n]
			said[i] = told{report(log, entries[i].With, c.page), log}
		}
	})
	if !ok || len(said) < len(which) {
		t.SkipNow() // it failed or was skipped, and said why
	}
	return said
}

// scenario is what every client does: three messages one second apart, a beat every 20 s
// as far as it can, and in one scene a close() after 10 s.
func (c client) scenario(e entry, p *faultproxy.Proxy) realparts.Scenario {
	s := realparts.Scenario{URL: p.URL, Watch: watch, Send: []string{"one", "two", "three"}, SendEvery: time.Second}
	if e.With == "texts" {
		s.Repeat = []realparts.Repeat{{Text: "ping", Every: 20 * time.Second}}
	} else {
		s.PingEvery = 20 * time.Second
	}
	if e.With == "closes" {
		s.CloseAfter, s.CloseCode = 10*time.Second, 1000
	}
	// Chromium takes what it is told to trust whatever else is wrong with it, so it is
	// not told to trust what it must not take.
	if !c.page || !strings.Contains(e.Document, "bad-certificate") {
		s.CA = string(p.AuthorityPEM())
	}
	return s
}

// The columns are named for the version of ws that is installed.
func TestTheColumnsNameTheirVersions(t *testing.T) {
	raw, err := os.ReadFile("../realparts/node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Dependencies map[string]string }
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	if want := "ws " + list.Dependencies["ws"]; clients[0].name != want {
		t.Errorf("the column is %q and %s is installed: rename it here and in the catalogue, and play it anew", clients[0].name, want)
	}
}
