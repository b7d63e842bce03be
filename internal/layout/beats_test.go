package layout

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// beats is the README's table of what middleboxes ask of a heartbeat, made from the
// presets.
func beats() string {
	var b strings.Builder
	b.WriteString("| middlebox | ends a connection | unless bytes come | so beat every | its setting |\n|---|---|---|---|---|\n")
	for _, p := range middlebox.All() {
		for _, t := range p.Timers {
			if t.For == 0 || t.Without != "" {
				continue
			}
			when, whose, beat := "after "+span(t.For)+" without bytes", "from either side", span(t.For/2)+" or less"
			switch {
			case t.Lifetime:
				when, whose, beat = "at the age of "+span(t.For), "(nothing helps)", "does not matter: reconnect well"
			case t.ResetBy == frame.ToServer:
				whose = "from the client"
			case t.ResetBy == frame.ToClient:
				whose, beat = "from the server", beat+"; the answers count"
			}
			setting := t.Setting
			if setting != "" {
				setting = "`" + setting + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", p.Name, when, whose, beat, setting)
		}
	}
	return b.String()
}

// span is a time as people say it.
func span(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

func TestReadmeBeats(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- beats -->\n")
	table, _, ended := strings.Cut(rest, "<!-- end of beats -->")
	if !found || !ended || strings.TrimSpace(table) != strings.TrimSpace(beats()) {
		t.Errorf("the README's table of heartbeats is not that of the presets; between the marks it should read:\n%s", beats())
	}
}
