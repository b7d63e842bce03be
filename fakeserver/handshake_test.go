package fakeserver_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		handler fake.Handler
		header  []string
		want    string // status, and what else must be there
		also    string
	}{
		{fake.RejectWith(503, fake.Header("Retry-After", "120"), fake.Body("come to {http}")), nil, "503", "come to http://127.0.0.1"},
		{fake.RejectWith(401), nil, "401", "Unauthorized"},
		{fake.RedirectTo("{ws}/elsewhere"), nil, "302", ""},
		{fake.Handshake(fake.RequireHeader("X-Key", "v")), nil, "400", "the header X-Key is missing"},
		{fake.Handshake(fake.RequireHeader("X-Key", "v")), []string{"X-Key", "w"}, "400", "another value"},
		{fake.Handshake(fake.RequireHeader("X-Key", "v")), []string{"X-Key", "v"}, "101", ""},
		{fake.Handshake(fake.RequireSubprotocol("v2.json")), []string{"Sec-WebSocket-Protocol", "v1.json"}, "400", `"v1.json"`},
		{fake.Handshake(fake.RequireSubprotocol("v2.json")), []string{"Sec-WebSocket-Protocol", "v1.json, v2.json"}, "101", ""},
		{fake.Handshake(fake.RequireBearer("secret")), []string{"Authorization", "Bearer other"}, "401", "bearer"},
		{fake.Handshake(fake.RequireBearer("secret")), []string{"Authorization", "Bearer secret"}, "101", ""},
		{fake.Handshake(fake.RequireBasic("me", "pw")), nil, "401", ""},
		{fake.Handshake(fake.RequireBasic("me", "pw")), []string{"Authorization", "Basic bWU6cHc="}, "101", ""},
	} {
		t.Run(test.handler.String()+" "+strings.Join(test.header, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t, test.handler)
				c, _ := tryDial(t, srv, "/", test.header...)
				if c.res == nil || !strings.HasPrefix(c.res.Status, test.want) {
					t.Fatalf("got %v, want %s", c.res, test.want)
				}
				if body, _ := io.ReadAll(c.res.Body); !strings.Contains(string(body), test.also) {
					t.Errorf("body %q, want %q in it", body, test.also)
				}
				if test.want == "302" && c.res.Header.Get("Location") != srv.URL+"/elsewhere" {
					t.Errorf("Location %q", c.res.Header.Get("Location"))
				}
				if test.want == "401" && c.res.Header.Get("WWW-Authenticate") == "" && !strings.HasPrefix(test.handler.String(), "RejectWith") {
					t.Error("no WWW-Authenticate")
				}
				if strings.Contains(story(srv.Conn(1)), "secret") {
					t.Errorf("a secret was recorded:\n%s", story(srv.Conn(1)))
				}
			})
		})
	}
}

func TestThe101CanBeWrong(t *testing.T) {
	for _, test := range []struct {
		detail fake.Detail
		wants  func(h string) bool
	}{
		{fake.WrongAccept(), func(h string) bool { return !strings.Contains(h, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") }},
		{fake.WithoutUpgrade(), func(h string) bool { return !strings.Contains(h, "Upgrade: websocket") }},
		{fake.Subprotocol("unasked"), func(h string) bool { return strings.Contains(h, "Sec-WebSocket-Protocol: unasked\r\n") }},
		{fake.Extension("permessage-foo"), func(h string) bool { return strings.Contains(h, "Sec-WebSocket-Extensions: permessage-foo\r\n") }},
		{fake.Header("Set-Cookie", "a=b"), func(h string) bool { return strings.Contains(h, "Set-Cookie: a=b\r\n") }},
		{fake.Body("garbage"), func(h string) bool { return strings.HasSuffix(h, "\r\n\r\ngarbage") }},
	} {
		t.Run(test.detail.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t, fake.Handshake(fake.AcceptWith(test.detail)))
				head := rawUpgrade(t, srv, "")
				if !strings.HasPrefix(head, "HTTP/1.1 101 ") || !test.wants(head) {
					t.Errorf("got %q", head)
				}
			})
		})
	}
}

// rawUpgrade sends an upgrade request by hand, and what comes behind it, and returns
// what comes back within a second.
func rawUpgrade(t *testing.T, srv *fake.Server, behind string) string {
	t.Helper()
	c, err := srv.Network().Dial("tcp", strings.TrimPrefix(srv.URL, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"+behind)
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	got, _ := io.ReadAll(c)
	return string(got)
}

func TestFramesBehindTheRequestAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		early := string(frame.Text("early").WithMask([4]byte{1, 2, 3, 4}).Append(nil))
		if got := rawUpgrade(t, srv, early); !strings.HasSuffix(got, "\r\n\r\n\x81\x05early") {
			t.Errorf("got %q", got)
		}
	})
}

func TestStallHoldsUntilTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Stall())
		d := srv.Dialer()
		d.HandshakeTimeout = time.Minute
		start := time.Now()
		if _, _, err := d.Dial(srv.URL, nil); err == nil || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		over(t, srv.Conn(1))
		tells(t, srv.Conn(1), "-> request", "-> fin", "<- fault Stall()", "ended")
	})
}

func TestAnAnswerThatIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Handshake(fake.SendRaw([]byte("HTTP/1.1 101 Sw")), fake.Fin()))
		if got := rawUpgrade(t, srv, ""); got != "HTTP/1.1 101 Sw" {
			t.Errorf("got %q", got)
		}
		over(t, srv.Conn(1))
		tells(t, srv.Conn(1), "-> request", "<- fault SendRaw(15 B 485454502f312e3120313031205377)", "<- bytes", "<- fault Fin()", "<- fin", "ended")
	})
}

func TestEndingsBeforeThe101(t *testing.T) {
	for ending, want := range map[string]string{"Reset()": "reset", "Fin()": "EOF", "Freeze()": "timeout", "GoDark()": "timeout"} {
		t.Run(ending, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				how := map[string]fake.Ending{"Reset()": fake.Reset(), "Fin()": fake.Fin(), "Freeze()": fake.Freeze(), "GoDark()": fake.GoDark()}[ending]
				srv := fake.InMemory(t, fake.Handshake(how))
				d := srv.Dialer()
				d.HandshakeTimeout = time.Second
				_, _, err := d.Dial(srv.URL, nil)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		})
	}
}

func TestHandshakesThatCannotWorkAreRefused(t *testing.T) {
	for want, h := range map[string]fake.Handler{
		`Close(1000, "") in Handshake(Close(1000, "")): before the 101 there is no connection`:     fake.Handshake(fake.Close(1000, "")),
		"Pause(1s) in Handshake(Reject(503), Pause(1s)): it is never reached, behind Reject(503)":  fake.Handshake(fake.Reject(503), fake.Pause(time.Second)),
		"Pause(-1ns) in Handshake(Pause(-1ns)): a time cannot be negative":                         fake.Handshake(fake.Pause(-1)),
		`Expect(text "x") in Script(Handshake(Reset()), Expect(text "x")): it is never reached`:    fake.Script(fake.Handshake(fake.Reset()), fake.Expect(frame.Text("x"))),
		"Reject(101) in RejectWith(101): 101 is no status of a final answer: those are 200 to 599": fake.RejectWith(101),
		"Reject(99999) in RejectWith(99999): 99999 is no status":                                   fake.RejectWith(99999),
		"step 1 in Handshake(nil): it is nil":                                                      fake.Handshake(nil),
		"Func(x): it is about nothing":                                                             fake.Func("x", nil),
		"Echo.For(-1ns): a time cannot be negative":                                                fake.Echo.For(-1),
		"Echo.Until(nil): it is about nothing: what it waits for is nil":                           fake.Echo.Until(nil),
	} {
		if err := (&fake.Server{Handlers: []fake.Handler{h}}).Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestSubprotocolsAndCompression(t *testing.T) {
	for _, test := range []struct {
		server    *fake.Server
		offered   string
		sub       string
		extension string
	}{
		{&fake.Server{}, "a, b", "a", ""},
		{&fake.Server{Subprotocols: []string{"b"}}, "a, b", "b", ""},
		{&fake.Server{Subprotocols: []string{}}, "a, b", "", ""},
		{&fake.Server{Compression: true}, "a", "a", "permessage-deflate"},
		{&fake.Server{Handlers: []fake.Handler{fake.Handshake(fake.AcceptWith(fake.Compression(true)))}}, "a", "a", "permessage-deflate"},
		{&fake.Server{Compression: true, Handlers: []fake.Handler{fake.Handshake(fake.AcceptWith(fake.Compression(false)))}}, "a", "a", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := test.server.On(t, memnet.New()).StartIn(t)
			d := srv.Dialer()
			d.EnableCompression = true
			d.Subprotocols = strings.Split(test.offered, ", ")
			ws, res, err := d.Dial(srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			if ws.Subprotocol() != test.sub || srv.Conn(1).Subprotocol() != test.sub {
				t.Errorf("subprotocol %q and %q, want %q", ws.Subprotocol(), srv.Conn(1).Subprotocol(), test.sub)
			}
			if ext := res.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(ext, test.extension) || (ext == "") != (test.extension == "") {
				t.Errorf("extensions %q, want %q", ext, test.extension)
			}
		})
	}
}

func TestABadUpgradeIsAnsweredAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		c, err := srv.Network().Dial("tcp", strings.TrimPrefix(srv.URL, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n")
		got, _ := io.ReadAll(c)
		if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") || !strings.Contains(string(got), "Sec-WebSocket-Version: 13\r\n") {
			t.Errorf("got %q", got)
		}
		_ = c.Close()
		over(t, srv.Conn(1))
		tells(t, srv.Conn(1), "error handshake", "-> request", "<- response 400", "ended")
	})
}
