package fakeserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What a client sees of each URL, and when: it sends some frames and reads until the
// connection ends or says nothing for a minute.
func TestByURL(t *testing.T) {
	ping, hi := frame.Ping([]byte("1")), frame.Text("hi")
	for url, test := range map[string]struct {
		sends []frame.Frame
		want  string
	}{
		"/":                                    {[]frame.Frame{hi, ping}, `0s text "hi", 0s pong "1", 1m0s nothing`},
		"/echo":                                {[]frame.Frame{hi}, `0s text "hi", 1m0s nothing`},
		"/?delay=3s":                           {[]frame.Frame{hi}, `3s text "hi", 1m3s nothing`},
		"/slow":                                {[]frame.Frame{hi}, `1s text "hi", 1m1s nothing`},
		"/slow?delay=2s":                       {nil, `1m2s nothing`},
		"/close":                               {nil, `0s close 1000, 5s fin`},
		"/close?code=4001&reason=bye&after=2s": {[]frame.Frame{hi}, `0s text "hi", 2s close 4001 "bye", 7s fin`},
		"/drop":                                {nil, `0s fin`},
		"/drop?how=rst&after=2s":               {[]frame.Frame{hi}, `0s text "hi", 2s rst`},
		"/drop?how=half-close&after=1s":        {nil, `1s fin`},
		"/drop?how=freeze":                     {[]frame.Frame{ping}, `1m0s nothing`},
		"/silent?after=5s":                     {[]frame.Frame{hi}, `0s text "hi", 1m0s nothing`},
		"/silent":                              {[]frame.Frame{hi, ping}, `1m0s nothing`},
		"/mute":                                {[]frame.Frame{ping, frame.Text("ping"), hi}, `0s text "hi", 1m0s nothing`},
		"/mute?after=1":                        {[]frame.Frame{ping, frame.Text("ping"), ping, frame.Text("ping"), hi}, `0s pong "1", 0s text "pong", 0s text "hi", 1m0s nothing`},
		"/mute?dialect=text:hb/ack&after=1": {[]frame.Frame{frame.Text("hb"), frame.Text("hb"), frame.Text("ping"), ping},
			`0s text "ack", 0s text "ping", 0s pong "1", 1m0s nothing`},
		"/?mute=0&close=1012&after=9s": {[]frame.Frame{ping, hi}, `0s text "hi", 9s close 1012, 14s fin`},
		"/session/graphql-transport-ws?drop=rst&after=1s": {[]frame.Frame{frame.Text(`{"type":"connection_init"}`), frame.Text(`{"type":"ping"}`), hi},
			`0s text "{\"type\":\"connection_ack\"}", 0s text "{\"type\":\"pong\"}", 1s rst`},
		"/session/graphql-transport-ws?mute=0": {[]frame.Frame{frame.Text(`{"type":"ping"}`)}, `1m0s nothing`},
		"/session/actioncable?drop=fin&after=7s": {nil, `0s text "{\"type\":\"welcome\"}", 3s text "{\"type\":\"ping\",\"message\":1}", ` +
			`6s text "{\"type\":\"ping\",\"message\":2}", 7s fin`},
		"/session/actioncable?every=5s&silent&after=6s": {nil, `0s text "{\"type\":\"welcome\"}", 5s text "{\"type\":\"ping\",\"message\":1}", 1m5s nothing`},
		"/beat/protocol?drop=fin&after=11s":             {[]frame.Frame{hi}, `0s text "hi", 5s ping, 10s ping, 11s fin`},
		"/beat/text:hb?every=1s&drop=fin&after=2500ms":  {[]frame.Frame{hi}, `0s text "hi", 1s text "hb", 2s text "hb", 2.5s fin`},
	} {
		t.Run(url, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t, fake.ByURL)
				begun := time.Now()
				c, err := tryDial(t, srv, url)
				if err != nil {
					t.Fatalf("%v, %v", err, c.res)
				}
				c.send(test.sends...)
				var got []string
				for len(got) < 20 {
					_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
					f, err := c.r.ReadFrame()
					got = append(got, time.Since(begun).String()+" "+frameOrEnd(f, err))
					if err != nil {
						break
					}
				}
				if said := strings.Join(got, ", "); said != test.want {
					t.Errorf("got  %s\nwant %s", said, test.want)
				}
			})
		})
	}
}

