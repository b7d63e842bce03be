package faultproxy_test

import (
	"bytes"
	"compress/flate"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The offers are those of Chromium and ws, of gorilla, and odd ones; the answers
// those of servers that do, half do, and do not what they are asked.
func TestContextTakeoverIsNegotiatedAway(t *testing.T) {
	needsPayload := []faultproxy.Rule{{On: frame.Contains("pong"), Do: faultproxy.Drop{}}}
	headerOnly := []faultproxy.Rule{{On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}}}
	elsewhere := []faultproxy.Rule{{On: frame.Contains("pong"), Do: faultproxy.Drop{}, Conns: faultproxy.Nth(2)}}
	const both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct {
		name        string
		rules       []faultproxy.Rule
		offer, seen string // what the client offers, what the upstream is offered
		agree, told string // what the upstream agrees to, what the client is told
		mode        string
	}{
		{"no rule", nil, deflateOffer, deflateOffer, "permessage-deflate", "permessage-deflate", "context takeover"},
		{"header rule", headerOnly, deflateOffer, deflateOffer, "permessage-deflate", "permessage-deflate", "context takeover"},
		{"rule for another connection", elsewhere, deflateOffer, deflateOffer, "permessage-deflate", "permessage-deflate", "context takeover"},
		{"no rule, no takeover", nil, both, both, both, both, "no context takeover"},
		{"no rule, half of it", nil, deflateOffer, deflateOffer, "permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover", "context takeover"},
		{"nothing offered", needsPayload, "", "", "", "", ""},
		{"another extension", needsPayload, "x-foo; a=1", "x-foo; a=1", "x-foo", "x-foo", ""},
		{"declined", needsPayload, deflateOffer, deflateOffer + "; server_no_context_takeover; client_no_context_takeover", "", "", ""},
		{"Chromium and ws, server does", needsPayload,
			deflateOffer, deflateOffer + "; server_no_context_takeover; client_no_context_takeover", both, both, "no context takeover"},
		{"server leaves the client's half out", needsPayload,
			deflateOffer, deflateOffer + "; server_no_context_takeover; client_no_context_takeover",
			"permessage-deflate; server_no_context_takeover; server_max_window_bits=12", "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_no_context_takeover",
			"no context takeover"},
		{"server ignores it", needsPayload,
			deflateOffer, deflateOffer + "; server_no_context_takeover; client_no_context_takeover",
			"permessage-deflate", "permessage-deflate", "context takeover"},
		{"server does the client's half alone", needsPayload,
			deflateOffer, deflateOffer + "; server_no_context_takeover; client_no_context_takeover",
			"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover", "context takeover"},
		{"gorilla", needsPayload, both, both, both, both, "no context takeover"},
		{"several offers", needsPayload,
			"x-foo, Permessage-Deflate; Server_No_Context_Takeover,permessage-deflate",
			"x-foo, Permessage-Deflate; Server_No_Context_Takeover; client_no_context_takeover,permessage-deflate; server_no_context_takeover; client_no_context_takeover",
			both, both, "no context takeover"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				ps := opening{network: n, rules: c.rules, offer: c.offer, agree: c.agree}.open(t)
				if got := extensionsOf(ps.request); got != c.seen {
					t.Errorf("the upstream was offered %q, want %q", got, c.seen)
				}
				if got := extensionsOf(ps.answer); got != c.told {
					t.Errorf("the client was told %q, want %q", got, c.told)
				}
				if got := mustFind(t, ps.p, 1, timeline.KindOpened).Field("deflate"); got != c.mode {
					t.Errorf("the timeline says %q, want %q", got, c.mode)
				}
			})
		})
	}
}

func extensionsOf(head string) string {
	_, rest, _ := strings.Cut(head, "Sec-WebSocket-Extensions: ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// squash compresses messages as permessage-deflate does, each on its own or with
// what came before as its context.
func squash(takeover bool, messages ...string) (payloads [][]byte) {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	for _, m := range messages {
		if !takeover {
			w.Reset(&out)
		}
		io.WriteString(w, m)
		w.Flush()
		payloads = append(payloads, bytes.TrimSuffix(bytes.Clone(out.Bytes()), []byte{0, 0, 0xff, 0xff}))
		out.Reset()
	}
	return payloads
}

func compressed(payload []byte, mask bool) string {
	f := frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Payload: payload}
	if mask {
		f = f.WithMask([4]byte{5, 6, 7, 8})
	}
	return wire(f)
}

func TestTextPongsInCompressedMessagesAreDropped(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		rule := faultproxy.DropPongs()
		rule.Expect = faultproxy.Fired
		p := faultproxy.InMemory(t, n, pongServer(t, n))
		p.Add(rule)
		c := gorillaDial(t, n, p)
		for i := range 3 {
			for _, m := range []string{"ping", "data", "ping", "more data"} {
				if err := c.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
					t.Fatal(err)
				}
			}
			c.WriteControl(websocket.PingMessage, []byte("beat"), time.Time{})
			for _, want := range []string{"re: data", "re: more data"} {
				if _, got, err := c.ReadMessage(); err != nil || string(got) != want {
					t.Fatalf("round %d: got %q, %v; want %q", i, got, err, want)
				}
			}
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := fired(p, "drop-pongs"); got != 9 {
			t.Errorf("%d pongs were dropped, want 9", got)
		}
		squashed := 0
		for _, e := range p.Timeline.Conn(1).Events() {
			if e.Kind != timeline.KindFrame || e.Header.Opcode != frame.OpText || e.Dir != frame.ToClient {
				continue
			}
			if e.Header.RSV&frame.RSV1 != 0 {
				squashed++
			}
			if e.Seen&timeline.Left != 0 && string(e.Payload) == "pong" {
				t.Errorf("a pong got through: %v", e)
			}
			if e.Rule != "" && (string(e.Payload) != "pong" || !e.Inflated) {
				t.Errorf("the record of a dropped pong is %v", e)
			}
		}
		if squashed != 12 {
			t.Errorf("%d messages were compressed, want 12", squashed)
		}
	})
}

