package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// fragments cuts a text into frames of so many bytes.
func fragments(s string, size int) []frame.Frame {
	var list []frame.Frame
	for i := 0; i < len(s); i += size {
		part := []byte(s[i:min(i+size, len(s))])
		f := frame.Continuation(i+size >= len(s), part)
		if i == 0 {
			f.Opcode = frame.OpText
		}
		list = append(list, f)
	}
	return list
}

// Scripts are about messages, in however many fragments they come, with control
// frames between them (RFC 6455 section 5.4).
func TestFragmentedMessagesAreWhole(t *testing.T) {
	join := `[null,"1","room:1","phx_join",{}]`
	scripted(t, fake.Script(fake.Session(heartbeat.Phoenix()), fake.Expect(frame.JSON("op", "hello")), fake.Reply("{$.id}")),
		func(t *testing.T, srv *fake.Server, c *client) {
			c.send(fragments(join, 5)...)
			c.wants(frame.Text(`[null,"1","room:1","phx_reply",{"status":"ok","response":{}}]`).String())
			parts := fragments(`{"op":"hello","id":7}`, 4)
			c.send(parts[:2]...)
			c.send(frame.Ping([]byte("between")))
			c.send(parts[2:]...)
			c.wants(`pong "between"`, `text "7"`)
			c.send(fragments("for Next", 3)...)
			if f, err := srv.Conn(1).Next(within(t, 5*time.Second)); frameOrEnd(f, err) != `text "for Next"` {
				t.Errorf("Next: %v, %v", f, err)
			}
		})
}

// gorilla cuts what is longer than its buffer, and compresses the whole message.
func TestCompressedFragmentsAreInflatedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := `{"op":"hello","text":"` + strings.Repeat("compressible ", 2000) + `"}`
		srv := (&fake.Server{Compression: true, Handlers: []fake.Handler{fake.Script(fake.Expect(frame.JSON("op", "hello")), fake.Send(frame.Text("seen")))}}).On(t, memnet.New()).StartIn(t)
		d := srv.Dialer()
		d.WriteBufferSize = 32
		ws, _, err := d.Dial(srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_ = ws.WriteMessage(websocket.TextMessage, []byte(long))
		if _, got, err := ws.ReadMessage(); string(got) != "seen" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}
