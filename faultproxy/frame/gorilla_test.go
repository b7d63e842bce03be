package frame_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Where gorilla/websocket 1.5.3 and the Checker differ, and why the Checker stays
// as it is. Everything else must be judged alike.
var (
	// gorillaAccepts are the rules that gorilla does not enforce.
	gorillaAccepts = map[string]string{
		"text-not-utf8":             "gorilla leaves the UTF-8 of text messages to the application (its documentation says so); section 8.1 puts it on the endpoint",
		"non-minimal-length":        "gorilla takes any form of the length in data frames (in control frames it mistakes a longer form for a longer payload and refuses, too); section 5.2 says MUST",
		"short-close-payload":       "gorilla reads a one-byte Close as an empty one; section 5.5.1 asks for a two-byte code",
		"misplaced-compression-bit": "with compression on, gorilla permits RSV1 on every frame; RFC 7692 section 6 only on a message's first",
		"close-after-close":         "gorilla stops reading at the first Close, so it never sees a second",
		"data-after-close":          "gorilla stops reading at the first Close, so it never sees what follows",
	}
	// gorillaRefuses are the close codes that gorilla does not know.
	gorillaRefuses = map[frame.CloseCode]string{
		1014: "registered with IANA after gorilla's list was made",
	}
)

// canned is a connection that plays a byte stream and forgets what it is told,
// except that a client's request is answered with the handshake first.
type canned struct {
	net.Conn
	stream  io.Reader
	request bytes.Buffer
	reply   func(key string) string // nil on the server's side
}

func (c *canned) Read(p []byte) (int, error) {
	if c.reply != nil {
		request, err := http.ReadRequest(bufio.NewReader(&c.request))
		if err != nil {
			return 0, err
		}
		c.stream = io.MultiReader(strings.NewReader(c.reply(request.Header.Get("Sec-WebSocket-Key"))), c.stream)
		c.reply = nil
	}
	return c.stream.Read(p)
}

func (c *canned) Write(p []byte) (int, error) {
	if c.reply != nil {
		c.request.Write(p)
	}
	return len(p), nil
}

func (c *canned) Close() error                     { return nil }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// Hijack and the rest make it what an Upgrader writes to.
type cannedResponse struct {
	*httptest.ResponseRecorder
	conn *canned
}

func (r cannedResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return r.conn, bufio.NewReadWriter(bufio.NewReader(r.conn), bufio.NewWriter(r.conn)), nil
}

const deflateOffer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// gorillaReads returns what gorilla has against the stream; nil if it ends, or is
// closed, in order.
func gorillaReads(t *testing.T, stream []byte, fromClient, deflate bool) error {
	t.Helper()
	conn := &canned{stream: bytes.NewReader(stream)}
	var ws *websocket.Conn
	var err error
	if fromClient {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
			"Sec-Websocket-Extensions": {deflateOffer},
		}
		upgrader := websocket.Upgrader{EnableCompression: deflate}
		ws, err = upgrader.Upgrade(cannedResponse{httptest.NewRecorder(), conn}, request, nil)
	} else {
		conn.reply = func(key string) string {
			sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 section 1.3
			head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
				"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
			if deflate {
				head += "Sec-WebSocket-Extensions: " + deflateOffer + "\r\n"
			}
			return head + "\r\n"
		}
		dialer := websocket.Dialer{
			EnableCompression: deflate,
			NetDial:           func(string, string) (net.Conn, error) { return conn, nil },
		}
		ws, _, err = dialer.Dial("ws://test/", nil)
	}
	if err != nil {
		t.Fatalf("handshake: %v", err)
	}
	for {
		if _, _, err = ws.ReadMessage(); err == nil {
			continue
		}
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return nil
		}
		return err
	}
}

var compressed = deflated(rep("compress me ", 5))

func deflated(text string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	_, _ = io.WriteString(w, text)
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")) // RFC 7692 section 7.2.1
}

