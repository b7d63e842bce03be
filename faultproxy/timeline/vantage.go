package timeline

import "fmt"

// Vantage is where an event was seen. A timeline that a proxy and a server share
// has both, and each counts connections of its own: an attempt that the proxy
// refused has no number at the server.
type Vantage uint8

// The vantage points.
const (
	AtProxy  Vantage = iota // between client and server; also what belongs to no vantage point, such as a note
	AtServer                // by the server itself: what arrived there had travelled all the way
)

// String returns "proxy" or "server", as recordings write it.
func (v Vantage) String() string {
	switch v {
	case AtProxy:
		return "proxy"
	case AtServer:
		return "server"
	}
	return fmt.Sprintf("vantage(%d)", uint8(v))
}

// parseVantage reads the names that String writes.
func parseVantage(s string) (Vantage, error) {
	for _, v := range []Vantage{AtProxy, AtServer} {
		if s == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("unknown %q: use proxy or server", s)
}

// At returns the part of the view that was seen from there, and what was seen from
// nowhere: notes, and what is known of client programs.
func (v *View) At(from Vantage) *View {
	w := *v
	w.vantage = from.mask()
	return &w
}

// At is [View.At] for the whole timeline.
func (t *Timeline) At(from Vantage) *View { return t.whole().At(from) }

// vantages is a set of vantage points. The zero value is all.
type vantages uint8

func (v Vantage) mask() vantages { return 1 << v }

// nowhere are the kinds of events that were seen from no vantage point.
const nowhere = 1<<KindNote | 1<<KindStarted | 1<<KindReport | 1<<KindExit | 1<<KindLost

// shows reports whether a view of these vantage points shows a record.
func (s vantages) shows(f flags) bool {
	if s == 0 || kindSet(nowhere).has(f.kind()) {
		return true
	}
	return s&f.vantage().mask() != 0
}

func (f flags) vantage() Vantage {
	if f&flagServer != 0 {
		return AtServer
	}
	return AtProxy
}
