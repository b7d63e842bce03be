package confusion

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// client is a correct WebSocket client. It judges the 101 as RFC 6455 asks, pings,
// takes any data but no stray pong for a sign of life, gives up on a silent server,
// answers Closes and waits for TCP's end, all of it bounded.
type client struct {
	beat    time.Duration   // between pings; 0: it sends none
	answer  time.Duration   // how long it waits for an answer to one
	says    []time.Duration // when it sends a message, since the opening
	chat    time.Duration   // and then a message each; 0: none
	offers  []string        // subprotocols
	deflate bool
	shake   time.Duration // the handshake's timeout
	takes   int64         // the longest message
	conns   int           // how many connections it makes, one after the other
	pause   time.Duration // between two
	spread  time.Duration // how much later each of them says its last word, and leaves
	leaves  time.Duration // when it leaves by itself; 0: never
	leaving string        // how: "1000", "1001", "4001", "fin" or "rst"
	gentle  bool          // it leaves with Close 1000 when it gives up
}

// usual is the client of most rows: a ping every 4.3 s, 3 s for its answer.
func usual() client {
	return client{beat: 4300 * time.Millisecond, answer: 3 * time.Second, shake: 10 * time.Second, takes: 64 << 10,
		says: []time.Duration{300 * time.Millisecond, 1100 * time.Millisecond}, conns: 1, pause: 1700 * time.Millisecond}
}

// quiet is one that sends nothing by itself after its first messages.
func quiet() client {
	c := usual()
	c.beat = 0
	return c
}

// chatty is one that sends a message every 700 ms besides.
func chatty() client {
	c := usual()
	c.chat = 700 * time.Millisecond
	return c
}

// run makes the client's connections, until the context ends.
func (c client) run(ctx context.Context, network *memnet.Network, url string) {
	for i := range c.conns {
		if i > 0 && !sleep(ctx, c.pause) {
			return
		}
		c.session(ctx, network, url, time.Duration(i)*c.spread)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var errRefused = errors.New("a 101 that this client must not accept")

// open dials, and refuses what gorilla lets pass.
func (c client) open(ctx context.Context, network *memnet.Network, url string) (*websocket.Conn, error) {
	d := websocket.Dialer{NetDialContext: network.DialContext, HandshakeTimeout: c.shake,
		Subprotocols: c.offers, EnableCompression: c.deflate}
	ws, res, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	if !c.takes101(ws.Subprotocol(), res.Header) {
		_ = ws.NetConn().Close()
		return nil, errRefused
	}
	return ws, nil
}

func (c client) takes101(subprotocol string, header http.Header) bool {
	ext := header.Get("Sec-WebSocket-Extensions")
	return (subprotocol == "" && len(c.offers) == 0 || slices.Contains(c.offers, subprotocol)) &&
		(ext == "" || c.deflate && strings.HasPrefix(ext, "permessage-deflate"))
}

// heard is something that the reader got: a message or a pong, or the end.
type heard struct {
	pong []byte // of a pong
	err  error
}

// session is one connection.
func (c client) session(ctx context.Context, network *memnet.Network, url string, extra time.Duration) {
	ws, err := c.open(ctx, network, url)
	if err != nil {
		return
	}
	ws.SetReadLimit(c.takes)
	events, stop := make(chan heard, 64), make(chan struct{})
	done := make(chan struct{})
	go func() { defer close(done); c.read(ws, events, stop) }()
	defer func() { _ = ws.NetConn().Close(); close(stop); <-done }()
	s := speaker{client: c, ws: ws, opened: time.Now(), extra: extra}
	s.loop(ctx, events)
}

// read hands out what comes, until it ends.
func (c client) read(ws *websocket.Conn, events chan<- heard, stop <-chan struct{}) {
	hand := func(h heard) {
		select {
		case events <- h:
		case <-stop:
		}
	}
	ws.SetPongHandler(func(payload string) error { hand(heard{pong: []byte(payload)}); return nil })
	for {
		kind, data, err := ws.ReadMessage()
		if err == nil && kind == websocket.TextMessage && !utf8.Valid(data) {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1007, ""), time.Now().Add(time.Second))
			err = errors.New("text that is not UTF-8")
		}
		if err != nil {
			hand(heard{err: err})
			if isClose(err) { // answered by now: wait for the FIN
				_ = ws.NetConn().SetReadDeadline(time.Now().Add(time.Second))
				_, _ = io.Copy(io.Discard, ws.NetConn())
				hand(heard{err: io.EOF})
			}
			return
		}
		hand(heard{})
	}
}

// speaker is the writing side of a session.
type speaker struct {
	client
	ws     *websocket.Conn
	opened time.Time
	extra  time.Duration
	pings  uint64
}

func (s *speaker) loop(ctx context.Context, events <-chan heard) {
	say := s.ticks()
	defer say.stop()
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-events:
			switch {
			case isClose(h.err):
				say.quiet()
				say.giveUp.Reset(2 * time.Second)
			case h.err != nil:
				return
			case h.pong == nil, bytes.Equal(h.pong, s.payload()):
				say.answered()
			}
		case <-say.beat.C:
			s.pings++
			if s.ws.WriteControl(websocket.PingMessage, s.payload(), time.Now().Add(time.Second)) != nil {
				return
			}
			say.beat.Reset(s.beat)
			say.wait(s.answer)
		case <-say.dead.C:
			code := 4000
			if s.gentle {
				code = websocket.CloseNormalClosure
			}
			s.goodbye(code, say)
		case <-say.text.C:
			if s.ws.WriteMessage(websocket.TextMessage, []byte("hello")) != nil {
				return
			}
			say.next(s)
		case <-say.leave.C:
			if s.depart(say) {
				return
			}
		case <-say.giveUp.C:
			return
		}
	}
}

// isClose reports whether what ended the reading is a Close of the server's.
func isClose(err error) bool {
	var ce *websocket.CloseError
	return errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure
}

// payload is that of the last ping.
func (s *speaker) payload() []byte { return binary.BigEndian.AppendUint64(nil, s.pings) }

// goodbye sends a Close and gives the server a second for its own.
func (s *speaker) goodbye(code int, say *ticks) {
	say.quiet()
	_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	say.giveUp.Reset(time.Second)
}

// depart leaves; true means at once.
func (s *speaker) depart(say *ticks) bool {
	switch s.leaving {
	case "fin":
		return true
	case "rst":
		if tcp, ok := s.ws.NetConn().(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		return true
	case "1001":
		s.goodbye(1001, say)
	case "4001":
		s.goodbye(4001, say)
	default:
		s.goodbye(1000, say)
	}
	return false
}
