package fakeserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func TestAnswerPolicies(t *testing.T) {
	text := heartbeat.Text("ping", "pong")
	for _, test := range []struct {
		policies []fake.AnswerPolicy
		want     string // what came within a second of each of four beats, one a minute
	}{
		{nil, "pong|pong|pong|pong"},
		{[]fake.AnswerPolicy{fake.Never}, "|||"},
		{[]fake.AnswerPolicy{fake.EveryNth(2)}, "|pong||pong"},
		{[]fake.AnswerPolicy{fake.StopAfter(2)}, "pong|pong||"},
		{[]fake.AnswerPolicy{fake.Twice}, "pong pong|pong pong|pong pong|pong pong"},
		{[]fake.AnswerPolicy{fake.Wrong}, "wrong|wrong|wrong|wrong"},
		{[]fake.AnswerPolicy{fake.Late(90 * time.Second)}, "|pong|pong|pong"}, // each in the minute after
		{[]fake.AnswerPolicy{fake.StopAfter(3), fake.Twice, fake.Wrong}, "wrong wrong|wrong wrong|wrong wrong|"},
	} {
		inABubble(t, fake.Script(fake.AnswerBeats(text, test.policies...)), func(t *testing.T, srv *fake.Server, c *client) {
			var rounds []string
			for range 4 {
				c.send(frame.Text("ping"))
				var round []string
				for end := time.Now().Add(time.Minute); ; {
					_ = c.conn.SetReadDeadline(end)
					f, err := c.r.ReadFrame()
					if err != nil {
						break
					}
					round = append(round, string(f.Payload))
				}
				rounds = append(rounds, strings.Join(round, " "))
			}
			if got := strings.Join(rounds, "|"); got != test.want {
				t.Errorf("%v: got %q, want %q", test.policies, got, test.want)
			}
		})
	}
}

// What a policy withholds can be seen to have been withheld.
func TestWithheldAnswersAreOnTheTimeline(t *testing.T) {
	inABubble(t, fake.Script(fake.AnswerBeats(heartbeat.Protocol(), fake.StopAfter(1))), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Ping([]byte("1")), frame.Ping([]byte("2")))
		c.at(0, srv.Timeline, `pong "1"`)
		synctest.Wait()
		if s := story(srv.Conn(1)); !strings.Contains(s, "AnswerBeats(protocol, StopAfter(1)): no answer") {
			t.Errorf("not recorded:\n%s", s)
		}
	})
}

func TestBeatsAreHiddenFromExpectOnly(t *testing.T) {
	scripted(t, fake.Script(
		fake.AnswerBeats(heartbeat.Phoenix()),
		fake.Expect(frame.Text("data")),
		fake.Send(frame.Text("1")),
		fake.WaitFor(heartbeat.Phoenix().Beats()),
		fake.Send(frame.Text("2")),
	), func(t *testing.T, srv *fake.Server, c *client) {
		beat := frame.Text(`[null,"5","phoenix","heartbeat",{}]`)
		answer := frame.Text(`[null,"5","phoenix","phx_reply",{"status":"ok","response":{}}]`).String()
		c.send(beat, frame.Text("data"))
		c.wants(answer, `text "1"`)
		c.send(beat)
		c.wants(answer, `text "2"`)
	})
}

func TestBeatCountsItsBeats(t *testing.T) {
	inABubble(t, fake.Script(fake.Beat(heartbeat.ActionCable(), 3*time.Second)), func(t *testing.T, srv *fake.Server, c *client) {
		c.at(3*time.Second, srv.Timeline, `text "{\"type\":\"ping\",\"message\":1}"`)
		c.at(6*time.Second, srv.Timeline, `text "{\"type\":\"ping\",\"message\":2}"`)
	})
}

func TestSessionPlaysTheOpening(t *testing.T) {
	gql := heartbeat.GraphQLTransportWS()
	scripted(t, fake.Script(fake.Session(gql), fake.Expect(frame.JSON("type", "subscribe")), fake.Reply(`{"id":{$.id},"type":"next"}`)),
		func(t *testing.T, srv *fake.Server, c *client) {
			c.send(frame.Text(`{"type":"connection_init"}`), frame.Text(`{"type":"ping"}`), frame.Text(`{"type":"subscribe","id":"7"}`))
			c.wants(`text "{\"type\":\"connection_ack\"}"`, `text "{\"id\":\"7\",\"type\":\"next\"}"`)
		})
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(fake.Script(fake.Session(heartbeat.ActionCable())))
		c := dial(t, srv)
		c.send(frame.Text(`{"command":"subscribe","identifier":"room"}`))
		c.wants(`text "{\"type\":\"welcome\"}"`, `text "{\"identifier\":\"room\",\"type\":\"confirm_sub"…`)
	})
}

func TestSessionAnswersWhatTheProtocolFetches(t *testing.T) {
	srv := fake.Start(t, fake.Script(fake.Session(heartbeat.SignalR())))
	res, err := http.Post("http"+strings.TrimPrefix(srv.URL, "ws")+"/negotiate?negotiateVersion=1", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if !json.Valid(body) || res.StatusCode != 200 || !strings.Contains(string(body), "availableTransports") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	dial(t, srv) // the script was reached
}
