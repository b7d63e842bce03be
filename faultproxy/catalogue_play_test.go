package faultproxy_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A client that does what gorilla's examples advise: a handshake timeout of 10 s, a
// ping every 20 s, and a read deadline of 60 s that every pong renews. It sends three
// messages, which come back, and is watched for two minutes and a half.
type watched struct {
	mu             sync.Mutex
	opened         time.Duration
	messages       []string
	slowest        time.Duration // echo
	pongs, strange int           // pongs, and those that answer no ping
	pings          int
	squeezed       bool // an extension was negotiated
	end            string
	at             time.Duration // after opening
}

const (
	watchedFor  = 150 * sec
	pingEvery   = 20 * sec
	pongWait    = 60 * sec
	shakeWithin = 10 * sec
)

// visit plays the client against a proxy and says what it reported.
func visit(n *memnet.Network, p *faultproxy.Proxy, with scene) string {
	var w watched
	d := websocket.Dialer{NetDialContext: n.DialContext, HandshakeTimeout: shakeWithin, EnableCompression: with == squeezed,
		TLSClientConfig: &tls.Config{RootCAs: p.CertPool()}}
	start := time.Now()
	c, resp, err := d.Dial(p.URL, nil)
	w.opened = time.Since(start).Round(time.Millisecond)
	if err != nil {
		return w.refused(resp, err)
	}
	defer c.Close()
	w.squeezed = resp.Header.Get("Sec-Websocket-Extensions") != ""
	w.converse(c, with)
	return w.report(with)
}

func (w *watched) refused(resp *http.Response, err error) string {
	text := "dial: " + plainError(err)
	if resp != nil {
		text += fmt.Sprintf(" (%d", resp.StatusCode)
		for _, h := range []string{"Retry-After", "Location"} {
			if v := resp.Header.Get(h); v != "" {
				text += ", " + h + ": " + v
			}
		}
		text += ")"
	}
	if w.opened > 0 {
		text += fmt.Sprintf(", after %v", w.opened)
	}
	return text
}

func (w *watched) converse(c *websocket.Conn, with scene) {
	start := time.Now()
	sent := map[string]time.Time{}
	asked := map[string]bool{}
	_ = c.SetReadDeadline(start.Add(pongWait))
	c.SetPongHandler(func(payload string) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.pongs++
		if !asked[payload] {
			w.strange++
		}
		return c.SetReadDeadline(time.Now().Add(pongWait))
	})
	answer := c.PingHandler()
	c.SetPingHandler(func(payload string) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.pings++
		return answer(payload)
	})
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			_, m, err := c.ReadMessage()
			w.mu.Lock()
			if err != nil {
				defer w.mu.Unlock()
				w.end, w.at = plainError(err), time.Since(start).Round(time.Millisecond)
				return
			}
			w.messages = append(w.messages, string(m))
			if at, ok := sent[string(m)]; ok {
				w.slowest = max(w.slowest, time.Since(at).Round(time.Millisecond))
			}
			w.mu.Unlock()
		}
	}()
	for at := sec; at < watchedFor; at += sec {
		select {
		case <-over:
			return
		case <-time.After(sec):
		}
		if n := int(at / sec); n <= 3 {
			m := []string{"one", "two", "three"}[n-1]
			w.mu.Lock()
			sent[m] = time.Now()
			w.mu.Unlock()
			_ = c.WriteMessage(websocket.TextMessage, []byte(m))
		}
		if at%pingEvery == 0 {
			payload := fmt.Sprint("beat ", at)
			w.mu.Lock()
			asked[payload] = true
			w.mu.Unlock()
			_ = c.WriteControl(websocket.PingMessage, []byte(payload), time.Now().Add(sec))
		}
		if with == leaving && at == 10*sec {
			_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(sec))
		}
	}
}

