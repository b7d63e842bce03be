package faultproxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestHeadsComeOutAsTheyWentIn(t *testing.T) {
	for _, raw := range []string{
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nhOSt:  a\t \r\nX-Empty:\r\nno colon\r\n folded: on\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n",
		"HTTP/1.1 200 OK\r\nMixed: ends\n\r\n",
		"HTTP/1.1 200\r\nA: b\r\n\n",
	} {
		if n := headEnd([]byte(raw)); n != len(raw) {
			t.Errorf("%q: the head ends at %d, want %d", raw, n, len(raw))
		}
		if got := string(parseHead([]byte(raw)).bytes()); got != raw {
			t.Errorf("%q came out as %q", raw, got)
		}
	}
}

func TestHeadIsChangedInPlace(t *testing.T) {
	h := parseHead([]byte("GET / HTTP/1.1\r\nB: 1\r\nhost:old\r\nA: 2\r\nHOST: second\r\n\r\n"))
	h.set("Host", func(string) string { return "new" })
	h.set("A", func(old string) string { return old })
	want := "GET / HTTP/1.1\r\nB: 1\r\nhost: new\r\nA: 2\r\nHOST: new\r\n\r\n"
	if got := string(h.bytes()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h.without("host", "b")
	h.add("Connection", "close")
	if got := string(h.bytes()); got != "GET / HTTP/1.1\r\nA: 2\r\nConnection: close\r\n\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestUpgradesAreTold(t *testing.T) {
	for head, want := range map[string]bool{
		"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n":                                  true,
		"GET / HTTP/1.1\r\nupgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n\r\n":                      true,
		"GET / HTTP/1.1\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nConnection: x\r\nConnection: Upgrade\r\n\r\n": true,
		"POST / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n":                                 false,
		"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n\r\n":                               false,
		"GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n":                                        false,
		"GET / HTTP/1.1\r\nX-Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n":                                false,
	} {
		if got := parseHead([]byte(head)).isUpgrade(); got != want {
			t.Errorf("%q: upgrade %t, want %t", head, got, want)
		}
	}
}

func TestWhatIsNoRequestIsToldEarly(t *testing.T) {
	for _, c := range []struct {
		sent   string
		status int // 200: nothing wrong so far
		text   string
	}{
		{"", 200, ""},
		{"GE", 200, ""},
		{"M-SEARCH * HTTP/1.1\r\n", 200, ""},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", http.StatusHTTPVersionNotSupported, "HTTP/2"},
		{"\x16\x03\x01\x02", 0, "TLS"},
		{"\x16\x07", http.StatusBadRequest, `"\x16\a"`},
		{" GET", http.StatusBadRequest, "not an HTTP request"},
		{"\x00\x01", http.StatusBadRequest, "not an HTTP request"},
		{strings.Repeat("a", 30), http.StatusBadRequest, "not an HTTP request"},
		{"\r\nGET", http.StatusBadRequest, "not an HTTP request"},
	} {
		err := checkRequest([]byte(c.sent))
		bad, _ := err.(*badHead)
		if c.status == 200 {
			if err != nil {
				t.Errorf("%q: %v", c.sent, err)
			}
		} else if bad == nil || bad.status != c.status || !strings.Contains(bad.text, c.text) {
			t.Errorf("%q: %+v, want status %d and %q", c.sent, err, c.status, c.text)
		}
	}
	for line, status := range map[string]int{
		"GET /":                  http.StatusBadRequest,
		"hello there, my friend": http.StatusBadRequest,
		"GET HTTP/1.1":           http.StatusBadRequest,
		"GET / HTTP/2.0":         http.StatusHTTPVersionNotSupported,
		"GET / HTTP/1.1":         200,
		"GET / HTTP/1.0":         200,
	} {
		err := parseHead([]byte(line + "\r\n\r\n")).checkRequestLine()
		if bad, _ := err.(*badHead); status != 200 && (bad == nil || bad.status != status) || status == 200 && err != nil {
			t.Errorf("%q: %v, want status %d", line, err, status)
		}
	}
}

func TestHeadsAreReadInPiecesUpTo64KiB(t *testing.T) {
	small := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	full := "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead-len("GET / HTTP/1.1\r\nX: \r\n\r\n")) + "\r\n\r\n"
	for _, c := range []struct{ name, head, rest string }{
		{"small", small, "rest"}, {"full", full, ""},
	} {
		for _, size := range []int{1, 7, 4096, 1 << 20} {
			raw, rest, err := readHead(&pieces{data: []byte(c.head + c.rest), size: size}, nil, checkRequest)
			if err != nil || string(raw) != c.head {
				t.Fatalf("%s in pieces of %d: %d bytes, %v", c.name, size, len(raw), err)
			}
			if !strings.HasPrefix(c.rest, string(rest)) || size > 1<<10 && string(rest) != c.rest {
				t.Errorf("%s in pieces of %d: the rest is %q, want %q", c.name, size, rest, c.rest)
			}
		}
	}
	for _, size := range []int{1000, 1 << 20} {
		_, _, err := readHead(&pieces{data: []byte("GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead)), size: size}, nil, checkRequest)
		if bad, _ := err.(*badHead); bad == nil || bad.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a head that is too long gives %v", err)
		}
	}
	if raw, _, err := readHead(&pieces{data: []byte("GET / HT"), size: 3}, nil, checkRequest); err != io.EOF || string(raw) != "GET / HT" {
		t.Errorf("a part of a head gives %q, %v", raw, err)
	}
}

// pieces is a connection that brings data a few bytes at a time.
type pieces struct {
	net.Conn
	data []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.data[:min(len(p.data), p.size)])
	p.data = p.data[n:]
	return n, nil
}

func FuzzHead(f *testing.F) {
	f.Add([]byte("GET /ws?a=b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 101\n\n"))
	f.Add([]byte("x\r\r\n: \r\n\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := parseHead(raw) // of anything
		h.header()
		h.isUpgrade()
		h.status()
		_ = h.checkRequestLine()
		_ = checkRequest(raw)
		_ = checkResponse(raw)
		_ = negotiated(h.joined("Sec-WebSocket-Extensions"))
		n := headEnd(raw)
		if n == 0 {
			return
		}
		if got := parseHead(raw[:n]).bytes(); !bytes.Equal(got, raw[:n]) {
			t.Errorf("%q came out as %q", raw[:n], got)
		}
	})
}
