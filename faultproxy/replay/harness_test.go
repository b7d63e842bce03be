package replay_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// bubble runs f in virtual time on a virtual network.
func bubble(t *testing.T, f func(t *testing.T, n *memnet.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		n.Latency = time.Microsecond
		f(t, n)
	})
}

// client is a WebSocket client that sends by the clock and writes down what reaches it.
type client struct {
	offers string // header lines of its request
	sends  []send
	echoes bool          // it answers a Close, and then closes
	deaf   bool          // it neither reads nor closes before its time
	late   time.Duration // when it begins to read
	stays  time.Duration // how long it looks on before it ends TCP; 0: a minute
}

type send struct {
	at    time.Duration
	frame frame.Frame
}

// at is a frame that the client sends.
func at(d time.Duration, f frame.Frame) send { return send{d, f} }

// meets connects to a URL and returns what the client saw, a line each, with the time:
// that of the answer since the request, that of all else since the answer.
func (c client) meets(t *testing.T, n *memnet.Network, url string) string {
	t.Helper()
	conn, err := n.DialContext(context.Background(), "tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var saw strings.Builder
	zero := time.Now()
	note := func(format string, args ...any) {
		fmt.Fprintf(&saw, "%v "+format+"\n", append([]any{time.Since(zero)}, args...)...)
	}
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", c.offers)
	_ = conn.SetReadDeadline(zero.Add(time.Minute))
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		note("no answer: %s", ending(err))
		return saw.String()
	}
	res.Header.Del("Date")
	head, _ := httputil.DumpResponse(res, false)
	note("%s", strings.Join(strings.Fields(string(head)), " "))
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, err := io.ReadAll(res.Body)
		note("%q %v", body, err)
		return saw.String()
	}
	zero = time.Now()
	_ = conn.SetReadDeadline(zero.Add(cmp.Or(c.stays, time.Minute)))
	var sending sync.WaitGroup
	sending.Go(func() { c.send(conn, zero) })
	if c.deaf {
		time.Sleep(c.stays)
	} else {
		time.Sleep(c.late)
		c.read(conn, frame.NewReader(in), note)
	}
	_ = conn.Close()
	sending.Wait()
	return saw.String()
}

func (c client) send(conn net.Conn, zero time.Time) {
	for _, s := range c.sends {
		time.Sleep(time.Until(zero.Add(s.at)))
		if _, err := conn.Write(masked(s.frame)); err != nil {
			return
		}
	}
}

func (c client) read(conn net.Conn, r *frame.Reader, note func(string, ...any)) {
	for {
		f, err := r.ReadFrame()
		if err != nil {
			note("%s", ending(err))
			return
		}
		note("%s fin=%v rsv=%d masked=%v %q", f.Opcode, f.Fin, f.RSV, f.Masked, f.Payload)
		if f.Opcode == frame.OpClose && c.echoes {
			_, _ = conn.Write(masked(frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: f.Payload}))
		}
	}
}

func masked(f frame.Frame) []byte { return f.WithMask([4]byte{1, 2, 3, 4}).Append(nil) }

// ending says how a connection ended.
func ending(err error) string {
	var ne net.Error
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "RST"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "FIN, within a frame"
	case errors.Is(err, io.EOF):
		return "FIN"
	case errors.As(err, &ne) && ne.Timeout():
		return "still open"
	}
	return err.Error()
}

// recorded has a client meet a server through a proxy with rules, and returns what it
// saw and the recording.
func recorded(t *testing.T, n *memnet.Network, h fakeserver.Handler, set func(*faultproxy.Proxy), c client) (saw string, doc []byte) {
	t.Helper()
	srv := (&fakeserver.Server{Handlers: []fakeserver.Handler{h}}).On(t, n).StartIn(t)
	p := &faultproxy.Proxy{Upstream: srv.URL, Seed: 7, Timeline: timeline.New(), Compression: faultproxy.NoTakeover}
	set(p)
	p.On(t, n).StartIn(t)
	saw = c.meets(t, n, p.URL)
	return saw, written(t, p.Timeline)
}

// seenByServer has a client meet a server without a proxy, and returns what it saw and what
// that recorded.
func seenByServer(t *testing.T, n *memnet.Network, h fakeserver.Handler, c client) (saw string, doc []byte) {
	t.Helper()
	srv := (&fakeserver.Server{Handlers: []fakeserver.Handler{h}}).On(t, n).StartIn(t)
	saw = c.meets(t, n, srv.URL)
	return saw, written(t, srv.Timeline)
}

// written is the recording of a timeline as it is now.
func written(t *testing.T, tl *timeline.Timeline) []byte {
	t.Helper()
	time.Sleep(ms) // what the client did last has arrived
	synctest.Wait()
	var doc bytes.Buffer
	if err := tl.WriteJSONL(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.Bytes()
}

// read reads a recording that can be played.
func read(t *testing.T, doc []byte) *replay.Recording {
	t.Helper()
	r, err := replay.Read(doc, replay.Options{})
	if err != nil {
		t.Fatalf("the recording cannot be played: %v\n%s", err, doc)
	}
	return r
}

// played starts a server that plays a recording.
func played(t *testing.T, n *memnet.Network, r *replay.Recording, speed float64, once bool) *fakeserver.Server {
	t.Helper()
	r.Speed, r.Once = speed, once
	return r.Server().On(t, n).StartIn(t)
}
