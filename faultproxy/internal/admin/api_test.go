package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestAProxysLife(t *testing.T) {
	a := serve(t)
	upstream := fakeserver.Start(t)
	made := ask[tree](a, "POST", "/v1/proxies", fmt.Sprintf(`{"name": "two", "upstream": %q, "preset": "nginx,idle=10s", "rules": {"name": "slow", "do": {"latency": "1ms"}}, "seed": "9"}`, upstream.URL))
	if made["enabled"] != true || made["preset"] != "nginx,idle=10s" || made["seed"] != 9.0 || len(made["rules"].([]any)) < 2 {
		t.Errorf("made %v", made)
	}
	url := made["url"].(string)
	if c, _, err := websocket.DefaultDialer.Dial(url, nil); err != nil {
		t.Fatal(err)
	} else {
		_ = c.Close()
	}
	if got := a.call("POST", "/v1/proxies", fmt.Sprintf(`{"name": "two", "upstream": %q}`, upstream.URL), nil); got.status != 409 {
		t.Errorf("made twice: %d %s", got.status, got.body)
	}
	if off := ask[tree](a, "PATCH", "/v1/proxies/two", `{"enabled": false}`); off["enabled"] != false || off["url"] != url {
		t.Errorf("disabled: %v", off)
	}
	if _, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
		t.Error("a disabled proxy accepts")
	}
	a.do("PATCH", "/v1/proxies/two", `{"enabled": true}`)
	if list := ask[map[string][]tree](a, "GET", "/v1/proxies", ""); len(list["proxies"]) != 2 || list["proxies"][1]["name"] != "two" {
		t.Errorf("list %v", list)
	}
	a.do("DELETE", "/v1/proxies/two", "")
	if got := a.call("GET", "/v1/proxies/two", "", nil); got.status != 404 {
		t.Errorf("after its end: %d %s", got.status, got.body)
	}
}

func TestRules(t *testing.T) {
	a := serve(t)
	added := ask[map[string][]tree](a, "POST", "/v1/proxies/ws/rules", `[{"on": {"frame": {"op": "pong"}}, "do": "drop"}, {"name": "end/it", "on": {"frame": {"contains": "bye", "dir": "to-server"}}, "do": {"close": {"code": 4001}}}]`)
	if rules := added["rules"]; len(rules) != 2 || rules[0]["name"] != "drop" || rules[1]["name"] != "end/it" {
		t.Fatalf("added %v", added)
	}
	c := a.client("/")
	if err := c.WriteMessage(websocket.TextMessage, []byte("bye")); err != nil {
		t.Fatal(err)
	}
	wantClose(t, c, 4001)
	if one := ask[tree](a, "GET", "/v1/proxies/ws/rules/end%2Fit", ""); one["fired"] != 1.0 {
		t.Errorf("the rule that fired: %v", one)
	}
	if put := ask[tree](a, "PUT", "/v1/proxies/ws/rules/drop", `{"on": {"frame": {"op": "ping"}}, "do": "drop", "times": 2}`); !strings.Contains(put["text"].(string), "ping") {
		t.Errorf("replaced by %v", put)
	}
	a.do("DELETE", "/v1/proxies/ws/rules/drop", "")
	if got := a.call("DELETE", "/v1/proxies/ws/rules/drop", "", nil); got.status != 404 {
		t.Errorf("removed twice: %d", got.status)
	}
	a.do("PUT", "/v1/proxies/ws/preset", `{"preset": "nginx"}`)
	if gone := ask[map[string][]string](a, "DELETE", "/v1/proxies/ws/rules", ""); len(gone["removed"]) != 1 {
		t.Errorf("removed %v", gone)
	}
	left := ask[map[string][]tree](a, "GET", "/v1/proxies/ws/rules", "")
	for _, r := range left["rules"] {
		if r["preset"] != true {
			t.Errorf("left %v", r)
		}
	}
	if len(left["rules"]) == 0 {
		t.Error("the preset's rules went, too")
	}
	a.do("DELETE", "/v1/proxies/ws/preset", "")
	if left := ask[map[string][]tree](a, "GET", "/v1/proxies/ws/rules", ""); len(left["rules"]) != 0 {
		t.Errorf("left without a preset: %v", left)
	}
}

// wantClose reads until the connection ends, with that code.
func wantClose(t *testing.T, c *websocket.Conn, code int) {
	t.Helper()
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code {
			t.Errorf("ended with %v, want %d", err, code)
		}
		return
	}
}

