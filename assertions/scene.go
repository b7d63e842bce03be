package assertions

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// scene is what a matcher judges: a part of a timeline, as it is now, from one
// vantage point.
type scene struct {
	view  *timeline.View // what is judged
	whole *timeline.View // the same, and what happened before
	all   *timeline.View // the whole of every connection
	tl    *timeline.Timeline

	conn   int                // the connection's number; 0: all of them
	by     diagnosis.ClientBy // how clients are told apart; zero: they are not
	client string             // whose connections are judged, if they are
	only   map[int]bool       // the numbers of these; nil: all
	began  time.Duration      // when what is judged begins
	first  int                // the number of its first event
	now    time.Duration

	// tried are the attempts by client, once somebody has asked for those of one; the scenes
	// of all clients share it, so that many clients are not looked for as many times.
	tried map[string][]diagnosis.Attempt
}

// newScene looks at an actual value. The verdict is unclear if there is nothing to
// judge; then the scene may be nil.
func newScene(actual any) (*scene, verdict) {
	viewer, ok := actual.(timeline.Viewer)
	if !ok {
		return nil, never(fmt.Sprintf("a value of type %T has no timeline", actual),
			"Give a *fakeserver.Server, a *faultproxy.Proxy, one of their connections, a view, or a *timeline.Timeline.")
	}
	if v := reflect.ValueOf(actual); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, never(fmt.Sprintf("the %T is nil", actual), "")
	}
	s := &scene{view: viewer.View()}
	s.tl = s.view.Timeline()
	s.now = s.tl.Newest()
	if !s.tl.Closed() && s.tl.CheckBubble() == nil {
		s.now = max(s.now, s.tl.Now())
	}
	n, single := s.view.ConnNumber()
	if single {
		s.conn = n
	}
	s.stand()
	if awaits := s.view.Awaits(); awaits != "" {
		return s, cannot("nothing counts before "+awaits+", which has not happened", "Wait for that first, with Eventually.")
	}
	s.began = min(s.view.BeganAt(), s.now)
	s.first = math.MaxInt
	for e := range s.view.All() {
		s.first = e.Seq
		break
	}
	return s, s.witness(single)
}

// stand takes a place: where a proxy and a server share the timeline and both are
// shown, that of the proxy, which is nearer to the client.
func (s *scene) stand() {
	from, limited := s.view.Vantage()
	if !limited {
		for e := range s.tl.View().Lifecycle().All() {
			if e.Conn > 0 && e.Vantage == timeline.AtProxy {
				s.view = s.view.At(timeline.AtProxy)
				from, limited = timeline.AtProxy, true
				break
			}
		}
	}
	s.whole = s.view.Whole()
	s.all = s.tl.View()
	if limited {
		s.all = s.tl.At(from)
	}
}

// witness makes sure that there is a client to say something about: what nobody did
// satisfies no claim, and no negation of one either.
func (s *scene) witness(single bool) verdict {
	if single {
		for range s.whole.All() {
			return verdict{}
		}
		return cannot(fmt.Sprintf("connection %d has not been attempted; %s", s.conn, s.attempts()), "")
	}
	for e := range s.all.All() {
		switch e.Kind {
		case timeline.KindNote, timeline.KindRule, timeline.KindError, timeline.KindFault, timeline.KindLost:
		default:
			return verdict{}
		}
	}
	return cannot("no client was seen", "Start it before, or wait for it with Eventually. A client that is expected to do nothing "+
		"has to be seen, too: package assertions/resilience records that it runs.")
}

// attempts says how many attempts there were.
func (s *scene) attempts() string {
	switch n := len(s.all.Conns()); n {
	case 0:
		return "there was no attempt at all"
	case 1:
		return "there was one attempt"
	default:
		return fmt.Sprintf("there were %d attempts", n)
	}
}

// settling is how long after the exit of the last client what it did may still turn
// up: a server accepts what the kernel kept, and the end of TCP takes its way.
const settling = 100 * time.Millisecond

// over says why nothing more will happen to what is shown; "" if something may. What
// outlives a connection is not over with it.
func (s *scene) over(outlives bool) string {
	switch {
	case s.tl.Recorded():
		return "the recording ends here"
	case s.tl.Closed():
		return "the timeline was closed"
	case s.conn > 0 && !outlives && s.ended():
		return fmt.Sprintf("connection %d has ended", s.conn)
	case s.view.ClientsLeft() && s.settled():
		return "all client programs have exited"
	}
	return ""
}

// ended reports whether the connection that is shown is over.
func (s *scene) ended() bool {
	for e := range s.whole.Lifecycle().All() {
		if e.Kind == timeline.KindEnded {
			return true
		}
	}
	return false
}

// settled reports whether everything the clients did before they exited has turned up.
func (s *scene) settled() bool {
	var exit time.Duration
	open := map[int]bool{}
	for e := range s.all.Lifecycle().All() {
		switch {
		case e.Kind == timeline.KindExit:
			exit = e.At
		case e.Kind == timeline.KindEnded:
			delete(open, e.Conn)
		case e.Conn > 0:
			open[e.Conn] = true
		}
	}
	return len(open) == 0 && s.now >= exit+settling
}

// source is the part of the timeline that a message shows: what is looked at, from its
// beginning, or everything if there is nothing there.
func (s *scene) source() *timeline.View {
	if s.conn > 0 && s.whole.Len() > 0 {
		return s.whole
	}
	return s.all
}

// where says what part of the timeline is looked at: " on connection 3", " since a
// note \"restart\"", or nothing.
func (s *scene) where() string {
	if s.conn > 0 {
		return fmt.Sprintf(" on connection %d%s", s.conn, s.since())
	}
	return s.since()
}

// since says with what it begins: " since a note \"restart\"", or nothing.
func (s *scene) since() string {
	if b := s.view.Beginning(); b != "" {
		return " since " + b
	}
	return ""
}

// happens reports whether an event is in what is looked at.
func (s *scene) happens(e timeline.Event) bool { return e.Seq >= s.first }

// holes says that events are missing from a view, "" if none are. Only recordings can
// lack others than frames; see timeline.Limits.
func holes(v *timeline.View) string {
	switch n := v.Lost(); n {
	case 0:
		return ""
	case 1:
		return "an event is missing from the recording"
	default:
		return fmt.Sprintf("%d events are missing from the recording", n)
	}
}

// raise is the advice where events are missing.
const raise = "Raise timeline.Limits, or read the recorder's output faster."

// conns returns what happened to the connections that are shown, in the order of
// their numbers, from the beginning of the timeline.
func (s *scene) conns() []*conn { return s.lives(s.whole) }

// incomplete is the verdict of who counts connections in a recording with holes; it
// is not unclear if there are none.
func (s *scene) incomplete() verdict {
	if s.tl.Recorded() {
		if gaps := holes(s.whole); gaps != "" {
			return never(gaps, raise)
		}
	}
	return verdict{}
}
