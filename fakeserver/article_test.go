package fakeserver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What a usual browser client does: it beats with a text 3 s after the last
// message, closes when nothing came for 3 s more, and reconnects after 2 s.
const (
	beatAfter      = 3 * time.Second
	answerWithin   = 3 * time.Second
	reconnectAfter = 2 * time.Second
)

// beatingClient runs until stop is closed.
func beatingClient(d *websocket.Dialer, url string, stop <-chan struct{}) {
	for {
		if ws, _, err := d.Dial(url, nil); err == nil {
			beatOn(ws, stop)
		}
		select {
		case <-time.After(reconnectAfter):
		case <-stop:
			return
		}
	}
}

// beatOn is the life of one connection.
func beatOn(ws *websocket.Conn, stop <-chan struct{}) {
	defer ws.Close()
	messages := make(chan struct{})
	go func() {
		defer close(messages)
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
			messages <- struct{}{}
		}
	}()
	defer func() {
		_ = ws.Close()
		for range messages {
		}
	}()
	beat, dead := time.After(beatAfter), (<-chan time.Time)(nil)
	for {
		select {
		case _, ok := <-messages:
			if !ok {
				return
			}
			beat, dead = time.After(beatAfter), nil
		case <-beat:
			if ws.WriteMessage(websocket.TextMessage, []byte("ping")) != nil {
				return
			}
			dead = time.After(answerWithin)
		case <-dead:
			return
		case <-stop:
			return
		}
	}
}

// The server of the story this project was made from is one line. A client that
// beats, notices and reconnects is watched for an hour, which takes no time.
func TestAnHourWithAServerThatGoesMute(t *testing.T) {
	ping := heartbeat.Text("ping", "pong")
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Script(fake.AnswerBeats(ping, fake.StopAfter(5))))
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			beatingClient(srv.Dialer(), srv.URL, stop)
		}()
		time.Sleep(time.Hour)
		close(stop)
		<-stopped

		// Five beats are answered, at 3 s to 15 s; that at 18 s is not; it closes at 21 s
		// and is back at 23 s.
		const cycle = 6*beatAfter + answerWithin + reconnectAfter
		if n, want := len(srv.Conns()), int(time.Hour/cycle)+1; n != want {
			t.Errorf("%d connections in an hour, want %d", n, want)
		}
		for i, c := range srv.Conns()[:len(srv.Conns())-1] {
			opened := time.Duration(i) * cycle
			var beats int
			for e := range c.View().All() {
				at := e.At - opened
				switch {
				case timeline.Selects(ping.Beats(), e):
					if beats++; at != time.Duration(beats)*beatAfter {
						t.Errorf("%v: beat %d at %v", c, beats, at)
					}
				case e.Kind == timeline.KindFIN && e.Dir == frame.ToServer && at != 6*beatAfter+answerWithin:
					t.Errorf("%v: closed at %v", c, at)
				}
			}
			if beats != 6 {
				t.Errorf("%v: %d beats, want 6", c, beats)
			}
		}
	})
}
