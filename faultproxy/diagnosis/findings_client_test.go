package diagnosis_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// goodClient is a client that keeps every rule: the one that must never be blamed,
// unless it has a flaw.
type goodClient struct {
	url    string
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	policy diagnosis.Policy
	rng    *rand.Rand
	seq    int // the number of its last message
	flaw   diagnosis.RuleID
	conns  int
	last   bool // the last attempt brought a connection
}

// run connects until it gives up or the context ends.
func (g *goodClient) run(ctx context.Context) {
	n, previous := 0, time.Duration(0)
	for ctx.Err() == nil {
		wait, stop, stable := g.once(ctx)
		if stop {
			return
		}
		if stable || g.flaw == diagnosis.RuleReset && g.opened() {
			n = 0
		}
		n++
		if max := g.policy.Backoff.Attempts; max > 0 && n > max {
			return
		}
		previous = g.policy.Backoff.Delay(n, previous, g.rng)
		switch g.flaw {
		case diagnosis.RuleRetryAfter:
			wait = 0
		case diagnosis.RuleDelay:
			previous = 0
		case diagnosis.RuleGrowth:
			previous = g.policy.Backoff.First
		case diagnosis.RuleRetry:
			if !stable {
				return
			}
		}
		if !pause(ctx, max(previous, wait)) {
			return
		}
	}
}

// opened reports whether the last attempt brought a connection.
func (g *goodClient) opened() bool { return g.conns > 0 && g.last }

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once makes one connection and lives it. It returns how long to wait at least before
// the next, whether there is to be none, and whether this one was stable.
func (g *goodClient) once(ctx context.Context) (wait time.Duration, stop, stable bool) {
	timeout := g.policy.ConnectTimeout
	if g.flaw == diagnosis.RuleHandshakeTimeout {
		timeout *= 4
	}
	dialer := websocket.Dialer{NetDialContext: g.dial, HandshakeTimeout: timeout}
	ws, resp, err := dialer.DialContext(ctx, g.url, nil)
	if g.last = err == nil; err != nil {
		if resp == nil {
			return 0, false, false
		}
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return time.Duration(seconds) * time.Second, g.policy.GivesUpOnStatus(resp.StatusCode), false
	}
	g.conns++
	opened := time.Now()
	code := (&goodConn{client: g, ws: ws, dead: make(chan struct{}), heard: make(chan bool, 64)}).live(ctx)
	if code == websocket.CloseTryAgainLater {
		wait = g.policy.TryAgainAfter
	}
	return wait, g.policy.GivesUpOnCode(code) && g.flaw != diagnosis.RuleFinalCode, time.Since(opened) >= g.policy.Backoff.ResetAfter
}

// goodConn is one connection of a goodClient.
type goodConn struct {
	client *goodClient
	ws     *websocket.Conn
	write  sync.Mutex
	dead   chan struct{} // closed when nothing more can be read
	heard  chan bool     // something came: whether it was an answer to a beat
	code   int
}

