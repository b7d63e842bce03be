package fakeserver_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// TestRealParts lets the real client of every protocol, from npm, talk to a server
// that knows nothing but the protocol's dialect. The client connects, opens a
// session and beats; as long as the other side does its part it stays, longer than
// it would wait in silence; when that ends it gives the connection up.
//
// The clients go by real time. All run at once first; one that the machine was too
// busy for runs again, alone and at half the pace, and once more.
func TestRealParts(t *testing.T) {
	const every, replays = 300 * time.Millisecond, 2
	tests := dialectCases(every)
	for _, tt := range tests {
		tt.start(t, every)
	}
	for i, tt := range tests {
		t.Run(tt.dialect.Name, func(t *testing.T) {
			for n := 1; ; n++ {
				seen := &recorder{T: t}
				tt.check(seen)
				if !seen.Failed() {
					return
				}
				if n > replays {
					t.Errorf("%s", strings.Join(append(seen.errors, seen.logs...), "\n"))
					return
				}
				t.Logf("again, more slowly: %s", strings.Join(seen.errors, "; "))
				tt = dialectCases(every << n)[i]
				tt.start(t, every<<n)
			}
		})
	}
}

func dialectCases(every time.Duration) []*dialectCase {
	return []*dialectCase{
		{dialect: heartbeat.EngineIO(every, every), rounds: 6, patience: 2 * every},
		{dialect: heartbeat.GraphQLTransportWS(), rounds: 6, patience: 2 * every},
		{dialect: heartbeat.Phoenix(), rounds: 6, patience: 2 * every},
		{dialect: heartbeat.SignalR(), rounds: 6, patience: 2 * every},
		// Its client beats every second or more slowly, and waits half as long.
		{dialect: heartbeat.MQTT(), rounds: 3, patience: max(3*every/2, 1500*time.Millisecond)},
		// Its client looks once in an interval whether two have gone by.
		{dialect: heartbeat.STOMP(every), rounds: 6, patience: 2 * every, looks: every},
		// Its client looks every two to four intervals whether two have gone by.
		{dialect: heartbeat.ActionCable(), rounds: 8, patience: 2 * every, looks: 4 * every},
	}
}

type dialectCase struct {
	dialect  heartbeat.Dialect
	rounds   int           // beats sent, and answers given, before the server falls silent
	patience time.Duration // from the last thing received to the end, at least
	looks    time.Duration // how much later the client may notice

	srv    *fake.Server
	client *realparts.DialectClient
}

// start starts the server and the client.
func (tt *dialectCase) start(t *testing.T, every time.Duration) {
	tt.srv = fake.Start(t, tt.handler(every))
	name, _, _ := strings.Cut(tt.dialect.Name, ":")
	tt.client = realparts.StartDialectClient(t, name, tt.srv.URL, every)
}

// handler plays the dialect: its session for good, its beats for some rounds.
func (tt *dialectCase) handler(every time.Duration) fake.Handler {
	d := tt.dialect
	steps := []fake.Step{fake.Session(d)}
	if d.By&heartbeat.Client != 0 && d.Answered() {
		steps = append(steps, fake.AnswerBeats(d, fake.StopAfter(tt.rounds)))
	}
	if d.By&heartbeat.Server != 0 {
		for n := range tt.rounds {
			if beat, ok := d.NewBeat(n + 1); ok {
				steps = append(steps, fake.Pause(every), fake.Send(beat))
			}
		}
	}
	return fake.Script(steps...)
}

// How late things may be on a machine that is busy with all the clients at once.
const (
	early = 50 * time.Millisecond
	late  = 3 * time.Second
)

func (tt *dialectCase) check(t *recorder) {
	said := tt.client.Wait(t)
	conn := tt.srv.Conn(1).View()
	defer func() {
		if t.Failed() {
			var text strings.Builder
			_ = conn.WriteText(&text)
			t.Logf("the client said %+v; the server saw\n%s", said, &text)
		}
	}()

	for _, want := range []string{realparts.Connected, realparts.InSession, realparts.GaveUp} {
		if !slices.ContainsFunc(said, func(s realparts.Said) bool { return s.Event == want }) {
			t.Errorf("the client never said %q", want)
		}
	}
	if n := len(tt.srv.Conns()); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	tt.checkBeats(t, conn, heartbeat.Client)
	tt.checkBeats(t, conn, heartbeat.Server)

	last, end := tt.ends(conn)
	if end == nil {
		t.Errorf("the client did not end the connection")
		return
	}
	silence := end.At - last.At
	if silence < tt.patience-early || silence > tt.patience+tt.looks+late {
		t.Errorf("the client ended the connection (%s) after %v of silence, want %v, at most %v later", end, silence, tt.patience, tt.looks)
	}
	t.T.Logf("gave up after %v: %s", silence.Round(time.Millisecond), said[len(said)-1].Reason)
}

// checkBeats looks at the beats of one side: all rounds were answered, where beats
// are, and the client went on in the silence.
func (tt *dialectCase) checkBeats(t *recorder, conn *timeline.View, by heartbeat.Role) {
	if tt.dialect.By&by == 0 {
		return
	}
	tracker := heartbeat.NewTracker(tt.dialect, by)
	for e := range conn.All() {
		if e.Kind == timeline.KindFrame {
			tracker.See(e.At, e.Seq, e.View())
		}
	}
	beats, unanswered := len(tracker.Beats()), len(tracker.Unanswered())
	if beats < tt.rounds || by == heartbeat.Server && beats > tt.rounds {
		t.Errorf("%d beats of the %s in %d rounds", beats, by, tt.rounds)
	}
	switch {
	case tracker.Unsolicited() > 0:
		t.Errorf("%d answers to no beat of the %s", tracker.Unsolicited(), by)
	case tt.dialect.Answered() && beats-unanswered != tt.rounds:
		t.Errorf("%d of %d beats of the %s unanswered, want %d answers", unanswered, beats, by, tt.rounds)
	}
}

// ends returns the last thing the server sent before the client ended the
// connection, and that end: nil if there was none.
func (tt *dialectCase) ends(conn *timeline.View) (last timeline.Event, end *timeline.Event) {
	for e := range conn.All() {
		switch {
		case e.Dir == frame.ToClient && e.Kind == timeline.KindFrame:
			last = e
		case e.Dir != frame.ToServer:
		case e.Kind == timeline.KindFrame && e.Header.Opcode == frame.OpClose, e.Kind == timeline.KindFIN, e.Kind == timeline.KindRST:
			return last, &e
		}
	}
	return last, nil
}
