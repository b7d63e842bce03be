package faultproxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// Behind a refusal of the upstream's that keeps the connection open the client's next
// attempt comes on it; one whose length nothing but its end tells cannot keep it.
func TestARefusalThatKeepsTheConnectionOpen(t *testing.T) {
	const (
		short   = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
		chunked = "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
	)
	keepAlive := faultproxy.Heading{Set: http.Header{"Connection": {"keep-alive"}}}
	for name, c := range map[string]struct {
		behavior   faultproxy.Behavior
		answer     string
		connection string
		attempts   int
	}{
		"usual":               {faultproxy.Behavior{}, short, "close", 1},
		"kept":                {faultproxy.Behavior{KeepRefused: true}, short, "", 2},
		"kept and said":       {faultproxy.Behavior{KeepRefused: true, Refused: keepAlive}, short, "keep-alive", 2},
		"of unknown length":   {faultproxy.Behavior{KeepRefused: true, Refused: keepAlive}, chunked, "close", 1},
		"said, and not so":    {faultproxy.Behavior{Refused: keepAlive}, short, "close", 1},
		"without a body":      {faultproxy.Behavior{KeepRefused: true}, "HTTP/1.1 304 Not Modified\r\n\r\n", "", 2},
		"in lower case, kept": {faultproxy.Behavior{KeepRefused: true, Refused: faultproxy.Heading{Names: faultproxy.LowerCase}}, short, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				url := answering(t, n, func(conn net.Conn, _ string, _ []byte) {
					io.WriteString(conn, c.answer)
					io.Copy(io.Discard, conn)
				})
				p := faultproxy.InMemory(t, n, url)
				p.Behave(c.behavior)
				client := rawConnect(t, n, p)
				br := bufio.NewReader(client)
				for attempt := range c.attempts {
					io.WriteString(client, upgradeRequest+"\r\n")
					resp, err := http.ReadResponse(br, nil)
					if err != nil {
						t.Fatalf("attempt %d: %v", attempt+1, err)
					}
					io.Copy(io.Discard, resp.Body)
					got := resp.Header.Get("Connection")
					if resp.Close && got == "" {
						got = "close"
					}
					if got != c.connection {
						t.Errorf("attempt %d: Connection: %q, want %q", attempt+1, got, c.connection)
					}
				}
				if c.attempts > 1 {
					_ = client.Close()
				} else if _, err := br.ReadByte(); err != io.EOF {
					t.Errorf("behind the answer: %v, want the end", err)
				}
				mustEnd(t, p, c.attempts)
			})
		})
	}
}
