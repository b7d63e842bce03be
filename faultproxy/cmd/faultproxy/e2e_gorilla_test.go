package main_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// gorilla: the client most Go programs use.
func gorilla(t *testing.T, bin string) {
	againstBinary(t, bin, false, func(_ testing.TB, scenarios []realparts.Scenario) []realparts.Log {
		logs := make([]realparts.Log, len(scenarios))
		begun := time.Now()
		var all sync.WaitGroup
		for i, s := range scenarios {
			all.Go(func() { logs[i] = (&gorillaClient{scenario: s, begun: begun}).play() })
		}
		all.Wait()
		return logs
	})
	t.Run("Go's HTTP transport, which reuses connections", func(t *testing.T) { reusedByTransport(t, bin) })
}

// gorillaClient plays one scenario, KeepAlive excepted: gorilla dials for every
// attempt.
type gorillaClient struct {
	scenario realparts.Scenario
	begun    time.Time
	attempt  int

	mu  sync.Mutex // guards log, and the writes to the connection
	log realparts.Log
}

func (c *gorillaClient) add(e realparts.Event) {
	e.At, e.Attempt = time.Since(c.begun), c.attempt
	c.log = append(c.log, e)
}

func (c *gorillaClient) play() realparts.Log {
	for c.attempt = 1; c.attempt <= max(c.scenario.Attempts, 1); c.attempt++ {
		if c.open() {
			break
		}
	}
	return c.log
}

// open makes one attempt and says whether it opened, once it has closed.
func (c *gorillaClient) open() bool {
	c.add(realparts.Event{Type: realparts.Connecting})
	dialer := websocket.Dialer{EnableCompression: true, HandshakeTimeout: 10 * time.Second}
	ws, resp, err := dialer.Dial(c.scenario.URL, nil)
	if err != nil {
		if resp != nil {
			c.add(realparts.Event{Type: realparts.Refused, Status: resp.StatusCode})
		}
		c.add(realparts.Event{Type: realparts.Failed, Data: err.Error()})
		c.add(realparts.Event{Type: realparts.Close, Code: websocket.CloseAbnormalClosure})
		return false
	}
	defer ws.Close()
	c.add(realparts.Event{
		Type: realparts.Open, Extensions: resp.Header.Get("Sec-WebSocket-Extensions"),
		LocalPort: ws.LocalAddr().(*net.TCPAddr).Port,
	})
	ws.SetPongHandler(func(data string) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.add(realparts.Event{Type: realparts.Pong, Data: data})
		return nil
	})
	closed := make(chan struct{})
	var writers sync.WaitGroup
	c.speak(ws, &writers, closed)
	err = c.listen(ws)
	close(closed)
	writers.Wait()
	c.add(closeEvent(err))
	return true
}

// speak begins everything the scenario sends.
func (c *gorillaClient) speak(ws *websocket.Conn, writers *sync.WaitGroup, closed <-chan struct{}) {
	for _, text := range c.scenario.Send {
		c.send(ws, text)
	}
	repeat := func(d time.Duration, do func()) {
		writers.Go(func() {
			tick := time.NewTicker(d)
			defer tick.Stop()
			for {
				select {
				case <-closed:
					return
				case <-tick.C:
					do()
				}
			}
		})
	}
	for _, r := range c.scenario.Repeat {
		repeat(r.Every, func() { c.send(ws, r.Text) })
	}
	if c.scenario.PingEvery > 0 {
		repeat(c.scenario.PingEvery, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.add(realparts.Event{Type: realparts.Ping})
			_ = ws.WriteControl(websocket.PingMessage, []byte("beat"), time.Now().Add(time.Second))
		})
	}
	if c.scenario.CloseAfter > 0 {
		writers.Go(func() {
			select {
			case <-closed:
			case <-time.After(c.scenario.CloseAfter):
				message := websocket.FormatCloseMessage(c.scenario.CloseCode, c.scenario.CloseReason)
				_ = ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
			}
		})
	}
}

func (c *gorillaClient) send(ws *websocket.Conn, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ws.WriteMessage(websocket.TextMessage, []byte(text)) == nil { // fails once a Close was sent
		c.add(realparts.Event{Type: realparts.Sent, Data: text})
	}
}

// listen reads until the connection ends and returns why.
func (c *gorillaClient) listen(ws *websocket.Conn) error {
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.add(realparts.Event{Type: realparts.Message, Data: string(data)})
		c.mu.Unlock()
	}
}

// closeEvent says in the words of a browser what gorilla's error says: only a
// Close frame makes a clean close.
func closeEvent(err error) realparts.Event {
	e := realparts.Event{Type: realparts.Close, Code: websocket.CloseAbnormalClosure, Data: err.Error()}
	var frame *websocket.CloseError
	if errors.As(err, &frame) && frame.Code != websocket.CloseAbnormalClosure {
		e.Code, e.Reason, e.WasClean = frame.Code, frame.Text, true
	}
	return e
}

// reusedByTransport sends three upgrades through one http.Transport, which keeps
// a connection after a refusal if the server lets it. Whether kept or not, each
// attempt must count once.
func reusedByTransport(t *testing.T, bin string) {
	p := start(t, bin, "--reject", "503x2")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: eventLimit}
	for attempt, want := range []int{503, 503, 101} {
		req, err := http.NewRequest(http.MethodGet, "http://"+p.addr(t)+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			req.Header.Set(name, value)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("attempt %d: %v", attempt+1, err)
		}
		if resp.StatusCode != want {
			t.Errorf("attempt %d: %s, want %d", attempt+1, resp.Status, want)
		}
		if want != http.StatusSwitchingProtocols {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
	}
}
