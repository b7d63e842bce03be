package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestSlowAccept(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Name: "slow", On: faultproxy.Accepted, Do: faultproxy.Delay{By: 4 * time.Second}, Times: 1})
		for _, want := range []time.Duration{4 * time.Second, 0} {
			start := time.Now()
			gorillaDial(t, n, p)
			if took := time.Since(start).Truncate(time.Millisecond); took != want {
				t.Errorf("opened after %v, want %v", took, want)
			}
		}
		if e := mustFind(t, p, 0, timeline.KindFault); e.Rule != "slow" || fired(p, "slow") != 1 {
			t.Errorf("the timeline has %v, the rule fired %d times", e, fired(p, "slow"))
		}
	})
}

func TestRedirect(t *testing.T) {
	for _, on := range []frame.Trigger{faultproxy.Requested, faultproxy.Responded} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := faultproxy.InMemory(t, n, echoServer(t, n))
			p.Add(faultproxy.Rule{Name: "away", On: on, Do: faultproxy.Redirect{Location: "wss://other.test/ws", Status: 307}})
			_, resp, err := gorillaTry(n, p)
			if !errors.Is(err, websocket.ErrBadHandshake) || resp.StatusCode != 307 || resp.Header.Get("Location") != "wss://other.test/ws" {
				t.Errorf("got %v, %v", resp, err)
			}
			mustEnd(t, p, 1)
			if e := last(p, 1, timeline.KindResponse); e.Rule != "away" || e.Field("location") != "wss://other.test/ws" {
				t.Errorf("the timeline has %v", e)
			}
		})
	}
}

func TestCutHandshakes(t *testing.T) {
	for name, c := range map[string]struct {
		on    frame.Trigger
		do    faultproxy.Cut
		want  string // what arrives
		err   error  // at the end of it; nil is a FIN
		tells string
	}{
		"before the answer, FIN": {faultproxy.Requested, faultproxy.Cut{}, "", nil, "request:arrived fault fin:left ended"},
		"before the answer, RST": {faultproxy.Requested, faultproxy.Cut{How: faultproxy.RST}, "", syscall.ECONNRESET, "request:arrived fault rst:left ended"},
		"closed":                 {faultproxy.Requested, faultproxy.Cut{How: faultproxy.FullClose}, "", nil, "request:arrived fault closed ended"},
		"after it was asked":     {faultproxy.Responded, faultproxy.Cut{}, "", nil, "request:arrived dialed fault response:arrived fin:left ended"},
		"within, FIN":            {faultproxy.Responded, faultproxy.Cut{After: 20}, "HTTP/1.1 101 Switchi", nil, "request:arrived dialed fault response:arrived bytes:left fin:left ended"},
		"within, RST":            {faultproxy.Responded, faultproxy.Cut{After: 20, How: faultproxy.RST}, "HTTP/1.1 101 Switchi", syscall.ECONNRESET, "request:arrived dialed fault response:arrived bytes:left rst:left ended"},
		"all of it":              {faultproxy.Responded, faultproxy.Cut{After: 5000}, switching + "\r\n", nil, "request:arrived dialed fault response:arrived bytes:left fin:left ended"},
		"half":                   {faultproxy.Responded, faultproxy.Cut{After: 1, How: faultproxy.HalfClose}, "H", nil, "request:arrived dialed fault response:arrived bytes:left fin:left ended"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
					io.WriteString(c, switching+"\r\n")
					io.Copy(io.Discard, c)
				}))
				p.Add(faultproxy.Rule{Name: "cut", On: c.on, Do: c.do, Expect: faultproxy.Fired})
				client := rawConnect(t, n, p)
				io.WriteString(client, upgradeRequest+"\r\n")
				got, err := io.ReadAll(client)
				if string(got) != c.want || !errors.Is(err, c.err) {
					t.Errorf("got %q, %v; want %q, %v", got, err, c.want, c.err)
				}
				if name == "half" {
					time.Sleep(time.Hour)
					if _, over := find(p, 1, timeline.KindEnded); over {
						t.Error("a half-close ended the connection")
					}
				}
				client.Close()
				mustEnd(t, p, 1)
				mustTell(t, p, 1, c.tells)
				for _, e := range p.Timeline.Conn(1).Events() {
					if e.Seen == timeline.Left && e.Rule != "cut" {
						t.Errorf("%v is not attributed to the rule", e)
					}
				}
			})
		})
	}
}

// seen is what upstream and client see of a handshake under a rule.
func seen(t *testing.T, rule faultproxy.Rule, offer, agree string) (request, answer string, p *faultproxy.Proxy) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p = faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, head string, _ []byte) {
			request = head
			io.WriteString(c, switching+extensionsLine(agree)+"\r\n")
			io.Copy(io.Discard, c)
		}))
		rule.Name = "edit"
		p.Add(rule)
		c := rawConnect(t, n, p)
		io.WriteString(c, upgradeRequest+extensionsLine(offer)+"\r\n")
		answer, _, _ = readHTTPHead(c)
		c.Close()
		mustEnd(t, p, 1)
		if fired(p, "edit") != 1 {
			t.Errorf("fired %d times", fired(p, "edit"))
		}
	})
	return request, answer, p
}

