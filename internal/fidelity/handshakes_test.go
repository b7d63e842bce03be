//go:build linux

package fidelity

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// The setups of the scenarios.
const (
	long      = "long"      // every timeout a minute or more
	short     = "2s"        // every timeout two seconds
	down      = "down"      // as long, and nobody listens upstream
	noUpgrade = "noupgrade" // as long, and nothing was configured for WebSockets
	secure    = "tls"       // TLS for the client, and an idle timer or a lifetime of two seconds
	floods    = "floods"    // two seconds for every timeout that a flood can meet
)

// handshakes are the scenarios that end with the answer to the upgrade.
var handshakes = []scenario{
	{name: "hs-ok-headers", setup: short, play: answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n" +
		"Sec-WebSocket-Protocol: chat\r\nX-Custom: 1\r\nSet-Cookie: a=b\r\n\r\n")},
	{name: "hs-upstream-101-bad-accept", setup: short, play: answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n")},
	{name: "hs-upstream-101-no-upgrade-header", setup: short, kind: patient, play: answered("HTTP/1.1 101 Switching Protocols\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")},
	{name: "hs-upstream-200", setup: short, play: answered("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nhi\n")},
	{name: "hs-upstream-401", setup: short, play: answered("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n" +
		"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nnope\n")},
	{name: "hs-upstream-503-retry-after", setup: short, play: answered("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")},
	{name: "hs-upstream-fin", setup: short, play: upgrade(func(*net.TCPConn, *http.Request) error { return io.EOF })},
	{name: "hs-upstream-rst", setup: short, play: upgrade(func(c *net.TCPConn, _ *http.Request) error { return errors.Join(io.EOF, c.SetLinger(0)) })},
	{name: "hs-upstream-garbage", setup: short, play: upgrade(func(c *net.TCPConn, _ *http.Request) error {
		_, err := io.WriteString(c, "\x00\x01\x02garbage\r\n\r\n")
		time.Sleep(100 * time.Millisecond)
		return errors.Join(io.EOF, err)
	})},
	{name: "hs-never-answered", setup: short, kind: patient, n: 8, slack: time.Second / 4, play: upgrade(says(""))},
	{name: "hs-upstream-down", setup: down, kind: patient, n: 3, play: upgrade(says(""))},
	{name: "hs-upstream-down-gorilla", setup: down, kind: patient, play: gorilla},
	{name: "hs-upgrade-not-configured", setup: noUpgrade, play: upgrade(asAsked)},
	{name: "hs-upgrade-not-configured-gorilla", setup: noUpgrade, play: gorilla},
}

// answered is an upgrade that the upstream answers with text. It serves the next
// request if that was no 101.
func answered(text string) func(scene) (seen, error) {
	if strings.HasPrefix(text, "HTTP/1.1 101 ") {
		return upgrade(says(text))
	}
	return upgrade(saysOnce(text))
}

// asAsked is a server that upgrades a request with an Upgrade header, and refuses
// one that has lost it on the way (RFC 6455, 4.2.1 and 4.4).
func asAsked(c *net.TCPConn, r *http.Request) error {
	if r.Header.Get("Upgrade") != "" {
		return says(fmt.Sprintf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-WebSocket-Key"))))(c, r)
	}
	return refusal(c, r)
}

// accept answers a key (RFC 6455, 4.2.2).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var refusal = saysOnce("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\n" +
	"Content-Length: 12\r\n\r\nBad Request\n")

// upgrade asks for an upgrade that answer answers, and notes what comes back.
func upgrade(answer answer) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		if s.i > 0 {
			time.Sleep(time.Duration(s.i) * time.Second / 8) // as idle scenarios do
		}
		path, conn := s.up.expect(answer)
		d, err := net.DialTimeout("tcp", s.addr, patience)
		if err != nil {
			return out, err
		}
		defer d.Close()
		defer func() {
			select {
			case c := <-conn:
				c.Close()
			default:
			}
		}()
		c := d.(*net.TCPConn)
		begun := time.Now()
		if _, err := fmt.Fprintf(c, upgradeRequest, path); err != nil {
			return out, err
		}
		head, headErr := readHead(c, patience)
		out.late("answer", time.Since(begun))
		if !strings.HasPrefix(head, "HTTP/1.1 ") {
			if headErr == nil {
				head += string((<-watch(c, promptly)).data)
			}
			out.is("answer", "no HTTP: %q, then %s", head, whole(c, <-watch(c, promptly), false))
			return out, nil
		}
		status, _, _ := strings.Cut(head, "\r\n")
		out.is("status line", "%s", status)
		headers(&out, head)
		if strings.HasPrefix(status, "HTTP/1.1 101 ") {
			return out, nil
		}
		text, err := body(c, head)
		if err != nil {
			return out, err
		}
		out.is("body", "%s", normal(text))
		end := <-watch(c, 400*time.Millisecond)
		out.is("behind it", "%s", whole(c, end, false))
		return out, nil
	}
}