// report says what is other than on a line without faults.
func (w *watched) report(with scene) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var parts []string
	note := func(when bool, format string, args ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	note(w.opened > 0, "opens after %v", w.opened)
	note(with == squeezed && !w.squeezed, "opens without compression")
	note(strings.Join(w.messages, " ") != "one two three" && w.reached(3*sec), "reads %q", w.messages)
	note(w.slowest > 0, "an echo takes %v", w.slowest)
	sent := int((watchedFor - 1) / pingEvery)
	if w.end != "" {
		sent = int((w.at - 1) / pingEvery)
	}
	note(w.pongs != sent, "%d pongs to %d pings", w.pongs, sent)
	note(w.strange > 0, "%d pongs that answer no ping", w.strange)
	note(with == pinging, "%d pings from the server", w.pings)
	note(w.end != "", "read: %s, after %v", w.end, w.at)
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

// reached reports whether the connection lasted so long.
func (w *watched) reached(d time.Duration) bool { return w.end == "" || w.at > d }

var addresses = regexp.MustCompile(`(read|write|dial) tcp [^ ]+?(->[^ ]+)?: `)

// plainError is an error without addresses.
func plainError(err error) string {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		return fmt.Sprintf("CloseError %d %q", ce.Code, ce.Text)
	}
	text := addresses.ReplaceAllString(err.Error(), "")
	for _, word := range []string{"read: ", "write: ", "connect: ", "dial: "} {
		text = strings.TrimPrefix(text, word)
	}
	if i := strings.Index(text, ": current time"); i >= 0 {
		text = text[:i]
	}
	return text
}

// play plays an entry with its rule read from the document, and returns what the client
// reported.
func (e entry) play(t *testing.T) (report string) {
	rule, err := faultproxy.ParseRule(fromYAML(t, e.document))
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, func(t *testing.T, n *memnet.Network) {
		n.Latency = 0
		p := &faultproxy.Proxy{Upstream: echoServer(t, n), TLS: e.with == secured, Seed: 1}
		if e.with == pinging {
			p.Upstream = pingServer(t, n)
		}
		p.On(t, n).StartIn(t)
		rule.Name, rule.Expect = "fault", faultproxy.Fired
		p.Add(rule)
		for range 2 {
			if e.with == third {
				gorillaDial(t, n, p)
			}
		}
		time.Sleep(time.Microsecond) // the port is down by now, if it goes down at once
		report = visit(n, p, e.with)
		if !firedOn(p, "fault") {
			t.Error("the timeline does not show that the rule fired")
		}
	})
	return report
}

// firedOn reports whether the timeline shows a rule's firing.
func firedOn(p *faultproxy.Proxy, rule string) bool {
	for _, e := range p.Timeline.Events() {
		if e.Kind == timeline.KindFault && e.Rule == rule {
			return true
		}
	}
	return false
}

// pingServer reads, and pings every 15 s.
func pingServer(t *testing.T, n *memnet.Network) string {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	return httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for {
				kind, m, err := c.ReadMessage()
				if err != nil {
					return
				}
				_ = c.WriteMessage(kind, m)
			}
		}()
		for {
			select {
			case <-gone:
				return
			case <-time.After(15 * sec):
				_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(sec))
			}
		}
	})
}

// Every entry has one meaning, in Go and as a document, and the rule that is written to
// a document again is the same.
func TestCatalogueIsTheSameInGoAndAsADocument(t *testing.T) {
	for _, e := range catalogue {
		got, err := faultproxy.ParseRule(fromYAML(t, e.document))
		if err != nil {
			t.Errorf("%s: %v", e.document, err)
			continue
		}
		e.rule.Name = "" // sugar names its rules
		a, errA := got.Tree()
		b, errB := e.rule.Tree()
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n got %v, %v\nwant %v, %v", e.document, a, errA, b, errB)
		}
	}
}

// A catalogue without one of the faults is none.
func TestCatalogueHasEveryFault(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range catalogue {
		tree, err := e.rule.Tree()
		if err != nil {
			t.Fatal(err)
		}
		for name := range tree.(map[string]any)["do"].(map[string]any) {
			seen[name] = true
		}
	}
	for name := range drawn {
		if !seen[name] {
			t.Errorf("no entry for %s", name)
		}
	}
}