// live returns the code with which the connection ended.
func (c *goodConn) live(ctx context.Context) int {
	defer c.ws.Close()
	done := make(chan struct{})
	go func() { defer close(done); c.read() }()
	defer func() { c.ws.Close(); <-done }()
	p := c.client.policy
	flaw := c.client.flaw
	subscribes := flaw != diagnosis.RuleResubscribed || c.client.conns == 1
	if subscribes && c.send(`{"op":"subscribe"}`) != nil {
		<-c.dead
		return c.code
	}
	beat, talk := time.NewTimer(p.Interval), time.NewTimer(c.client.chatter())
	defer beat.Stop()
	defer talk.Stop()
	var deadline <-chan time.Time
	missed := 0 // beats since the one that is unanswered
	received := p.Rearm == diagnosis.RearmReceived
	for {
		select {
		case <-c.dead:
			return c.code
		case <-ctx.Done():
			c.close(websocket.CloseNormalClosure)
			return 0
		case answer := <-c.heard:
			if answer || received {
				deadline, missed = nil, 0
			}
			if received {
				beat.Reset(p.Interval)
			}
		case <-deadline:
			c.close(4000)
			return 0
		case <-beat.C:
			tired := flaw == diagnosis.RuleRearmed && deadline != nil && missed >= 2 // it waits for what its last beat may bring
			if tired {
				continue
			}
			if deadline != nil {
				missed++
			}
			if flaw != diagnosis.RuleBeatsSent && c.beat() != nil {
				<-c.dead
				return c.code
			}
			if flaw == diagnosis.RuleOneHeartbeat {
				_ = c.beat()
			}
			if deadline == nil && flaw != diagnosis.RuleDeadPeer || flaw == diagnosis.RuleRearmed {
				deadline = time.After(p.AnswerTimeout)
			}
			beat.Reset(p.Interval)
			if flaw == diagnosis.RuleInterval {
				beat.Reset(p.Interval * 3 / 2)
			}
		case <-talk.C:
			if flaw == diagnosis.RuleUnderLoad {
				beat.Reset(p.Interval)
			}
			c.client.seq++
			text, _ := json.Marshal(map[string]any{"op": "say", "seq": c.client.seq})
			if c.send(string(text)) != nil {
				<-c.dead
				return c.code
			}
			talk.Reset(c.client.chatter())
		}
	}
}

// chatter is how long the client is silent: for seconds, mostly.
func (g *goodClient) chatter() time.Duration {
	return time.Duration(g.rng.ExpFloat64() * float64(4*time.Second))
}

func (c *goodConn) read() {
	defer close(c.dead)
	tell := func(answer bool) {
		select {
		case c.heard <- answer:
		case <-time.After(time.Minute): // nobody listens any more
		}
	}
	c.ws.SetPongHandler(func(string) error { tell(true); return nil })
	answer := c.ws.PingHandler()
	switch c.client.flaw {
	case diagnosis.RulePong:
		answer = func(string) error { return nil }
	case diagnosis.RulePongLatency:
		answer = func(payload string) error {
			time.AfterFunc(3*time.Second, func() { _ = c.ws.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(time.Second)) })
			return nil
		}
	case diagnosis.RuleCloseAnswered:
		c.ws.SetCloseHandler(func(int, string) error { time.Sleep(time.Second); return nil })
	}
	c.ws.SetPingHandler(func(payload string) error { err := answer(payload); tell(false); return err })
	for {
		_, message, err := c.ws.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			c.code = closed.Code
		}
		if err != nil {
			return
		}
		tell(string(message) == "pong")
	}
}

func (c *goodConn) send(text string) error {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(time.Second))
	err := c.ws.WriteMessage(websocket.TextMessage, []byte(text))
	if err != nil {
		c.ws.Close()
	}
	return err
}

func (c *goodConn) beat() error {
	if c.client.policy.Dialect.Name == "text" {
		return c.send("ping")
	}
	err := c.ws.WriteControl(websocket.PingMessage, []byte(strconv.Itoa(c.client.rng.IntN(1000))), time.Now().Add(time.Second))
	if err != nil {
		c.ws.Close()
	}
	return err
}

// close makes a closing handshake and waits for its end, for as long as promised.
func (c *goodConn) close(code int) {
	wait := c.client.policy.CloseTimeout
	payload := websocket.FormatCloseMessage(code, "")
	switch c.client.flaw {
	case diagnosis.RuleCloseCodes:
		payload = []byte{1006 >> 8, 1006 & 0xff}
	case diagnosis.RuleCloseTimeout:
		wait *= 10
	}
	_ = c.ws.WriteControl(websocket.CloseMessage, payload, time.Now().Add(time.Second))
	if c.client.flaw == diagnosis.RuleAfterClose {
		_, _ = c.ws.NetConn().Write(frame.Text("late").WithMask([4]byte{1, 2, 3, 4}).Append(nil))
	}
	select {
	case <-c.dead:
	case <-time.After(wait):
	}
}
