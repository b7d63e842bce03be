package middlebox_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// The answers for an upstream in trouble, with the lengths of their bodies as measured
// (Squid's are shortened), and their headers besides Date and Content-Length. Names are
// as they stand on the wire.
func TestPages(t *testing.T) {
	const (
		refused, unanswered, ends, plain = "unreachable", "unanswered", "incomplete", "not upgraded"
		html                             = "Content-Type: text/html"
	)
	apache := []string{"Server: Apache/2.4.71 (Debian)", "Content-Type: text/html; charset=iso-8859-1"}
	haproxy := []string{"cache-control: no-cache", "content-type: text/html"}
	lighttpd := []string{"Server: lighttpd/1.4.69", html}
	h2o := []string{"Server: h2o/2.2.5", "Content-Type: text/plain; charset=utf-8", "Connection: close"}
	squid := func(code string) []string {
		return []string{"Server: squid/5.7", "Mime-Version: 1.0", "Content-Type: text/html;charset=utf-8", "X-Squid-Error: " + code,
			"Vary: Accept-Language", "Content-Language: en", "Connection: keep-alive"}
	}
	for _, c := range []struct {
		box, event string
		length     int // -1: any
		dated      bool
		has        string // in the body
		headers    []string
	}{
		{"haproxy", refused, 107, false, "<h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n", haproxy},
		{"haproxy,server=2s", unanswered, 92, false, "<h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n", haproxy},
		{"haproxy", ends, 107, false, "<h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n", haproxy},
		{"haproxy", plain, 107, false, "<h1>502 Bad Gateway</h1>\n", haproxy},
		{"apache", refused, 339, true, "<title>503 Service Unavailable</title>", append(apache, "Connection: close")},
		{"apache", unanswered, 381, true, "<strong>Error reading from remote server</strong>", apache},
		{"apache", ends, 381, true, "<title>502 Proxy Error</title>", apache},
		{"apache", plain, 394, true, "<strong>Unexpected Upgrade: n/a (expecting websocket)</strong>", apache},
		{"caddy", refused, 0, true, "", []string{"Server: Caddy"}},
		{"caddy,handshake=2s", unanswered, 0, true, "", []string{"Server: Caddy"}},
		{"caddy", plain, 0, true, "", []string{"Server: Caddy"}},
		{"caddy-2.6", ends, 0, true, "", []string{"Server: Caddy"}},
		{"lighttpd", refused, 361, true, "<title>503 Service Unavailable</title>", lighttpd},
		{"lighttpd", unanswered, 353, true, "<title>504 Gateway Timeout</title>", lighttpd},
		{"lighttpd", ends, 365, true, "<title>500 Internal Server Error</title>", lighttpd},
		{"squid", refused, -1, true, "<title>ERROR: The requested URL could not be retrieved</title>", squid("ERR_CONNECT_FAIL 111")},
		{"squid", unanswered, -1, true, "", squid("ERR_READ_TIMEOUT 0")},
		{"squid", ends, -1, true, "", squid("ERR_ZERO_SIZE_OBJECT 0")},
		{"squid", plain, -1, true, "", squid("ERR_INVALID_RESP 0")},
		{"h2o", refused, 18, true, "connection failure", h2o},
		{"h2o", unanswered, 11, true, "I/O timeout", h2o},
		{"h2o", ends, 16, true, "I/O error (head)", h2o},
		{"go-reverseproxy", refused, 0, true, "", nil},
		{"go-reverseproxy", plain, 0, true, "", nil},
		{"ingress-nginx", refused, 150, true, "<hr><center>nginx</center>", []string{"Server: nginx", html, "Connection: keep-alive"}},
	} {
		t.Run(c.box+" "+c.event, func(t *testing.T) {
			head, body := page(t, parse(t, c.box), c.event)
			if c.length >= 0 && len(body) != c.length || !strings.Contains(body, c.has) {
				t.Errorf("%d bytes %q, want %d with %q", len(body), body, c.length, c.has)
			}
			left := map[string]bool{}
			for _, line := range c.headers {
				left[line] = true
			}
			dated := false
			for _, line := range strings.Split(strings.TrimSpace(head), "\r\n")[1:] {
				name, _, _ := strings.Cut(line, ":")
				switch {
				case left[line]:
					delete(left, line)
				case name == "Date":
					dated = true
				case name != "Content-Length" && name != "content-length":
					t.Errorf("a header %q", line)
				}
			}
			if len(left) > 0 || dated != c.dated {
				t.Errorf("without %v, dated %v: %q", left, dated, head)
			}
		})
	}
}

// page plays a handshake that fails and returns the answer.
func page(t *testing.T, box middlebox.Preset, event string) (head, body string) {
	t.Helper()
	play(t, box, func(s *scene) {
		if event == "unreachable" {
			_ = s.listener.Close()
		}
		c := s.dial()
		var server net.Conn
		if event != "unreachable" {
			server = s.accept()
		}
		switch event {
		case "incomplete":
			_ = server.Close()
		case "not upgraded":
			s.send(server, strings.Replace(answer, "Upgrade: websocket\r\n", "", 1))
		}
		head = s.head(c)
		resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(head), c)), nil)
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(all)
	})
	return head, body
}
