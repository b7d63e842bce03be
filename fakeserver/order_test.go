package fakeserver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// An order that comes late still is about what nobody has asked for yet: the frames
// that arrived between two steps of a script.
func TestAnOrderIsAboutWhatNextHasNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := InMemory(t, Handler{})
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		for _, s := range []string{"first", "beat", "data", "beat"} {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(s))
		}
		synctest.Wait()
		c := srv.Conn(1)
		wants := func(want string) {
			t.Helper()
			if f, err := c.Next(t.Context()); string(f.Payload) != want {
				t.Errorf("Next: %v, %v; want %s", f, err, want)
			}
		}
		wants("first")
		also := newFeed()
		c.addOrder(&order{match: frame.Text("beat"), hides: true, act: func(it *item) {
			also.push(item{frame: it.frame})
			_ = c.Send(frame.Text("ack"))
		}}, 1)
		_ = ws.WriteMessage(websocket.TextMessage, []byte("beat"))
		synctest.Wait()
		wants("data")
		for range 3 {
			if _, got, err := ws.ReadMessage(); string(got) != "ack" {
				t.Errorf("got %q, %v", got, err)
			}
			if f, err := also.next(t.Context()); string(f.Payload) != "beat" {
				t.Errorf("the order's feed: %v, %v", f, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if f, err := c.Next(ctx); err == nil {
			t.Errorf("something is left for Next: %v", f)
		}
	})
}

func TestAnOrderReplacesTheAutomaticAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := InMemory(t, Handler{open: func(c *Conn) {
			c.addOrder(&order{match: frame.Op(frame.OpClose), replaces: true}, 0)
		}})
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
		_ = ws.SetReadDeadline(time.Now().Add(time.Hour))
		start := time.Now()
		if _, _, err := ws.ReadMessage(); time.Since(start) != time.Hour {
			t.Errorf("the Close was answered: %v", err)
		}
	})
}

// An echo to a client that never reads neither piles up without bound nor keeps the
// server from closing.
func TestEchoPushesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := InMemory(t)
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_ = ws.SetWriteDeadline(time.Now().Add(time.Minute))
		sent := 0
		for ws.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20)) == nil {
			if sent++; sent > 200 {
				t.Fatal("the server never stopped reading")
			}
		}
		if sent < maxQueued>>20 {
			t.Errorf("it stopped after %d MiB, want at least 64", sent)
		}
	})
}

// A step that panics before the 101 is the test's failure, not the server's end.
func TestAHandshakeStepThatPanicsIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := (&Server{Handlers: []Handler{{before: []HandshakeStep{requireStep{text: "shaky"}}}}}).On(t, memnet.New())
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Dialer().Dial(s.URL, nil); err == nil {
			t.Error("it opened")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if f := s.Failures(); len(f) != 1 || f[0].Conn != 1 {
			t.Errorf("failures: %v", f)
		}
	})
}
