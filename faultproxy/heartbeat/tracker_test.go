package heartbeat_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// feed gives views to a tracker, one a second from 1 s on, tagged 1, 2, ….
func feed(t *heartbeat.Tracker, views ...frame.View) {
	for i, v := range views {
		t.See(time.Duration(i+1)*time.Second, i+1, v)
	}
}

// outline shows beats as "1→2 3 4→5c": tag of the beat, of its answer, c if covered.
func outline(beats []heartbeat.Beat) string {
	var s []string
	for _, b := range beats {
		each := fmt.Sprint(b.Tag)
		if b.Answered {
			each += fmt.Sprintf("→%d", b.AnswerTag)
		}
		if b.Covered {
			each += "c"
		}
		s = append(s, each)
	}
	return fmt.Sprint(s)
}

func ping(s string) frame.View     { return sent(frame.Ping([]byte(s))) }
func pong(s string) frame.View     { return received(frame.Pong([]byte(s))) }
func srvPing(s string) frame.View  { return received(frame.Ping([]byte(s))) }
func cliPong(s string) frame.View  { return sent(frame.Pong([]byte(s))) }
func say(s string) frame.View      { return sent(frame.Text(s)) }
func hear(s string) frame.View     { return received(frame.Text(s)) }
func beatRef(n string) frame.View  { return say(`[null,"` + n + `","phoenix","heartbeat",{}]`) }
func replyRef(n string) frame.View { return hear(`[null,"` + n + `","phoenix","phx_reply",{}]`) }