// pongServer answers ping with pong and all else with "re: …", compressed.
func pongServer(t *testing.T, n *memnet.Network) string {
	up := websocket.Upgrader{EnableCompression: true}
	return httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			_, msg, err := c.ReadMessage()
			if err != nil {
				return
			}
			if string(msg) == "ping" {
				c.WriteMessage(websocket.TextMessage, []byte("pong"))
			} else {
				c.WriteMessage(websocket.TextMessage, append([]byte("re: "), msg...))
			}
		}
	})
}

func TestMessagesThatStandAloneAreDroppedEachWay(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, offer: deflateOffer, agree: deflateAgreed, rules: []faultproxy.Rule{
			{Name: "drop", On: frame.Equals("pong"), Do: faultproxy.Drop{}}}}.open(t)
		messages := squash(false, "before", "pong", strings.Repeat("after ", 50))
		for _, m := range messages {
			io.WriteString(ps.client, compressed(m, true))
			io.WriteString(ps.server, compressed(m, false))
		}
		receives(t, "the server", ps.up, compressed(messages[0], true)+compressed(messages[2], true))
		receives(t, "the client", ps.down, compressed(messages[0], false)+compressed(messages[2], false))
		if got := fired(ps.p, "drop"); got != 2 {
			t.Errorf("fired %d times", got)
		}
	})
}

// Rules that come to a connection with context takeover too late say so, and leave
// all messages as they are; control frames are safe in any case.
func TestRulesThatComeTooLateForCompressedMessages(t *testing.T) {
	const beforeOpen = "the payload is compressed with context takeover; add the rule before the connection opens"
	for _, c := range []struct {
		name string
		rule faultproxy.Rule
		why  string
	}{
		{"by payload", faultproxy.Rule{On: frame.Contains("pong"), Do: faultproxy.Drop{}}, beforeOpen},
		{"by what the payload is not", faultproxy.Rule{On: frame.AllOf(frame.Op(frame.OpText), frame.Not(frame.Contains("x"))), Do: faultproxy.Drop{}}, beforeOpen},
		{"drop by opcode", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Drop{}}, "drop is not possible: the message is compressed with context takeover"},
		{"late by size", faultproxy.Rule{On: frame.Size(1, -1), Do: faultproxy.Late{By: time.Hour}}, "late is not possible: the message is compressed with context takeover"},
		{"duplicate", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Duplicate{}}, "duplicate is not possible: the message is compressed with context takeover"},
		{"replace", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Replace{With: frame.Text("x")}}, "replace is not possible: the message is compressed with context takeover"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				ps := opening{network: n, offer: deflateOffer, agree: "permessage-deflate"}.open(t)
				c.rule.Name = "late"
				ps.p.Add(c.rule, faultproxy.Rule{Name: "pongs", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}})
				var sent, want string
				for i, m := range squash(true, "pong", "pong", "pong") {
					pong := wire(frame.Pong(nil))
					if i == 1 { // within a message in fragments
						first := frame.Frame{RSV: frame.RSV1, Opcode: frame.OpText, Payload: m[:2]}
						last := wire(frame.Continuation(true, m[2:]))
						sent += wire(first) + pong + last
						want += wire(first) + last
						continue
					}
					sent += pong + compressed(m, false)
					want += compressed(m, false)
				}
				io.WriteString(ps.server, sent)
				receives(t, "the client", ps.down, want)
				var reasons []string
				for _, e := range ps.p.Timeline.Conn(1).Events() {
					if e.Kind == timeline.KindNotApplied && e.Rule == "late" {
						reasons = append(reasons, e.Field("why"))
					}
				}
				if len(reasons) != 1 || !strings.HasPrefix(reasons[0], c.why) {
					t.Errorf("not applied: %q, want once %q", reasons, c.why)
				}
				if fired(ps.p, "late") != 0 || fired(ps.p, "pongs") != 3 {
					t.Errorf("fired %d and %d times, want 0 and 3", fired(ps.p, "late"), fired(ps.p, "pongs"))
				}
			})
		})
	}
}

// A match that needs the payload only of some frames still judges the others.
func TestOnlyWhatCannotBeJudgedIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, offer: deflateOffer, agree: "permessage-deflate"}.open(t)
		ps.p.Add(faultproxy.Rule{Name: "sized", On: frame.AllOf(frame.Size(1000, -1), frame.Contains("x")), Do: faultproxy.Drop{}},
			faultproxy.Rule{Name: "either", On: frame.AnyOf(frame.Op(frame.OpText), frame.Contains("x")), Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		m := compressed(squash(true, "hi")[0], false)
		io.WriteString(ps.server, m)
		receives(t, "the client", ps.down, m+wire(frame.Ping(nil)))
		if e, ok := find(ps.p, 1, timeline.KindNotApplied); ok {
			t.Errorf("a rule was refused that could judge: %v", e)
		}
	})
}
