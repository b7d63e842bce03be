package diagnosis

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// deliberate names the rules that acted on a connection: the one behind the end,
// or else all of them.
func deliberate(h *history) string {
	var behind string
	if ending := h.ending(); ending != nil {
		behind = ending.Rule
	}
	if behind == "" && h.response != nil && h.opened == nil {
		behind = h.response.Rule
	}
	if behind != "" {
		return "injected by rule " + behind
	}
	var names []string
	for _, ev := range h.events {
		if ev.Rule != "" && ev.Kind != timeline.KindNotApplied && !slices.Contains(names, ev.Rule) {
			names = append(names, ev.Rule)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "rule " + names[0] + " acted on this connection"
	}
	return "rules " + strings.Join(names, ", ") + " acted on this connection"
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
	article := "a"
	if r.How == RST {
		article = "an"
	}
	return fmt.Sprintf("ended by the %s after %s with %s %s", r.EndedBy, span(r.Age()), article, r.How)
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