func TestByURLBeforeThe101(t *testing.T) {
	srv := fake.Start(t, fake.ByURL)
	for url, want := range map[string]struct {
		status int
		header string
		value  string
		body   string
	}{
		"/reject": {503, "Retry-After", "", "Service Unavailable\n"},
		"/reject?status=429&retry-after=5&body=later": {429, "Retry-After", "5", "later"},
		"/redirect?to=ws://127.0.0.1:1/elsewhere":     {302, "Location", "ws://127.0.0.1:1/elsewhere", "Found\n"},
		"/redirect":                           {400, "Location", "", "fakeserver: to says where: /redirect?to=ws://127.0.0.1:9001/\n"},
		"/redirect?to=x%0d%0aSet-Cookie:%20a": {400, "Set-Cookie", "", "fakeserver: to: a header cannot hold a line break\n"},
		"/clse":                               {404, "", "", "fakeserver: there is no /clse here; did you mean /close? known: /, /close, /drop, /silent, /mute, /slow, /hang, /reject, /redirect, /session/DIALECT, /beat/DIALECT. A plain GET of / explains them\n"},
		"/close/now":                          {404, "", "", "fakeserver: there is no /close/now here; did you mean /close? known: /, /close, /drop, /silent, /mute, /slow, /hang, /reject, /redirect, /session/DIALECT, /beat/DIALECT. A plain GET of / explains them\n"},
		"/session":                            {404, "", "", "fakeserver: /session: want a dialect behind /session/; known: " + strings.Join(heartbeat.Names(), ", ") + "\n"},
		"/beat/fenix":                         {404, "", "", "fakeserver: /beat/fenix: want a dialect behind /beat/; known: " + strings.Join(heartbeat.Names(), ", ") + "\n"},
		"/beat/phoenix":                       {400, "", "", "fakeserver: /beat/phoenix: servers do not beat in phoenix, the client does: use AnswerBeats\n"},
		"/hang?for=5s":                        {400, "", "", "fakeserver: unknown parameter \"for\"; /hang takes none\n"},
		"/reject?status=101":                  {400, "", "", "fakeserver: status: want a whole number from 200 to 599, got \"101\"\n"},
		"/reject?statut=500&x=1":              {400, "", "", "fakeserver: unknown parameter \"statut\" (did you mean \"status\"?); unknown parameter \"x\"; /reject takes status, retry-after, body\n"},
		"/close?code=70000":                   {400, "", "", "fakeserver: code: want a whole number from 0 to 65535, got \"70000\"\n"},
		"/close?after=2":                      {400, "", "", "fakeserver: after: want a duration such as 2s or 1500ms, got \"2\"\n"},
		"/close?after=1s&after=2s":            {400, "", "", "fakeserver: after is there 2 times; leave all but one out\n"},
		"/close?drop=rst":                     {400, "", "", "fakeserver: drop and /close: one connection ends once; leave all but one out\n"},
		"/drop?how=hard":                      {400, "", "", "fakeserver: how: want fin, rst, half-close, freeze, go-dark, stop-reading, got \"hard\"\n"},
		"/?after=1s":                          {400, "", "", "fakeserver: after says when, but not what: add close=1012, drop=rst or silent=true\n"},
		"/?silent=maybe":                      {400, "", "", "fakeserver: silent: want true or false, got \"maybe\"\n"},
		"/mute?dialect=none":                  {400, "", "", "fakeserver: dialect: unknown dialect \"none\": use " + strings.Join(heartbeat.Names(), ", ") + "\n"},
		"/mute?after=2s":                      {400, "", "", "fakeserver: after: want a whole number from 0 to 2147483647, got \"2s\"\n"},
	} {
		c, err := tryDial(t, srv, url)
		if err == nil || c.res == nil {
			t.Errorf("%s: opened, or no answer: %v", url, err)
			continue
		}
		body, _ := io.ReadAll(c.res.Body)
		if c.res.StatusCode != want.status || c.res.Header.Get(want.header) != want.value || string(body) != want.body {
			t.Errorf("%s: got %d, %s %q, %q\nwant %+v", url, c.res.StatusCode, want.header, c.res.Header.Get(want.header), body, want)
		}
	}
	if f := srv.Failures(); len(f) > 0 {
		t.Errorf("a wrong URL is a failure: %v", f)
	}
}

