package faultproxy_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestInjectBytes(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		page := "HTTP/1.1 502 Bad Gateway\r\n\r\n"
		r.p.Add(faultproxy.Rule{Name: "page", On: frame.Equals("a"), Do: faultproxy.InjectBytes{Bytes: page, Toward: dir}},
			faultproxy.Rule{Name: "back", On: frame.Equals("b"), Do: faultproxy.InjectBytes{Bytes: "junk", Toward: dir.Opposite()}})
		f := fragment(frame.Text("a"))
		from.send(f, frame.Continuation(true, []byte("z")), frame.Text("b"))
		if got, want := to.rawBytes(), from.wire(f)+page+from.wire(frame.Continuation(true, []byte("z")))+from.wire(frame.Text("b")); got != want {
			t.Errorf("received %q, want %q", got, want)
		}
		if got := from.rawBytes(); got != "junk" {
			t.Errorf("the sender received %q", got)
		}
		want := []string{"bytes back to-server left", "bytes page to-client left"}
		if dir == frame.ToServer {
			want = []string{"bytes page to-server left", "bytes back to-client left"}
		}
		r.tells("bytes", want...)
	})
}

func TestInjectBytesAsTheConnectionOpens(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{On: opened, Do: faultproxy.InjectBytes{Bytes: "junk", Toward: frame.Both}})
		client, server := r.open()
		server.send(frame.Text("a"))
		client.send(frame.Text("a"))
		if got := client.rawBytes(); got != "junk"+wire(frame.Text("a")) {
			t.Errorf("the client received %q", got)
		}
		if got := server.rawBytes(); got != "junk"+client.wire(frame.Text("a")) {
			t.Errorf("the server received %q", got)
		}
	})
}
