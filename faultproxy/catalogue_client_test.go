package faultproxy_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
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

// visit plays the client against a proxy and says what it reported. The connection is
// returned if it is still open. All that the client does is late by pause.
func visit(n *memnet.Network, p *faultproxy.Proxy, with scene, pause time.Duration) (report string, open *websocket.Conn) {
	var w watched
	d := websocket.Dialer{NetDialContext: n.DialContext, HandshakeTimeout: shakeWithin, EnableCompression: with == squeezed,
		TLSClientConfig: &tls.Config{RootCAs: p.CertPool()}}
	start := time.Now()
	c, resp, err := d.Dial(p.URL, nil)
	w.opened = time.Since(start).Round(time.Millisecond)
	if err != nil {
		return w.refused(resp, err), nil
	}
	w.squeezed = resp.Header.Get("Sec-Websocket-Extensions") != ""
	w.converse(c, with, pause)
	if w.end != "" {
		_ = c.Close()
		return w.report(with), nil
	}
	return w.report(with), c
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

func (w *watched) converse(c *websocket.Conn, with scene, pause time.Duration) {
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
			if with == texting && string(m) == "pong" {
				w.pongs++
				_ = c.SetReadDeadline(time.Now().Add(pongWait))
			} else {
				w.messages = append(w.messages, string(m))
			}
			if at, ok := sent[string(m)]; ok {
				w.slowest = max(w.slowest, time.Since(at).Round(time.Millisecond))
			}
			w.mu.Unlock()
		}
	}()
	wait := sec + pause
	for at := sec; at < watchedFor; at += sec {
		select {
		case <-over:
			return
		case <-time.After(wait):
		}
		wait = sec
		if n := int(at / sec); n <= 3 {
			m := []string{"one", "two", "three"}[n-1]
			w.mu.Lock()
			sent[m] = time.Now()
			w.mu.Unlock()
			_ = c.WriteMessage(websocket.TextMessage, []byte(m))
		}
		if at%pingEvery == 0 && with == texting {
			_ = c.WriteMessage(websocket.TextMessage, []byte("ping"))
		} else if at%pingEvery == 0 {
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
