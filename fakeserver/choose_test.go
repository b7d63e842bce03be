package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// says is a handler that can be told from others by its status.
func says(status int) fake.Handler { return fake.RejectWith(status) }

// statuses dials n times, d apart, and returns what was answered.
func statuses(t *testing.T, srv *fake.Server, n int, d time.Duration, path string, header ...string) string {
	t.Helper()
	var got []string
	for range n {
		c, err := tryDial(t, srv, path, header...)
		switch {
		case err == nil:
			got = append(got, "101")
			_ = c.conn.Close()
		case c.res != nil:
			got = append(got, strings.Fields(c.res.Status)[0])
		default:
			got = append(got, err.Error())
		}
		time.Sleep(d)
	}
	return strings.Join(got, " ")
}

func TestHowLongHandlersServe(t *testing.T) {
	for _, test := range []struct {
		name     string
		handlers []fake.Handler
		policy   fake.EndPolicy
		want     string
		failure  string
	}{
		{"one each, the last for ever", []fake.Handler{says(401), says(403), fake.Echo}, 0, "401 403 101 101 101 101", ""},
		{"Times", []fake.Handler{says(503).Times(3), fake.Echo}, 0, "503 503 503 101 101 101", ""},
		{"For, from its first attempt", []fake.Handler{says(503).For(2500 * time.Millisecond), says(404)}, 0, "503 503 503 404 404 404", ""},
		{"Until", []fake.Handler{says(503).Until(timeline.Noted("ready")), says(404)}, 0, "503 503 503 404 404 404", ""},
		{"RefuseRest", []fake.Handler{says(401), fake.Echo.Times(2)}, fake.RefuseRest, "401 101 101 503 503 503", ""},
		{"FailTest", []fake.Handler{says(401).Times(5)}, fake.FailTest, "401 401 401 401 401 503", "connection 6: nobody expected upgrade attempt 6"},
		{"never reached", []fake.Handler{says(401).Times(6), says(402), fake.Silent}, 0, "401 401 401 401 401 401", "handler 2, RejectWith(402), was never reached: the server saw 6 upgrade attempts in all"},
		{"never reached, and need not be", []fake.Handler{says(401).Times(6), says(402).Optional()}, 0, "401 401 401 401 401 401", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tb := &recorder{T: t}
				srv := (&fake.Server{Handlers: test.handlers, AfterLast: test.policy}).On(tb, memnet.New()).StartIn(tb)
				time.AfterFunc(2500*time.Millisecond, func() { srv.Timeline.Note("ready") })
				if got := statuses(t, srv, 6, time.Second, "/"); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				got := tb.finish()
				if test.failure == "" && got != "" || !strings.Contains(got, test.failure) {
					t.Errorf("failures %q, want %q", got, test.failure)
				}
				if strings.Contains(test.failure, "never") && !strings.Contains(got, "choose_test.go:") {
					t.Errorf("the failure does not say where the handler was made: %q", got)
				}
			})
		})
	}
}

func TestRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := (&fake.Server{
			Routes: []fake.Route{
				{Path: "/exact", Handlers: []fake.Handler{says(401), says(402)}},
				{Path: "/under/*", Query: map[string]string{"v": "2"}, Handlers: []fake.Handler{says(403)}},
				{Header: map[string]string{"X-Room": ""}, Handlers: []fake.Handler{says(404)}},
				{Subprotocol: "special", Handlers: []fake.Handler{says(405)}},
			},
			Handlers: []fake.Handler{says(500)},
		}).On(t, memnet.New()).StartIn(t)
		for _, test := range []struct {
			path   string
			header []string
			want   string
		}{
			{"/exact", nil, "401"}, {"/exact", nil, "402"}, {"/exact", nil, "402"},
			{"/under/x?v=2", nil, "403"}, {"/under/x?v=3", nil, "500"}, {"/under/x", nil, "500"},
			{"/", []string{"X-Room", "7"}, "404"},
			{"/", []string{"Sec-WebSocket-Protocol", "other, special"}, "405"},
			{"/", nil, "500"},
		} {
			if got := statuses(t, srv, 1, 0, test.path, test.header...); got != test.want {
				t.Errorf("%s %v: got %s, want %s", test.path, test.header, got, test.want)
			}
		}
	})
}

func TestARouteWithoutHandlersIsRefused(t *testing.T) {
	err := (&fake.Server{Routes: []fake.Route{{Path: "/x"}}}).Start()
	if err == nil || !strings.Contains(err.Error(), "route 1 (/x) has no handlers") {
		t.Errorf("got %v", err)
	}
}

func TestHandlersPrintAsWhatTheyDo(t *testing.T) {
	for want, h := range map[string]fake.Handler{
		"Echo":            fake.Echo,
		"Silent.Times(2)": fake.Silent.Times(2),
		`RejectWith(503, Header("Retry-After", "1"), Body("busy")).For(1s)`: fake.RejectWith(503, fake.Header("Retry-After", "1"), fake.Body("busy")).For(time.Second),
		`Stall().Until(a note "x")`:                                         fake.Stall().Until(timeline.Noted("x")),
		`RedirectTo("/a")`:                                                  fake.RedirectTo("/a"),
		"Func(chat)":                                                        fake.Func("chat", func(*fake.Conn) {}),
	} {
		if h.String() != want {
			t.Errorf("got %s, want %s", h, want)
		}
	}
}