// Every action is done to a connection of its own, and leaves its mark on the timeline.
func TestActions(t *testing.T) {
	closed := func(n int) frame.Trigger { return timeline.Ended(n) }
	for name, want := range map[string]struct {
		body string
		sign func(n int) frame.Trigger
	}{
		"close":   {`{"code": 1012, "reason": "restart"}`, func(int) frame.Trigger { return frame.Op(frame.OpClose) }},
		"reset":   {"", closed},
		"cut":     {"", closed},
		"end":     {`{"client": "rst", "server": "fin"}`, closed},
		"silence": {`"to-client"`, func(int) frame.Trigger { return timeline.KindSilence }},
		"discard": {`"to-client"`, func(int) frame.Trigger { return timeline.KindFault }},
		"freeze":  {"", func(int) frame.Trigger { return timeline.KindFault }},
		"forget":  {"", func(int) frame.Trigger { return timeline.KindFault }},
		"heal":    {"", func(int) frame.Trigger { return timeline.KindFault }},
		"inject":  {`{"frame": {"op": "text", "text": "hello"}}`, func(int) frame.Trigger { return frame.Op(frame.OpText) }},
		"ping":    {`{"payload": "x"}`, func(int) frame.Trigger { return frame.Op(frame.OpPing) }},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t)
			c := a.client("/")
			go func() { // answers pings and Close
				for {
					if _, _, err := c.ReadMessage(); err != nil {
						return
					}
				}
			}()
			if got := ask[map[string][]int](a, "POST", "/v1/proxies/ws/connections/latest/"+name, want.body); len(got["connections"]) != 1 || got["connections"][0] != 1 {
				t.Errorf("acted on %v", got)
			}
			if _, err := a.proxy.Timeline().Conn(1).Wait(t.Context(), want.sign(1)); err != nil {
				t.Error(err)
			}
			if got := a.call("POST", "/v1/proxies/ws/connections/7/"+name, want.body, nil); got.status != 409 {
				t.Errorf("on a connection that is not there: %d %s", got.status, got.body)
			}
		})
	}
}

func TestActionsOnAll(t *testing.T) {
	a := serve(t)
	one, two := a.client("/1"), a.client("/2")
	if got := ask[map[string][]int](a, "POST", "/v1/proxies/ws/connections/close", `{"code": 1001}`); len(got["connections"]) != 2 {
		t.Errorf("acted on %v", got)
	}
	wantClose(t, one, 1001)
	wantClose(t, two, 1001)
	_, _ = one.Close(), two.Close()
	a.over(1)
	a.over(2)
	all := conns(a, "all")
	if len(all) != 2 || all[0]["state"] != "ended" || all[0]["close"].(tree)["code"] != 1001.0 || all[1]["target"] != "/2" {
		t.Errorf("connections %v", all)
	}
	if open := conns(a, "open"); len(open) != 0 {
		t.Errorf("open: %v", open)
	}
}

// conns lists the connections of a state.
func conns(a *api, state string) []tree {
	a.t.Helper()
	return ask[struct{ Connections []tree }](a, "GET", "/v1/proxies/ws/connections?state="+state, "").Connections
}

func TestThePort(t *testing.T) {
	a := serve(t)
	c := a.client("/")
	a.do("POST", "/v1/proxies/ws/port/refuse", "")
	if _, _, err := websocket.DefaultDialer.Dial(a.proxy.URL(), nil); err == nil {
		t.Error("the port does not refuse")
	}
	if err := c.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "x" {
		t.Errorf("the connection there was: %q, %v", got, err)
	}
	a.do("POST", "/v1/proxies/ws/port/resume", "")
	a.client("/again")
}

func TestAScenario(t *testing.T) {
	a := serve(t)
	playing := ask[tree](a, "PUT", "/v1/proxies/ws/scenario", `{"name": "night", "phases": [{"at": "0s", "name": "slow", "rules": [{"do": {"latency": "1ms"}}]}]}`)
	if s := playing["scenario"].(tree); s["name"] != "night" {
		t.Errorf("playing %v", s)
	}
	if _, err := a.proxy.Timeline().Wait(t.Context(), timeline.Noted("phase slow")); err != nil {
		t.Fatal(err)
	}
	if err := a.proxy.Tracker().Await(t.Context(), a.proxy.Timeline().Last()); err != nil {
		t.Fatal(err)
	}
	if s := ask[tree](a, "GET", "/v1/proxies/ws", "")["scenario"].(tree); s["phase"] != "slow" {
		t.Errorf("in phase %v", s)
	}
	stopped := ask[tree](a, "DELETE", "/v1/proxies/ws/scenario", "")
	if stopped["scenario"] != nil || len(stopped["rules"].([]any)) != 0 {
		t.Errorf("stopped: %v", stopped)
	}
}