// The cells about header fields. The last two are about the fields that both the
// real program and the preset send.
const (
	headerNames    = "header names"
	headerSpelling = "spelling of header names"
	headerValues   = "header values"
)

// headers notes the header fields of a head.
func headers(out *seen, head string) {
	var names, spelled, fields []string
	for _, line := range strings.Split(strings.TrimSpace(head), "\r\n")[1:] {
		field, value, _ := strings.Cut(line, ":")
		spelled = append(spelled, field)
		field = strings.ToLower(field)
		names = append(names, field)
		if field != "content-length" { // judged with the body
			fields = append(fields, field+": "+normal(strings.TrimSpace(value)))
		}
	}
	slices.Sort(names)
	slices.SortFunc(spelled, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	slices.Sort(fields)
	out.is(headerNames, "%s", strings.Join(names, "\n"))
	out.is(headerSpelling, "%s", strings.Join(spelled, "\n"))
	out.is(headerValues, "%s", strings.Join(fields, "\n"))
}

// inCommon leaves of two lists of header fields those that are in both.
func inCommon(a, b cell) (cell, cell) {
	if len(a.values) != 1 || len(b.values) != 1 {
		return a, b
	}
	name := func(line string) string {
		field, _, _ := strings.Cut(line, ":")
		return strings.ToLower(field)
	}
	left := func(of, other string) []string {
		lines := slices.DeleteFunc(strings.Split(of, "\n"), func(line string) bool {
			return !slices.ContainsFunc(strings.Split(other, "\n"), func(o string) bool { return name(o) == name(line) })
		})
		return []string{strings.Join(lines, "\n")}
	}
	return cell{a.name, left(a.values[0], b.values[0])}, cell{b.name, left(b.values[0], a.values[0])}
}

// body reads the body of an answer, as long as its head says.
func body(c *net.TCPConn, head string) (string, error) {
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(head[strings.Index(head, "\r\n")+2:]))).ReadMIMEHeader()
	if err != nil {
		return "", err
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	switch {
	case h.Get("Transfer-Encoding") != "":
		resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(head), c)), nil)
		if err != nil {
			return "", err
		}
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	case h.Get("Content-Length") == "":
		b, err := io.ReadAll(c)
		return string(b), err
	}
	n, err := strconv.Atoi(h.Get("Content-Length"))
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c, b)
	return string(b), err
}

// What differs from one release of a program to the next, or from day to day.
var differs = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\b(nginx|Apache|squid|lighttpd|h2o|Varnish)/[0-9][0-9.]*`), "$1/VERSION"},
	{regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "DATE"},
	{regexp.MustCompile(`127\.0\.0\.1(:|%3A)\d+`), "ADDRESS"},
	{regexp.MustCompile(`probe\.test:\d+`), "probe.test:PORT"},
	{regexp.MustCompile(`/talk-\d+`), "/PATH"},
	{regexp.MustCompile(`%2Ftalk-\d+`), "%2FPATH"},
}

func normal(s string) string {
	for _, d := range differs {
		s = d.what.ReplaceAllString(s, d.by)
	}
	return s
}

// gorilla is what a client of gorilla/websocket says.
func gorilla(s scene) (out seen, err error) {
	path, _ := s.up.expect(asAsked)
	d := websocket.Dialer{HandshakeTimeout: patience}
	ws, resp, err := d.Dial("ws://"+s.addr+path, nil)
	if err == nil {
		ws.Close()
	}
	out.is("gorilla's error", "%v", err)
	status := 0
	if resp != nil {
		status = resp.StatusCode
		var b bytes.Buffer
		_, _ = b.ReadFrom(resp.Body)
	}
	out.is("gorilla's status", "%d", status)
	return out, nil
}
