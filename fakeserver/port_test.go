package fakeserver_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// knock dials and says what came of it.
func knock(t *testing.T, srv *fake.Server) string {
	t.Helper()
	d := srv.Dialer()
	d.HandshakeTimeout = 300 * time.Millisecond
	ws, _, err := d.Dial(srv.URL, nil)
	switch {
	case err == nil:
		_ = ws.Close()
		return "open"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "timeout"), strings.Contains(err.Error(), "deadline"):
		return "hangs"
	}
	return err.Error()
}

func TestThePortOnOneAddress(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start()
		c := dial(t, srv)
		url := srv.URL
		for _, step := range []struct {
			name string
			do   func() error
			want string
		}{
			{"Stop", srv.Stop, "refused"}, {"Stop again", srv.Stop, "refused"}, {"Resume", srv.Resume, "open"},
			{"Refuse", srv.Refuse, "refused"}, {"Resume", srv.Resume, "open"},
			{"Hang", srv.Hang, "hangs"}, {"Resume", srv.Resume, "open"},
			{"Hang", srv.Hang, "hangs"}, {"Refuse", srv.Refuse, "refused"}, {"Hang", srv.Hang, "hangs"},
			{"Stop", srv.Stop, "refused"}, {"Resume", srv.Resume, "open"}, {"Resume again", srv.Resume, "open"},
		} {
			if runtime.GOOS != "linux" && step.name == "Hang" && srv.Network() == nil {
				continue
			}
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := knock(t, srv); got != step.want {
				t.Fatalf("%s: a dial finds it %s, want %s", step.name, got, step.want)
			}
			c.send(frame.Text(step.name))
			c.wants(frame.Text(step.name).String())
		}
		if err := srv.Restart(); err != nil {
			t.Error(err)
		}
		c.wants("fin")
		if got := knock(t, srv); got != "open" || srv.URL != url {
			t.Errorf("after Restart: %s at %s", got, srv.URL)
		}
	})
}

func TestADialThatHangsGoesOnAfterResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		_ = srv.Hang()
		time.AfterFunc(30*time.Second, func() { _ = srv.Resume() })
		start := time.Now()
		dial(t, srv)
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("opened after %v", d)
		}
	})
}

func TestDropAllEndsEveryConnection(t *testing.T) {
	for how, want := range map[string]string{"fin": "fin", "rst": "rst", "close": `close 1012 "deploy"`} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t)
				a, b := dial(t, srv), dial(t, srv)
				srv.DropAll(map[string]fake.Ending{"fin": fake.Fin(), "rst": fake.Reset(), "close": fake.Close(1012, "deploy")}[how])
				a.wants(want)
				b.wants(want)
			})
		})
	}
}

func TestFlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		if err := srv.Flap(10*time.Second, 5*time.Second, 2); err != nil {
			t.Fatal(err)
		}
		var got []string
		time.Sleep(500 * time.Millisecond)
		for range 35 {
			got = append(got, knock(t, srv)[:1])
			time.Sleep(time.Second)
		}
		if s := strings.Join(got, ""); s != "oooooooooorrrrroooooooooorrrrrooooo" {
			t.Errorf("got %s", s)
		}
	})
}

func TestHTTPBesideTheSockets(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start()
		open := fake.Respond(200, `{"ok":true,"url":"{ws}/link"}`, fake.Header("X-Base", "{http}"))
		srv.HTTP("/open", open, fake.Respond(500, "sorry"), open)
		tr := &http.Transport{}
		if n := srv.Network(); n != nil {
			tr.DialContext = n.DialContext
		}
		defer tr.CloseIdleConnections()
		client := http.Client{Transport: tr}
		base := "http" + strings.TrimPrefix(srv.URL, "ws")
		ok := "200 application/json {\"ok\":true,\"url\":\"" + srv.URL + "/link\"} " + base
		for i, want := range []string{ok, "500 text/plain; charset=utf-8 sorry ", ok, ok} {
			res, err := client.Post(base+"/open?token=secret", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if got := strings.Join([]string{strings.Fields(res.Status)[0], res.Header.Get("Content-Type"), string(body), res.Header.Get("X-Base")}, " "); got != want {
				t.Errorf("answer %d: %q, want %q", i+1, got, want)
			}
		}
		res, err := client.Get(base + "/other")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 426 || !strings.Contains(string(body), "/other is not scripted for plain HTTP; /open are") {
			t.Errorf("%s %q", res.Status, body)
		}
		n := 0
		for e := range srv.Timeline.All() {
			if e.Kind.String() == "http" {
				n++
				if strings.Contains(e.String(), "secret") {
					t.Errorf("a secret was recorded: %v", e)
				}
			}
		}
		if n != 5 {
			t.Errorf("%d exchanges recorded, want 5", n)
		}
	})
}

func TestHangingLeavesNoTraceOfItsOwnConnection(t *testing.T) {
	srv := fake.Start(t)
	if err := srv.Hang(); err != nil {
		t.Skip(err)
	}
	if err := srv.Resume(); err != nil {
		t.Fatal(err)
	}
	dial(t, srv)
	n := 0
	for e := range srv.Timeline.All() {
		if k := e.Kind.String(); k == "accepted" || k == "mute" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d connections recorded, want 1", n)
	}
}

// A client that keeps its HTTP connection does not get its URL from a server that
// has stopped.
func TestPlainHTTPEndsWithThePort(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start()
		srv.HTTP("/open", fake.Respond(200, "x"))
		transport := &http.Transport{}
		if srv.Network() != nil {
			transport.DialContext = srv.Network().DialContext
		}
		defer transport.CloseIdleConnections()
		get := func() error {
			res, err := (&http.Client{Transport: transport}).Get("http" + strings.TrimPrefix(srv.URL, "ws") + "/open")
			if err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, res.Body)
			return res.Body.Close()
		}
		if err := get(); err != nil {
			t.Error(err)
		}
		_ = srv.Stop()
		if err := get(); err == nil {
			t.Error("a stopped server answered")
		}
		_ = srv.Resume()
		if err := get(); err != nil {
			t.Error(err)
		}
		dial(t, srv)
	})
}