func TestHeadersOfTheRequestAreChangedInPlace(t *testing.T) {
	request, answer, _ := seen(t, faultproxy.Rule{Do: faultproxy.RequestHeaders{
		Set: http.Header{"upgrade": {"h2c"}, "X-New": {"1", "2"}}, Remove: []string{"sec-websocket-version"}}}, "", "")
	want := "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:20000\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://127.0.0.1:20000\r\nX-New: 1\r\nX-New: 2\r\n\r\n"
	if request != want || answer != switching+"\r\n" {
		t.Errorf("the upstream saw\n%s, want\n%s; the client\n%s", request, want, answer)
	}
}

func TestHeadersOfTheAnswerAreChangedInPlace(t *testing.T) {
	for name, c := range map[string]struct {
		do   faultproxy.ResponseHeaders
		want string
	}{
		"wrong accept": {faultproxy.WrongAccept(), strings.Replace(switching, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "d3JvbmcgYWNjZXB0LCB0d2VudHk=", 1)},
		"no accept":    {faultproxy.NoAccept(), strings.Replace(switching, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", 1)},
		"no upgrade":   {faultproxy.WithoutUpgrade(), strings.Replace(switching, "Upgrade: websocket\r\n", "", 1)},
		"subprotocol":  {faultproxy.Subprotocol("chat"), switching + "Sec-WebSocket-Protocol: chat\r\n"},
		"extension":    {faultproxy.Extension("x-foo"), switching + "Sec-WebSocket-Extensions: x-foo\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, answer, p := seen(t, faultproxy.Rule{Do: c.do}, "", "")
			if answer != c.want+"\r\n" {
				t.Errorf("the client saw\n%s, want\n%s", answer, c.want)
			}
			mustTell(t, p, 1, "request:arrived dialed fault response:arrived response:left opened fin:passed fin:passed ended")
			if e := last(p, 1, timeline.KindResponse); e.Rule != "edit" || e.Field("sec-websocket-accept") != "" && !strings.Contains(c.want, e.Field("sec-websocket-accept")) {
				t.Errorf("the answer on the timeline is %v", e)
			}
		})
	}
}

func TestHeadersOfARefusalAreChangedToo(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
			io.WriteString(c, "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 2\r\n\r\nno")
		}))
		p.Add(faultproxy.Rule{Name: "edit", Do: faultproxy.ResponseHeaders{Remove: []string{"Retry-After"}}})
		want := "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
		if got := get(t, n, p, upgradeRequest+"\r\n"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestUnconfiguredProxiesPassAPlainGET(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n)) // gorilla's
		p.Add(faultproxy.Rule{Do: faultproxy.Unconfigured(), Expect: faultproxy.Fired})
		_, resp, err := gorillaTry(n, p)
		if !errors.Is(err, websocket.ErrBadHandshake) || resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Sec-Websocket-Version") != "13" {
			t.Errorf("got %v, %v; want the 400 of a server that got no upgrade", resp, err)
		}
	})
}

func TestStripDeflateTakesTheOfferAway(t *testing.T) {
	request, _, _ := seen(t, faultproxy.Rule{Do: faultproxy.StripDeflate{}}, "x-foo, permessage-deflate; client_max_window_bits", "")
	if got := extensionsOf(request); got != "x-foo" {
		t.Errorf("the upstream was offered %q", got)
	}
	request, _, _ = seen(t, faultproxy.Rule{Do: faultproxy.StripDeflate{}}, "permessage-deflate", "")
	if strings.Contains(request, "Extensions") {
		t.Errorf("the upstream was offered %q", request)
	}
}

// A 101 that tells the client of a compression nobody agreed to, or not of one that was,
// changes nothing for what the upstream sends.
func TestACompressionThatOnlyOneSideKnowsOf(t *testing.T) {
	for _, c := range []struct {
		do    faultproxy.ResponseHeaders
		agree string
	}{
		{faultproxy.Extension("permessage-deflate"), ""},
		{faultproxy.ResponseHeaders{Remove: []string{"Sec-WebSocket-Extensions"}}, "permessage-deflate"},
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			ps := opening{network: n, rules: []faultproxy.Rule{{Do: c.do}}, offer: deflateOffer, agree: c.agree}.open(t)
			m := compressed(squash(true, "hi")[0], false)
			io.WriteString(ps.server, m+wire(frame.Ping(nil)))
			receives(t, "the client", ps.down, m+wire(frame.Ping(nil)))
			if e, opaque := find(ps.p, 1, timeline.KindOpaque); opaque {
				t.Errorf("the stream is taken for none: %v", e)
			}
		})
	}
}

func TestGarbageBehindThe101(t *testing.T) {
	noted(t, func(t *testing.T, r *rig, w *writes) {
		r.p.Add(faultproxy.Rule{Name: "junk", On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "junk"}})
		client, server := r.open()
		server.send(frame.Text("a"))
		if got := client.rawBytes(); got != "junk"+wire(frame.Text("a")) {
			t.Errorf("received %q", got)
		}
		if !strings.HasSuffix(w.each[0], "\r\n\r\njunk") {
			t.Errorf("the 101 was written as %q", w.each[0])
		}
		r.tells("bytes", "bytes junk to-client left")
	})
}

func TestGarbageNeedsA101(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
			io.WriteString(c, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
		}))
		p.Add(faultproxy.Rule{Name: "junk", On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "junk"}})
		if got := get(t, n, p, upgradeRequest+"\r\n"); strings.Contains(got, "junk") {
			t.Errorf("got %q", got)
		}
		if e := mustFind(t, p, 1, timeline.KindNotApplied); !strings.Contains(e.Field("why"), "the answer is 503") {
			t.Errorf("not applied: %v", e)
		}
	})
}