// randomFrame is mostly legal where it stands, and now and then wrong in one way.
func randomFrame(r *rand.Rand, inside, fromClient, deflate bool) frame.Frame {
	texts := []string{"", "hi", "wörld", "€", rep("long ", 40), "\xff", "€"[:2]}
	payload := []byte(texts[r.IntN(len(texts))])
	var f frame.Frame
	switch n := r.IntN(10); {
	case n < 2:
		f = frame.Ping(payload[:min(len(payload), 125)])
	case n < 3:
		f = frame.Pong(nil)
	case n < 4:
		codes := []frame.CloseCode{1000, 1001, 1012, 1014, 1011, 3000, 4001, 4999, 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}
		reasons := []string{"", "", "bye", "ä", "\xff"}
		f = frame.Close(codes[r.IntN(len(codes))], reasons[r.IntN(len(reasons))])
		if r.IntN(4) == 0 {
			f.Payload = f.Payload[:r.IntN(3)]
		}
	case inside:
		f = frame.Continuation(r.IntN(2) == 0, payload)
	case deflate && r.IntN(2) == 0:
		f = rsv(frame.Text(string(compressed)), frame.RSV1)
	case n < 7:
		f = frame.Text(string(payload))
		f.Fin = r.IntN(3) > 0
	default:
		f = frame.Binary(payload)
		f.Fin = r.IntN(3) > 0
	}
	switch r.IntN(40) {
	case 0:
		f.Fin = !f.Fin
	case 1:
		f.RSV |= frame.RSV2
	case 2:
		f.RSV |= frame.RSV3
	case 3:
		f.Opcode = frame.Opcode(r.IntN(16))
	case 4:
		f.LengthBytes = []int{2, 8}[r.IntN(2)]
	case 5:
		f.Payload = make([]byte, 126)
	case 6:
		if !deflate {
			f.RSV |= frame.RSV1
		}
	}
	if fromClient != (r.IntN(40) == 0) {
		f = f.WithMask([4]byte{byte(r.Uint32()), 2, 3, byte(r.Uint32())})
	}
	return f
}

// Random frames are sent until the Checker objects. Everything before must be
// accepted by gorilla as well, and with the last one it must refuse, too.
func TestGorillaAgrees(t *testing.T) {
	const rounds = 20_000
	seen := map[string]int{}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		fromClient, deflate := r.IntN(2) == 0, r.IntN(3) == 0
		checker := frame.Checker{FromClient: fromClient, Deflate: deflate}
		var stream []byte
		var refused *frame.Violation
		inside, unknown := false, false
		for range 1 + r.IntN(12) {
			f := randomFrame(r, inside, fromClient, deflate)
			if deflate && f.RSV&frame.RSV1 != 0 && (!f.Fin || f.Opcode != frame.OpText || !bytes.Equal(f.Payload, compressed)) {
				continue // gorilla inflates, so this would test flate
			}
			before := len(stream)
			stream = f.Append(stream)
			v := checker.Frame(f)
			longControl := v != nil && v.Rule == "non-minimal-length" && f.Opcode.IsControl()
			if v == nil || gorillaAccepts[v.Rule] != "" && !longControl {
				if v != nil {
					seen[v.Rule]++
				}
				if !f.Opcode.IsControl() {
					inside = !f.Fin
				}
				code, _, _ := frame.ParseClose(f.Payload)
				closed := f.Opcode == frame.OpClose
				unknown = closed && len(f.Payload) > 1 && gorillaRefuses[code] != ""
				if closed {
					break
				}
				continue
			}
			refused = v
			seen[v.Rule]++
			if err := gorillaReads(t, stream[:before], fromClient, deflate); err != nil {
				t.Fatalf("round %d: gorilla refuses what comes before %s: %v", round, v, err)
			}
			break
		}
		err := gorillaReads(t, stream, fromClient, deflate)
		if want := refused != nil || unknown; (err != nil) != want {
			t.Fatalf("round %d (client %t, deflate %t): gorilla says %v, the Checker %v\n% x", round, fromClient, deflate, err, refused, stream)
		}
		if unknown {
			seen["close code 1014"]++
		}
	}
	// The round is worth something only if everything was in it.
	for _, rule := range append(frame.Rules(), "close code 1014") {
		switch rule {
		case "length-out-of-range", "misplaced-compression-bit", "close-after-close", "data-after-close":
			// In TestGorillaOnWhatCannotBeRandom.
		default:
			if seen[rule] < 5 {
				t.Errorf("%s came up only %d times in %d rounds", rule, seen[rule], rounds)
			}
		}
	}
}

func TestGorillaOnWhatCannotBeRandom(t *testing.T) {
	huge := frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 63}.Append(nil)
	if err := gorillaReads(t, huge, false, false); err == nil {
		t.Error("gorilla accepts a length beyond 2^63-1; the Checker does not")
	}
	ping := rsv(frame.Ping(nil), frame.RSV1).Append(nil)
	if err := gorillaReads(t, ping, false, true); err != nil {
		t.Errorf("misplaced-compression-bit is no exception any more: %v", err)
	}
	after := frame.Text("x").Append(frame.Close(1000, "").Append(frame.Close(1000, "").Append(nil)))
	if err := gorillaReads(t, after, false, false); err != nil {
		t.Errorf("close-after-close and data-after-close are no exceptions any more: %v", err)
	}
}
