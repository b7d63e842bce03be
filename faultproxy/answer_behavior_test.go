package faultproxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// unserved are the four reasons for which a behavior answers for the upstream.
var unserved = []struct {
	name   string
	status int           // that is usual
	after  time.Duration // its cause comes, with a handshake timeout of 30 s
	serve  func(t *testing.T, n network) string
	put    func(b *faultproxy.Behavior, a faultproxy.Answer)
}{
	{"unreachable", 502, 0, func(*testing.T, network) string { return "ws://nobody.test:1" },
		func(b *faultproxy.Behavior, a faultproxy.Answer) { b.Unreachable = a }},
	{"unanswered", 504, 30 * time.Second, func(t *testing.T, n network) string {
		return answering(t, n, func(c net.Conn, _ string, _ []byte) { io.Copy(io.Discard, c) })
	}, func(b *faultproxy.Behavior, a faultproxy.Answer) { b.Unanswered = a }},
	{"incomplete", 502, 0, func(t *testing.T, n network) string {
		return answering(t, n, func(net.Conn, string, []byte) {})
	}, func(b *faultproxy.Behavior, a faultproxy.Answer) { b.Incomplete = a }},
	{"not upgraded", 502, 0, func(t *testing.T, n network) string {
		return answering(t, n, func(c net.Conn, _ string, _ []byte) {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n")
			io.Copy(io.Discard, c)
		})
	}, func(b *faultproxy.Behavior, a faultproxy.Answer) { b.NotUpgraded = a }},
}

// unanswered plays an upgrade that fails for each of the reasons; f has the client's
// connection, the request sent, and when the answer's cause comes.
func unanswered(t *testing.T, a faultproxy.Answer, f func(t *testing.T, p *faultproxy.Proxy, c net.Conn, cause time.Time, usual int)) {
	t.Helper()
	for _, why := range unserved {
		t.Run(why.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				n.Latency = 0
				p := faultproxy.InMemory(t, n, why.serve(t, n))
				b := faultproxy.Behavior{HandshakeTimeout: 30 * time.Second}
				why.put(&b, a)
				p.Behave(b)
				c := rawConnect(t, n, p)
				io.WriteString(c, upgradeRequest+"\r\n")
				f(t, p, c, time.Now().Add(why.after), why.status)
			})
		})
	}
}

func TestAnswersHaveTheirStatusAndComeLate(t *testing.T) {
	for _, status := range []int{0, 503} {
		page := faultproxy.Page{Reason: "Sorry", Header: http.Header{"content-type": {"text/html"}}, Lower: true, Body: "<p>no"}
		unanswered(t, faultproxy.Answer{Status: status, After: 3 * time.Second, Page: page}, func(t *testing.T, p *faultproxy.Proxy, c net.Conn, cause time.Time, usual int) {
			got, err := io.ReadAll(c)
			if status != 0 {
				usual = status
			}
			if want := "HTTP/1.1 " + itoa(usual) + " Sorry\r\ncontent-type: text/html\r\ncontent-length: 5\r\nconnection: close\r\n\r\n<p>no"; string(got) != want || err != nil {
				t.Errorf("the client got %q, %v; want %q", got, err, want)
			}
			if late := time.Since(cause); late != 3*time.Second {
				t.Errorf("the answer came %v after its cause, want 3s", late)
			}
			mustEnd(t, p, 1)
		})
	}
}

// A page that says anything of itself has no more body than it says.
func TestAnswersMayBeEmpty(t *testing.T) {
	unanswered(t, faultproxy.Answer{Page: faultproxy.Page{Header: http.Header{"Server": {"Caddy"}}}}, func(t *testing.T, _ *faultproxy.Proxy, c net.Conn, _ time.Time, usual int) {
		got, _ := io.ReadAll(c)
		if want := "HTTP/1.1 " + itoa(usual) + " " + http.StatusText(usual) + "\r\nServer: Caddy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; string(got) != want {
			t.Errorf("the client got %q, want %q", got, want)
		}
	})
}

