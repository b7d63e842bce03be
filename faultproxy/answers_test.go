package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestAnswersThatAreNo101PassAndEndTheConnection(t *testing.T) {
	for name, c := range map[string]struct {
		sent, want string
		ends       bool // the upstream has to end the connection for the answer to end
	}{
		"200": {
			sent: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nKeep-Alive: timeout=5\r\n\r\npageMORE",
			want: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage",
		},
		"401": {
			sent: "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"\r\nConnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
			want: "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\nConnection: close\r\n\r\n",
		},
		"503": {
			sent: "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 2\r\n\r\nno",
			want: "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
		},
		"chunked": {
			sent: "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n",
			want: "HTTP/1.1 404 Not Found\r\nX-A: 1\r\nConnection: close\r\n\r\nabcdefg",
		},
		"up to the end": {
			sent: "HTTP/1.0 403 Forbidden\r\nX-A: 1\r\n\r\nall of it", ends: true,
			want: "HTTP/1.0 403 Forbidden\r\nX-A: 1\r\nConnection: close\r\n\r\nall of it",
		},
		"without a body": {
			sent: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
			want: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
		},
		"behind interim answers": {
			sent: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			want: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		},
		"cut short": {
			sent: "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nnot all", ends: true,
			want: "HTTP/1.1 200 OK\r\nContent-Length: 40\r\nConnection: close\r\n\r\nnot all",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, w := range []pace{allAtOnce, bytewise(time.Millisecond)} {
				bubble(t, func(t *testing.T, n *memnet.Network) {
					p := faultproxy.InMemory(t, n, answering(t, n, func(upstream net.Conn, _ string, _ []byte) {
						if err := w.send(upstream, []byte(c.sent)); err != nil {
							t.Error(err)
						}
						if !c.ends {
							io.Copy(io.Discard, upstream)
						}
					}))
					if got := get(t, n, p, upgradeRequest+"\r\n"); got != c.want {
						t.Errorf("the client got\n%q, want\n%q", got, c.want)
					}
					mustEnd(t, p, 1)
					interim := strings.Repeat("response:passed ", strings.Count(c.sent, "HTTP/1.1 1"))
					mustTell(t, p, 1, "request:arrived dialed "+interim+"response:arrived response:left ended")
					if e := last(p, 1, timeline.KindResponse); !strings.Contains(c.want, " "+e.Field("status")+" ") {
						t.Errorf("the timeline shows the answer as %v", e)
					}
				})
			}
		})
	}
}

// The chunks are taken off, so the end of such an answer is the connection's: a
// FIN must not make a part look whole.
func TestAChunkedAnswerThatIsCutShortEndsInAReset(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal")
		}))
		c := rawConnect(t, n, p)
		io.WriteString(c, upgradeRequest+"\r\n")
		if got, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) || !strings.HasSuffix(string(got), "\r\n\r\nhal") {
			t.Errorf("the client got %q, %v; want a part and a reset", got, err)
		}
		mustEnd(t, p, 1)
		mustTell(t, p, 1, "request:arrived dialed response:arrived response:left rst:left ended")
	})
}

func TestALongAnswerEndsWhenTheClientLeavesOrTheProxyCloses(t *testing.T) {
	for _, clientLeaves := range []bool{true, false} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			gone := make(chan time.Time, 1)
			p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nthe beginning")
				io.Copy(io.Discard, c)
				gone <- time.Now()
			}))
			c := rawConnect(t, n, p)
			io.WriteString(c, upgradeRequest+"\r\n")
			if head, _, err := readHTTPHead(c); err != nil {
				t.Fatalf("%q, %v", head, err)
			}
			time.Sleep(time.Minute)
			at := time.Now()
			if clientLeaves {
				c.Close()
			} else if err := p.Close(); err != nil {
				t.Error(err)
			}
			if late := (<-gone).Sub(at); late > 10*time.Microsecond {
				t.Errorf("the upstream was left %v later", late)
			}
			if clientLeaves {
				mustEnd(t, p, 1)
				mustTell(t, p, 1, "request:arrived dialed response:arrived response:left fin:arrived ended")
			}
		})
	}
}

