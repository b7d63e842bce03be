package middlebox_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

var update = flag.Bool("update", false, "write PRESETS.md anew")

// variants are presets with settings that change what can be seen.
var variants = []string{
	"nginx,reload=2s", "haproxy,idle=1m,reload=2s", "caddy,reload=3s", "lighttpd,reload=2s", "aws-alb,client-end=rst,server-end=rst",
	"azure-lb,tcp-reset=on", "strict-firewall,client-end=rst",
}

// TestPresets plays every event of every preset in virtual time, compares what its two
// ends see with what the preset says, and shows it all in PRESETS.md.
func TestPresets(t *testing.T) {
	sheet := bytes.NewBufferString(sheetHead)
	for _, box := range middlebox.All() {
		t.Run(box.Name, func(t *testing.T) {
			writePreset(sheet, box)
			writeEvents(sheet, playAll(t, box, nil))
			for _, text := range variants {
				if strings.HasPrefix(text, box.Name+",") {
					fmt.Fprintf(sheet, "\nWith `%s`:\n", text)
					writeEvents(sheet, playAll(t, parse(t, text), box.Events()))
				}
			}
			writeFacts(sheet, box)
		})
	}
	if *update {
		if err := os.WriteFile("PRESETS.md", sheet.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("PRESETS.md")
	if err != nil {
		t.Fatal(err)
	}
	if got := sheet.String(); got != string(want) {
		t.Errorf("PRESETS.md is not what the presets do; see what changed with go test ./faultproxy/middlebox -update:\n%s", firstDifference(got, string(want)))
	}
}

const sheetHead = `# The presets, played

Made by ` + "`go test ./faultproxy/middlebox -update`" + `: each event was played in virtual time, with a client and a server of bare TCP, and this is what they saw. ` +
	"`faultproxy presets NAME`" + ` shows a preset with its settings.

*FIN, RST to writes*: the socket is closed; the peer reads an end, its next write succeeds and draws an RST. *FIN, RST*: the RST comes by itself. *stays open*: the connection can be used again behind the answer. *at*: when it was seen, counted from the last bytes, or from the cause; empty is at once, or never. A timer that is off was played with 1m0s. *restarted by*: whose bytes restart the timer, tried too. *for which there are no rules*: ` + "`Reload()`, `Shutdown()` or `Drain()`" + ` returns none, since nobody notices. *there*, in what differs, is the program, *here* the preset.

TLS in front was measured for nginx, HAProxy in http mode and Caddy alone: a close_notify goes before the FIN of a timer. The others were measured without, or not at all.
`

type row struct {
	middlebox.Event
	at, restarts string
}

// playAll plays the events of a preset, those that differ from others.
func playAll(t *testing.T, box middlebox.Preset, others []middlebox.Event) (rows []row) {
	t.Helper()
	for _, e := range box.Events() {
		if contains(others, e) {
			continue
		}
		o := playEvent(t, box, e.Name)
		if o.client != e.Client || o.server != e.Server {
			t.Errorf("%s: %s:\n  the client saw %q, want %q\n  the server saw %q, want %q\n  at %s",
				e.Name, e.When, o.client, e.Client, o.server, e.Server, o.at)
		}
		if o.fresh != "" && !strings.HasSuffix(e.When, "; new connections "+o.fresh) || o.fresh == "" && strings.Contains(e.When, "new connections") {
			t.Errorf("%s: %s: new connections %s", e.Name, e.When, o.fresh)
		}
		r := row{Event: e, at: o.at}
		for _, timer := range box.Timers {
			if timer.Name == e.Name {
				r.restarts = restartedBy(t, box, timer.Name)
				if want := resetBy(timer); r.restarts != want {
					t.Errorf("%s: restarted by %s, want %s", e.Name, r.restarts, want)
				}
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func contains(events []middlebox.Event, e middlebox.Event) bool {
	for _, other := range events {
		if other == e {
			return true
		}
	}
	return false
}

// resetBy says what a timer says of itself.
func resetBy(t middlebox.Timer) string {
	switch {
	case t.Lifetime:
		return "nothing"
	case t.ResetBy == frame.ToServer:
		return "the client"
	case t.ResetBy == frame.ToClient:
		return "the server"
	}
	return "either side"
}

// restartedBy tries whose bytes restart a timer.
func restartedBy(t *testing.T, box middlebox.Preset, name string) string {
	t.Helper()
	box, timer := alone(box, name)
	restarts := func(byClient bool) (moved bool) {
		play(t, box, func(s *scene) {
			client, server := s.open()
			time.Sleep(timer.For * 9 / 10)
			if byClient {
				s.pass(client, server, ping)
			} else {
				s.pass(server, client, word)
			}
			time.Sleep(timer.For/10 + timer.Delay + timer.Late + time.Millisecond) // past the first time
			_, _ = client.Write([]byte(ping))
			time.Sleep(time.Millisecond)
			moved = look(server) == ping
		})
		return moved
	}
	client, server := restarts(true), restarts(false)
	switch {
	case client && server:
		return "either side"
	case client:
		return "the client"
	case server:
		return "the server"
	}
	return "nothing"
}

func parse(t *testing.T, text string) middlebox.Preset {
	t.Helper()
	box, err := middlebox.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func writePreset(b *bytes.Buffer, p middlebox.Preset) {
	fmt.Fprintf(b, "\n## %s\n\n", p.Name)
	if p.Version != "" {
		fmt.Fprintf(b, "%s: ", p.Version)
	}
	fmt.Fprintf(b, "%s.\n", p.Summary)
	if settings := p.Settings(); len(settings) > 0 {
		b.WriteString("\n| setting | default | its own name | what |\n|---|---|---|---|\n")
		for _, s := range settings {
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", s.Name, s.Value, s.Own, s.About)
		}
	}
}

func writeEvents(b *bytes.Buffer, rows []row) {
	b.WriteString("\n| event | when | the client sees | the server sees | at | restarted by | known |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Name, r.When, r.Client, r.Server, r.at, r.restarts, r.Basis)
	}
}

func writeFacts(b *bytes.Buffer, p middlebox.Preset) {
	for _, list := range []struct {
		title string
		facts []string
	}{{"Measured", p.Measured}, {"Differs from the program", p.Differs}, {"Documented", p.Documented}, {"Unverified", p.Unverified}} {
		if len(list.facts) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s:\n\n", list.title)
		for _, fact := range list.facts {
			fmt.Fprintf(b, "- %s\n", fact)
		}
	}
	fmt.Fprintf(b, "\nSource: %s.\n", p.Source)
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			other := "nothing"
			if i < len(w) {
				other = w[i]
			}
			return fmt.Sprintf("line %d\n  is     %s\n  was    %s", i+1, g[i], other)
		}
	}
	return fmt.Sprintf("%d lines are gone from the end", len(w)-len(g))
}