func TestBareAnswersAreAFIN(t *testing.T) {
	unanswered(t, faultproxy.Answer{Bare: true, KeepOpen: true, After: time.Second}, func(t *testing.T, p *faultproxy.Proxy, c net.Conn, cause time.Time, _ int) {
		if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
			t.Errorf("the client got %q, %v; want a FIN", got, err)
		}
		if late := time.Since(cause); late != time.Second {
			t.Errorf("the FIN came %v after its cause, want 1s", late)
		}
		_, _ = c.Write([]byte("into a closed connection"))
		if _, err := c.Write([]byte("more")); err == nil {
			t.Error("the client can still write behind the FIN, want a reset")
		}
		_ = c.Close()
		mustEnd(t, p, 1)
		if tale := chapters(p, 1); !strings.HasSuffix(tale, "error closed ended") {
			t.Errorf("the timeline tells %s", tale)
		}
	})
}

func TestAnswersKeepTheConnectionOpen(t *testing.T) {
	leave := map[string]func(*faultproxy.Proxy, net.Conn){
		"fin:arrived ended": func(_ *faultproxy.Proxy, c net.Conn) { _ = c.Close() },
		"rst:arrived ended": func(_ *faultproxy.Proxy, c net.Conn) { reset(c) },
		"left ended":        func(p *faultproxy.Proxy, _ net.Conn) { _ = p.Close() },
	}
	for tale, how := range leave {
		page := faultproxy.Page{Header: http.Header{"Connection": {"keep-alive"}}, Body: "no\n"}
		unanswered(t, faultproxy.Answer{KeepOpen: true, Page: page}, func(t *testing.T, p *faultproxy.Proxy, c net.Conn, _ time.Time, usual int) {
			br := bufio.NewReader(c)
			for attempt := 1; attempt <= 3; attempt++ {
				resp, err := http.ReadResponse(br, nil)
				if err != nil {
					t.Fatalf("answer %d: %v", attempt, err)
				}
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != usual || string(body) != "no\n" || resp.Close || resp.Header.Get("Connection") != "keep-alive" {
					t.Errorf("answer %d is %v with %q", attempt, resp, body)
				}
				if attempt == 3 {
					break
				}
				time.Sleep(time.Hour)
				if _, still := find(p, attempt, ended); still {
					t.Errorf("attempt %d has ended while its connection was open", attempt)
				}
				io.WriteString(c, upgradeRequest+"\r\n")
				mustEnd(t, p, attempt)
			}
			how(p, c)
			mustEnd(t, p, 3)
			if got := chapters(p, 3); !strings.HasSuffix(got, tale) {
				t.Errorf("the timeline tells %s, want %s", got, tale)
			}
		})
	}
}

// Behind an answer that keeps the connection open the client may ask for a page, or
// send what is no request.
func TestAfterAnAnswerThatKeepsTheConnectionOpen(t *testing.T) {
	for sent, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n": "HTTP/1.1 502 Bad Gateway",
		"\x81\x80abcd":                      "HTTP/1.1 400 Bad Request",
		"GET / HTTP/1.1\r\nHo":              "",
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := faultproxy.InMemory(t, n, "ws://nobody.test:1")
			p.Behave(faultproxy.Behavior{Unreachable: faultproxy.Answer{KeepOpen: true}})
			c := rawConnect(t, n, p)
			io.WriteString(c, upgradeRequest+"\r\n"+sent) // also when it comes at once
			br := bufio.NewReader(c)
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			if want == "" {
				if err := c.(*memnet.Conn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			got, err := io.ReadAll(br)
			if !strings.HasPrefix(string(got), want) || want == "" && len(got) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%q is answered with %q, %v; want %q", sent, got, err, want)
			}
			mustEnd(t, p, 1)
		})
	}
}

func TestAClientThatLeavesBeforeALateAnswer(t *testing.T) {
	unanswered(t, faultproxy.Answer{After: time.Hour}, func(t *testing.T, p *faultproxy.Proxy, c net.Conn, cause time.Time, _ int) {
		time.Sleep(time.Until(cause) + time.Minute)
		_ = c.Close()
		mustEnd(t, p, 1)
		if tale := chapters(p, 1); !strings.HasSuffix(tale, "error fin:arrived ended") {
			t.Errorf("the timeline tells %s", tale)
		}
	})
}

func TestA101WithoutUpgradePassesUnlessTheBehaviorAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, unserved[3].serve(t, n))
		c := rawConnect(t, n, p)
		io.WriteString(c, upgradeRequest+"\r\n")
		if head, _, err := readHTTPHead(c); err != nil || head != "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n" {
			t.Errorf("the client got %q, %v", head, err)
		}
	})
}