func TestUpstreamsThatDoNotAnswer(t *testing.T) {
	type network = *memnet.Network
	handing := func(answer string) func(*testing.T, network) string {
		return func(t *testing.T, n network) string {
			return answering(t, n, func(c net.Conn, _ string, _ []byte) { io.WriteString(c, answer) })
		}
	}
	for name, c := range map[string]struct {
		upstream   func(*testing.T, network) string
		status     int
		text, tell string
		after      time.Duration
	}{
		"down": {
			func(*testing.T, network) string { return "ws://nobody.test:1" }, 502,
			"cannot reach the upstream ws://nobody.test:1: dial tcp", "request:arrived dialed error response:left ended", 0},
		"not HTTP": {
			handing("SSH-2.0-OpenSSH_9.6\r\n"), 502,
			`the upstream's answer: not HTTP/1, it begins with "SSH-2.0-OpenSSH`, "request:arrived dialed error response:left ended", 0},
		"closes": {
			handing(""), 502,
			"the upstream closed the connection without an answer", "request:arrived dialed fin:arrived error response:left ended", 0},
		"closes within its answer": {
			handing("HTTP/1.1 101 Swi"), 502,
			"the upstream closed the connection within the head of its answer", "request:arrived dialed fin:arrived error response:left ended", 0},
		"resets": {
			func(t *testing.T, n network) string {
				return answering(t, n, func(c net.Conn, _ string, _ []byte) { reset(c) })
			}, 502,
			"the upstream reset the connection before it answered", "request:arrived dialed rst:arrived error response:left ended", 0},
		"nonsense": {
			handing("HTTP/1.1 what\r\n\r\n"), 502,
			"the upstream's answer makes no sense", "request:arrived dialed response:arrived error response:left ended", 0},
		"endless head": {
			handing("HTTP/1.1 101 Switching Protocols\r\nX: " + strings.Repeat("x", 65<<10)), 502,
			"the upstream's answer: the head is larger than 64 KiB", "request:arrived dialed error response:left ended", 0},
		"does not answer": {
			func(t *testing.T, n network) string {
				return answering(t, n, func(c net.Conn, _ string, _ []byte) { io.Copy(io.Discard, c) })
			}, 504,
			"the upstream did not answer within 30s", "request:arrived dialed error response:left ended", 30 * time.Second},
		"does not accept": {
			func(t *testing.T, n network) string {
				l, err := n.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { l.Close() })
				l.(*memnet.Listener).Hang()
				return "ws://" + l.Addr().String()
			}, 504,
			"did not accept a connection within 30s", "request:arrived dialed error response:left ended", 30 * time.Second},
	} {
		for _, paged := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T, n *memnet.Network) {
					p := faultproxy.InMemory(t, n, c.upstream(t, n))
					b := faultproxy.Behavior{HandshakeTimeout: 30 * time.Second}
					if paged {
						a := faultproxy.Answer{Page: faultproxy.Page{Header: http.Header{"Content-Type": {"text/html"}}, Body: "<h1>sorry</h1>"}}
						b.Unreachable, b.Unanswered, b.Incomplete = a, a, a
					}
					p.Behave(b)
					start := time.Now()
					got := get(t, n, p, upgradeRequest+"\r\n")
					if took := time.Since(start); took < c.after || took > c.after+20*time.Microsecond {
						t.Errorf("answered after %v, want %v", took, c.after)
					}
					body := "faultproxy: "
					if paged {
						body = "\r\n\r\n<h1>sorry</h1>"
					}
					if !strings.HasPrefix(got, "HTTP/1.1 "+strconv.Itoa(c.status)+" ") || !strings.Contains(got, "\r\nConnection: close\r\n") ||
						!strings.Contains(got, body) || !paged && !strings.Contains(got, c.text) || paged && strings.Count(got, "Content-Type") != 1 {
						t.Errorf("the client got\n%s\nwant %d and %q, page %t", got, c.status, c.text, paged)
					}
					mustEnd(t, p, 1)
					mustTell(t, p, 1, c.tell)
					if e := last(p, 1, timeline.KindError); !strings.Contains(e.Field("error"), c.text) {
						t.Errorf("the timeline says %q, want %q", e.Field("error"), c.text)
					}
				})
			})
		}
	}
}

func TestTheHandshakeTimeoutEndsWithTheHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Behave(faultproxy.Behavior{HandshakeTimeout: 30 * time.Second})
		c := gorillaDial(t, n, p)
		time.Sleep(time.Hour)
		c.WriteMessage(websocket.TextMessage, []byte("still there?"))
		if _, got, err := c.ReadMessage(); err != nil || string(got) != "still there?" {
			t.Errorf("an hour later: %q, %v", got, err)
		}
	})
}

func TestWithoutAHandshakeTimeoutTheClientDecides(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
			time.Sleep(24 * time.Hour)
			io.WriteString(c, switching+"\r\n")
		}))
		c, _ := rawDial(t, n, p, "")
		c.Close()
	})
}

func TestSecretsOfTheUpstreamStayOutOfAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, "ws://nobody.test:1/?token=verysecret")
		for _, request := range []string{upgradeRequest + "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"} {
			if got := get(t, n, p, request); strings.Contains(got, "verysecret") || !strings.Contains(got, " 502 ") {
				t.Errorf("the client got %q", got)
			}
		}
	})
}
