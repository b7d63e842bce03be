package diagnosis

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const byScript = "by the server's script: "

// deliberate names the rules that acted on a connection, or the steps of a server's
// script: the one behind the end, or else all of them.
func deliberate(h *history) (text string, injected bool) {
	var behind timeline.Event
	if ending := h.ending(); ending != nil {
		behind = *ending
	}
	if behind.Rule == "" && h.response != nil && h.opened == nil {
		behind = *h.response
	}
	switch {
	case behind.Rule == "":
	case behind.Vantage == timeline.AtServer:
		return byScript + behind.Rule, true
	default:
		return "injected by rule " + behind.Rule, true
	}
	var names []string
	scripted := false
	for _, ev := range h.events {
		if ev.Rule != "" && ev.Kind != timeline.KindNotApplied && !slices.Contains(names, ev.Rule) {
			names = append(names, ev.Rule)
			scripted = scripted || ev.Vantage == timeline.AtServer
		}
	}
	switch list := strings.Join(names, ", "); {
	case len(names) == 0:
		return "", false
	case scripted:
		return "the server's script did " + list + " on this connection", false
	case len(names) == 1:
		return "rule " + list + " acted on this connection", false
	default:
		return "rules " + list + " acted on this connection", false
	}
}

// String returns the report as a few lines of text, without a newline at the end.
func (r Report) String() string {
	var b strings.Builder
	if r.Conn == 0 {
		fmt.Fprintf(&b, "connection without a request: %s\n", r.headline())
	} else {
		fmt.Fprintf(&b, "connection %d: %s\n", r.Conn, r.headline())
	}
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-8s "+format+"\n", append([]any{label}, args...)...)
	}
	line("cause", "%s", r.Cause)
	if r.Cause.Advice != "" {
		line("advice", "%s", r.Cause.Advice)
	}
	if r.Reported {
		line("client", "%s (%s)", r.CloseEvent, r.Client)
	}
	if r.Opened {
		line("idle", "%s from the client, %s from the server", span(r.Idle.ToServer), span(r.Idle.ToClient))
	}
	if n := len(r.Unanswered); n > 0 {
		last := r.Unanswered[n-1]
		line("beats", "%d unanswered, the last a %s beat of the %s at %.3fs", n, last.Dialect, last.By, last.At.Seconds())
	}
	if r.Deliberate != "" {
		line("note", "%s", r.Deliberate)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// headline says who ended it, when and how.
func (r Report) headline() string {
	switch {
	case r.How == StillOpen && r.Opened:
		return "still open"
	case r.How == StillOpen:
		return "still connecting"
	case !r.Opened && r.EndedBy == Unknown:
		return "never opened"
	case !r.Opened:
		return fmt.Sprintf("never opened, ended by the %s", r.EndedBy)
	case r.EndedBy == Unknown:
		return fmt.Sprintf("ended after %s, how was not seen", span(r.Age()))
	}
	by := r.EndedBy
	if r.Injected && strings.HasPrefix(r.Deliberate, byScript) {
		by = Server // whatever it would look like in the field
	}
	return fmt.Sprintf("ended by the %s after %s with %s", by, span(r.Age()), withArticle(r.How))
}

// withArticle says "a FIN", "an RST".
func withArticle(how How) string {
	if how == RST {
		return "an RST"
	}
	return "a " + how.String()
}

// WriteText writes reports as String shows them, an empty line between two.
func WriteText(w io.Writer, reports []Report) error {
	for i, r := range reports {
		separator := ""
		if i > 0 {
			separator = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", separator, r); err != nil {
			return err
		}
	}
	return nil
}
