package timeline_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestMoments(t *testing.T) {
	event := func(k timeline.Kind, conn int, rule, name string) timeline.Event {
		return timeline.Event{Kind: k, Conn: conn, Rule: rule, Fields: []timeline.Field{{Name: "name", Value: name}}}
	}
	for _, c := range []struct {
		moment timeline.Moment
		text   string
		is     timeline.Event
		not    []timeline.Event
	}{
		{timeline.Opened, "opened", event(timeline.KindOpened, 1, "", ""), []timeline.Event{event(timeline.KindRequest, 1, "", "")}},
		{timeline.NextConn, "the next connection attempt", event(timeline.KindRequest, 1, "", ""), []timeline.Event{event(timeline.KindOpened, 1, "", "")}},
		{timeline.Ended(2), "the end of connection 2", event(timeline.KindEnded, 2, "", ""), []timeline.Event{event(timeline.KindEnded, 1, "", ""), event(timeline.KindClosed, 2, "", "")}},
		{timeline.Fired("r"), `rule "r" firing`, event(timeline.KindFault, 1, "r", ""), []timeline.Event{event(timeline.KindFault, 1, "s", ""), event(timeline.KindFrame, 1, "r", "")}},
		{timeline.Reported("open"), `a report "open"`, event(timeline.KindReport, 0, "", "open"), []timeline.Event{event(timeline.KindReport, 0, "", "close"), event(timeline.KindNote, 0, "", "open")}},
		{timeline.Noted("open"), `a note "open"`, event(timeline.KindNote, 0, "", "open"), []timeline.Event{event(timeline.KindNote, 0, "", "close"), event(timeline.KindReport, 0, "", "open")}},
		{timeline.Kinds(timeline.KindFIN, timeline.KindRST), "fin or rst", event(timeline.KindRST, 1, "", ""), []timeline.Event{event(timeline.KindFrame, 1, "", "")}},
		{timeline.Kinds(), "no event", timeline.Event{}, []timeline.Event{event(timeline.KindFrame, 1, "", "")}},
	} {
		if c.moment.String() != c.text {
			t.Errorf("text is %q, want %q", c.moment, c.text)
		}
		if c.text != "no event" && !timeline.Selects(c.moment, c.is) {
			t.Errorf("%s is not %v", c.moment, c.is)
		}
		for _, e := range c.not {
			if timeline.Selects(c.moment, e) {
				t.Errorf("%s is %v", c.moment, e)
			}
		}
		if c.moment != timeline.Moment(c.moment) {
			t.Errorf("%s is not comparable", c.moment)
		}
	}
}

// A frame counts once, as the client sent or received it.
func TestSelectsFramesOfTheClient(t *testing.T) {
	for _, c := range []struct {
		dir  frame.Direction
		seen timeline.Seen
		want bool
	}{
		{frame.ToServer, timeline.Passed, true},
		{frame.ToServer, timeline.Arrived, true}, // sent, though it never got there
		{frame.ToServer, timeline.Left, false},   // made by the kit
		{frame.ToClient, timeline.Passed, true},
		{frame.ToClient, timeline.Arrived, false}, // never received
		{frame.ToClient, timeline.Left, true},
	} {
		tl := timeline.New()
		tl.Append(record(0, 1, c.dir, c.seen, frame.Text("hi")))
		e := tl.Events()[0]
		if got := timeline.Selects(frame.Text("hi"), e); got != c.want {
			t.Errorf("%v %v: selected %t, want %t", c.dir, c.seen, got, c.want)
		}
		if timeline.Selects(frame.Text("ho"), e) || timeline.Selects(frame.Op(frame.OpPing), e) || timeline.Selects(frame.Toward(c.dir.Opposite()), e) {
			t.Errorf("%v %v: another frame is selected", c.dir, c.seen)
		}
		e.Kind = timeline.KindFrameStart
		if timeline.Selects(frame.Any, e) {
			t.Error("the beginning of a frame counts as a frame")
		}
	}
}

// What was kept only in part is neither what a payload match wants nor its opposite.
func TestSelectsDoesNotGuessPayloads(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Payload: 2})
	tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text("abcd")))
	e := tl.Events()[0]
	for _, m := range []frame.Match{frame.Text("ab"), frame.Contains("a"), frame.Not(frame.Contains("x"))} {
		if timeline.Selects(m, e) {
			t.Errorf("%s is selected by half a payload", m)
		}
	}
	if !timeline.Selects(frame.Op(frame.OpText), e) {
		t.Error("a match of the header is not selected")
	}
	if timeline.Selects(fullMoon{}, e) {
		t.Error("an unknown trigger selects")
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := timeline.KindAccepted; k <= timeline.KindLost; k++ {
		name := k.String()
		if got, err := timeline.ParseKind(name); err != nil || got != k || seen[name] {
			t.Errorf("%q is read as %v, %v", name, got, err)
		}
		seen[name] = true
	}
	for _, name := range []string{"", "nonsense", "kind(0)"} {
		if k, err := timeline.ParseKind(name); err == nil {
			t.Errorf("%q is read as %v", name, k)
		}
	}
	if got := timeline.Kind(77).String(); got != "kind(77)" {
		t.Errorf("an unknown kind is %q", got)
	}
	if !timeline.KindFIN.Travels() || timeline.KindEnded.Travels() {
		t.Error("Travels is wrong")
	}
}

func TestSeenNames(t *testing.T) {
	for _, s := range []timeline.Seen{0, timeline.Arrived, timeline.Left, timeline.Passed} {
		if got, ok := timeline.ParseSeen(s.String()); got != s || !ok {
			t.Errorf("%q is read as %v", s, got)
		}
	}
	if _, ok := timeline.ParseSeen("lost"); ok {
		t.Error("nonsense is read")
	}
}