func TestTracker(t *testing.T) {
	protocol, pair := heartbeat.Protocol(), heartbeat.Text("ping", "pong")
	views := func(v ...frame.View) []frame.View { return v }
	tests := []struct {
		name        string
		dialect     heartbeat.Dialect
		by          heartbeat.Role
		views       []frame.View
		beats       string
		unanswered  string
		waiting     string
		unsolicited int
	}{
		{"answered", protocol, heartbeat.Client, views(ping("a"), pong("a"), ping("b"), pong("b")), "[1→2 3→4]", "[]", "[]", 0},
		{"same payloads, in order", protocol, heartbeat.Client, views(ping(""), ping(""), pong(""), pong("")), "[1→3 2→4]", "[]", "[]", 0},
		{"only the latest is answered", protocol, heartbeat.Client, views(ping("a"), ping("b"), pong("b")), "[1→3c 2→3]", "[]", "[]", 0},
		{"the earlier is answered", protocol, heartbeat.Client, views(ping("a"), ping("b"), pong("a")), "[1→3 2]", "[2]", "[]", 0},
		{"wrong payload", protocol, heartbeat.Client, views(ping("a"), pong("z")), "[1]", "[1]", "[1]", 1},
		{"unsolicited pong", protocol, heartbeat.Client, views(pong(""), ping("a"), pong("a"), pong("a")), "[2→3]", "[]", "[]", 2},
		{"pong before its ping", protocol, heartbeat.Client, views(pong("a"), ping("a")), "[2]", "[2]", "[2]", 1},
		{"pong in the ping's direction", protocol, heartbeat.Client, views(ping("a"), cliPong("a")), "[1]", "[1]", "[1]", 0},
		{"the server's beats are not the client's", protocol, heartbeat.Client, views(srvPing("a"), cliPong("a")), "[]", "[]", "[]", 0},
		{"the server's beats", protocol, heartbeat.Server, views(srvPing("a"), cliPong("a"), srvPing("b")), "[1→2 3]", "[3]", "[3]", 0},
		{"both sides at once", protocol, heartbeat.Either, views(ping("a"), srvPing("a"), cliPong("a"), pong("a")), "[1→4 2→3]", "[]", "[]", 0},
		{"data is no answer", protocol, heartbeat.Client, views(ping("a"), hear("news")), "[1]", "[1]", "[1]", 0},

		{"text by order", pair, heartbeat.Client, views(say("ping"), say("ping"), hear("pong")), "[1→3 2]", "[2]", "[]", 0},
		{"waiting since the last answer", pair, heartbeat.Client,
			views(say("ping"), hear("pong"), say("ping"), say("x"), say("ping")), "[1→2 3 5]", "[3 5]", "[3 5]", 0},
		{"text, either side", pair, heartbeat.Either, views(hear("ping"), say("pong"), say("ping"), hear("pong")), "[1→2 3→4]", "[]", "[]", 0},
		{"one word for both", heartbeat.Text("hb", "hb"), heartbeat.Either, views(say("hb"), hear("hb"), hear("hb"), say("hb")), "[1→2 3→4]", "[]", "[]", 0},

		{"json in any order", heartbeat.Phoenix(), heartbeat.Client,
			views(beatRef("1"), beatRef("2"), replyRef("2"), replyRef("1")), "[1→4 2→3]", "[]", "[]", 0},
		{"json without loss of the others", heartbeat.Phoenix(), heartbeat.Client,
			views(beatRef("1"), beatRef("2"), replyRef("2")), "[1 2→3]", "[1]", "[]", 0},
		{"json with an unknown ref", heartbeat.Phoenix(), heartbeat.Client, views(beatRef("1"), replyRef("9")), "[1]", "[1]", "[1]", 1},

		{"binary", heartbeat.MQTT(), heartbeat.Either,
			views(sent(frame.Binary([]byte{0xc0, 0})), received(frame.Binary([]byte{0xd0, 0}))), "[1→2]", "[]", "[]", 0},
		{"unanswered by design", heartbeat.ActionCable(), heartbeat.Either,
			views(hear(`{"type":"ping","message":1}`), hear(`{"type":"ping","message":2}`)), "[1 2]", "[]", "[]", 0},
		{"the side that does not beat", heartbeat.ActionCable(), heartbeat.Client, views(hear(`{"type":"ping"}`)), "[]", "[]", "[]", 0},
		{"the zero dialect", heartbeat.Dialect{}, heartbeat.Either, views(ping("a"), pong("a")), "[]", "[]", "[]", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracker := heartbeat.NewTracker(tt.dialect, tt.by)
			feed(tracker, tt.views...)
			if got := outline(tracker.Beats()); got != tt.beats {
				t.Errorf("beats %s, want %s", got, tt.beats)
			}
			if got := outline(tracker.Unanswered()); got != tt.unanswered {
				t.Errorf("unanswered %s, want %s", got, tt.unanswered)
			}
			if got := outline(tracker.Waiting()); got != tt.waiting {
				t.Errorf("waiting %s, want %s", got, tt.waiting)
			}
			if got := tracker.Unsolicited(); got != tt.unsolicited {
				t.Errorf("%d unsolicited, want %d", got, tt.unsolicited)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	tracker := heartbeat.NewTracker(heartbeat.Protocol(), heartbeat.Client)
	feed(tracker, ping("a"), say("x"), pong("a"), ping("b"))
	beats := tracker.Beats()
	if got := beats[0].Latency(); got != 2*time.Second {
		t.Errorf("latency %v, want 2s", got)
	}
	if got := beats[1].Latency(); got != 0 {
		t.Errorf("latency of an unanswered beat %v, want 0", got)
	}
}

// The payload of a view is only valid during the call.
func TestTrackerCopiesPayloads(t *testing.T) {
	tracker := heartbeat.NewTracker(heartbeat.Protocol(), heartbeat.Client)
	buffer := []byte("a")
	tracker.See(0, 1, sent(frame.Ping(buffer)))
	buffer[0] = 'b'
	tracker.See(1, 2, pong("a"))
	if got := outline(tracker.Beats()); got != "[1→2]" {
		t.Errorf("beats %s after the caller reused its buffer, want [1→2]", got)
	}
}

// Whatever is fed: every beat is answered at most once, never before it was sent,
// in the other direction, and what is unanswered adds up.
func TestTrackerProperties(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		dialects := everyDialect()
		d := dialects[r.IntN(len(dialects))]
		tracker := heartbeat.NewTracker(d, heartbeat.Either)
		dirs := map[int]frame.Direction{}
		for i := range 60 {
			f, _ := d.NewBeat(r.IntN(5))
			if r.IntN(2) == 0 {
				v := frame.View{Dir: d.By.Sends() &^ frame.ToClient, Header: f.Header(), Payload: f.Payload}
				if v.Dir == 0 {
					v.Dir = frame.ToClient
				}
				if answer, ok := d.AnswerTo(v); ok {
					f = answer
				}
			}
			v := frame.View{Dir: []frame.Direction{frame.ToServer, frame.ToClient}[r.IntN(2)], Header: f.Header(), Payload: f.Payload}
			dirs[i] = v.Dir
			tracker.See(time.Duration(i), i, v)
		}
		answered := 0
		for _, b := range tracker.Beats() {
			if !b.Answered {
				continue
			}
			answered++
			if b.Latency() <= 0 || dirs[b.Tag] == dirs[b.AnswerTag] || dirs[b.Tag] != b.By.Sends() {
				t.Fatalf("seed %d, %s: impossible %+v", seed, d.Name, b)
			}
		}
		if d.Answered() && answered+len(tracker.Unanswered()) != len(tracker.Beats()) {
			t.Fatalf("seed %d, %s: %d answered and %d unanswered of %d", seed, d.Name, answered, len(tracker.Unanswered()), len(tracker.Beats()))
		}
		for _, b := range tracker.Waiting() {
			if !slices.Contains(tracker.Unanswered(), b) {
				t.Fatalf("seed %d, %s: waiting for %+v, which is not unanswered", seed, d.Name, b)
			}
		}
	}
}

func TestTrackerIgnoresFramesWithoutDirection(t *testing.T) {
	tracker := heartbeat.NewTracker(heartbeat.Protocol(), heartbeat.Either)
	for _, dir := range []frame.Direction{0, frame.Both} {
		tracker.See(0, 0, frame.View{Dir: dir, Header: frame.Ping(nil).Header()})
		tracker.See(0, 0, frame.View{Dir: dir, Header: frame.Pong(nil).Header()})
	}
	if n := len(tracker.Beats()) + tracker.Unsolicited(); n != 0 {
		t.Errorf("%d frames without a direction counted", n)
	}
}

// A recording may hold no payloads; what cannot be matched is not unanswered.
func TestTrackerIgnoresWhatItCannotRead(t *testing.T) {
	tracker := heartbeat.NewTracker(heartbeat.Protocol(), heartbeat.Client)
	beat, answer := ping("abc"), pong("abc")
	beat.Opaque, answer.Opaque = true, true
	feed(tracker, beat, answer)
	if n := len(tracker.Beats()) + tracker.Unsolicited(); n != 0 {
		t.Errorf("%d unreadable frames counted", n)
	}
}