// Clients of protocols add parameters and paths of their own, and look things up first.
func TestSessionsByURLTakeWhatTheirClientsAdd(t *testing.T) {
	srv := fake.Start(t, fake.ByURL)
	for _, url := range []string{"/session/phoenix/websocket?vsn=2.0.0", "/session/engine.io/?EIO=4&transport=websocket",
		"/session/engine.io:300ms/200ms/?EIO=4&transport=websocket", "/session/signalr?id=heartbreak", "/session/json:op=hb/ack"} {
		if c, err := tryDial(t, srv, url); err != nil {
			t.Errorf("%s: %v, %v", url, err, c.res)
		}
	}
	if _, err := tryDial(t, srv, "/session/phoenix?EIO=4"); err == nil {
		t.Error("phoenix took a parameter of engine.io")
	}
	for path, want := range map[string]string{"/": "/close?code=4001", "/session/signalr/negotiate": "connectionToken"} {
		res, err := http.Get("http" + strings.TrimPrefix(srv.URL, "ws") + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !strings.Contains(string(body), want) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestNobodyNeedCallAServerByURL(t *testing.T) {
	rec := &recorder{T: t}
	fake.Start(rec, fake.ByURL)
	if got := rec.finish(); got != "" {
		t.Errorf("it complains: %s", got)
	}
}

func TestChoose(t *testing.T) {
	rec := &recorder{T: t}
	srv := fake.Start(rec, fake.Choose("by user", func(r *http.Request) fake.Handler {
		switch r.Header.Get("X-User") {
		case "ann":
			return fake.Script(fake.Send(frame.Text("hello ann")))
		case "bob":
			return fake.Script(fake.Reset(), fake.Send(frame.Text("never")))
		case "eve":
			panic("oh no")
		}
		return fake.RejectWith(403)
	}))
	dial(t, srv, "X-User", "ann").wants(`text "hello ann"`)
	for user, status := range map[string]int{"bob": 500, "": 403} {
		if c, err := tryDial(t, srv, "/", "X-User", user); err == nil || c.res.StatusCode != status {
			t.Errorf("user %q: %v, %v; want %d", user, err, c.res, status)
		}
	}
	if c, err := tryDial(t, srv, "/", "X-User", "eve"); err == nil || c.res != nil {
		t.Errorf("eve: %v, %v", err, c.res)
	}
	got := rec.finish()
	for _, want := range []string{
		"Choose(by user) chose what cannot work: url_test.go:",
		`Send(text "never") in Script(Reset(), Send(text "never")): it is never reached, behind Reset()`,
		"Choose(by user) panicked: oh no",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if inner := (&fake.Server{Handlers: []fake.Handler{fake.Script(fake.ByURL)}}).Start(); inner == nil || !strings.Contains(inner.Error(), "a Choose is no step of a script") {
		t.Errorf("as a step: %v", inner)
	}
	if none := (&fake.Server{Handlers: []fake.Handler{fake.Choose("nobody", nil)}}).Start(); none == nil {
		t.Error("a Choose without a function starts")
	}
}

// What a URL has done is on the timeline, as what a script does.
func TestWhatAURLDoesIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.ByURL)
		if _, err := tryDial(t, srv, "/drop?how=rst&after=2s"); err != nil {
			t.Fatal(err)
		}
		if _, err := srv.View().Wait(within(t, time.Minute), timeline.Fired("Reset()")); err != nil {
			t.Errorf("%v\n%s", err, story(srv.Conn(1)))
		}
		_, _ = tryDial(t, srv, "/nowhere")
		over(t, srv.Conn(2))
		tells(t, srv.Conn(2), "error URL", "-> request", "<- response 404", "ended")
	})
}
