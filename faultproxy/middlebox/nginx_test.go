package middlebox_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

const (
	ping = "\x89\x80\x00\x00\x00\x00" // of a client
	word = "\x81\x02hi"               // of a server
)

// repeat calls do times times, d apart, the first at once.
func repeat(times int, d time.Duration, do func()) {
	for i := range times {
		if i > 0 {
			time.Sleep(d)
		}
		do()
	}
}

func TestNginxIdle(t *testing.T) {
	cases := []struct {
		name string
		box  middlebox.Preset
		talk func(s *scene, client, upstream net.Conn)
		want time.Duration // from the last byte to the end
	}{
		{"nothing at all", middlebox.Nginx(), func(*scene, net.Conn, net.Conn) {}, time.Minute},
		{"client pings, never answered", middlebox.Nginx(), func(s *scene, client, upstream net.Conn) {
			repeat(5, 59*time.Second, func() { s.pass(client, upstream, ping) })
		}, time.Minute},
		{"upstream bytes alone", middlebox.Nginx(), func(s *scene, client, upstream net.Conn) {
			repeat(5, 59*time.Second, func() { s.pass(upstream, client, word) })
		}, time.Minute},
		{"half a frame", middlebox.Nginx(), func(s *scene, client, upstream net.Conn) {
			repeat(5, 59*time.Second, func() { s.send(client, ping[:1]); s.send(client, ping[1:]) })
			s.expect(upstream, strings.Repeat(ping, 5))
		}, time.Minute},
		// The deadline moves in steps of 300 ms: the last one counts from 0.9 s.
		{"a burst of 1.1 s leaves an old deadline", middlebox.Nginx(), func(s *scene, client, upstream net.Conn) {
			repeat(55, 20*time.Millisecond, func() { s.pass(upstream, client, word) })
		}, time.Minute - 180*time.Millisecond},
		{"steps of exactly 300 ms move it each time", middlebox.Nginx(), func(s *scene, client, upstream net.Conn) {
			repeat(6, 300*time.Millisecond, func() { s.pass(client, upstream, ping) })
		}, time.Minute},
		{"another setting", middlebox.Nginx().WithIdle(2 * time.Second), func(s *scene, client, upstream net.Conn) {
			repeat(3, 1900*time.Millisecond, func() { s.pass(client, upstream, ping) })
		}, 2 * time.Second},
		{"a setting below the timer's laziness never moves", middlebox.Nginx().WithIdle(200 * time.Millisecond), func(s *scene, client, upstream net.Conn) {
			repeat(2, 150*time.Millisecond, func() { s.pass(client, upstream, ping) })
		}, 50 * time.Millisecond},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			play(t, c.box, func(s *scene) {
				client, upstream := s.open()
				c.talk(s, client, upstream)
				s.expectAlive(client)
				last := s.proxy.Timeline.Now() - time.Nanosecond // what expectAlive took
				sides, after := s.endedAfter(last)
				if after != c.want {
					t.Errorf("closed %v after the last byte, want %v", after, c.want)
				}
				if want := []string{"to-server", "to-client"}; !slices.Equal(sides, want) {
					t.Errorf("closed %v, want %v", sides, want)
				}
				s.expectFIN("client", client)
				s.expectFIN("upstream", upstream)
				s.send(client, ping) // into a closed socket: draws a reset
				if _, err := client.Write([]byte(ping)); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
					t.Errorf("a second write to the closed socket: %v, want a reset", err)
				}
			})
		})
	}
}

func TestNginxEnds(t *testing.T) {
	halfClose := func(s *scene, c net.Conn) {
		if err := c.(*memnet.Conn).CloseWrite(); err != nil {
			s.Fatal(err)
		}
	}
	reset := func(s *scene, c net.Conn) {
		if err := c.(*memnet.Conn).SetLinger(0); err != nil {
			s.Fatal(err)
		}
		_ = c.Close()
	}
	cases := []struct {
		name   string
		client bool // the client ends it, else the upstream
		end    func(s *scene, c net.Conn)
		gone   bool // and can see nothing any more
	}{
		{"the client's FIN", true, halfClose, false},
		{"the client's reset", true, reset, true},
		{"the upstream's FIN", false, halfClose, false},
		{"the upstream's reset", false, reset, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			play(t, middlebox.Nginx(), func(s *scene) {
				client, upstream := s.open()
				s.pass(client, upstream, ping)
				ends, other, name, otherName := upstream, client, "upstream", "client"
				if c.client {
					ends, other, name, otherName = client, upstream, "client", "upstream"
				}
				begun := time.Now()
				c.end(s, ends)
				s.expectFIN(otherName, other)
				if !c.gone {
					s.expectFIN(name, ends) // both are torn down: no half-close lives on
				}
				if took := time.Since(begun); took != 0 {
					t.Errorf("the other side's FIN came %v later, want it at once", took)
				}
			})
		})
	}
}

// What was on its way before a reset of the upstream still arrives.
func TestNginxDeliversBeforeReset(t *testing.T) {
	play(t, middlebox.Nginx(), func(s *scene) {
		client, upstream := s.open()
		big := strings.Repeat("x", 60_000)
		s.send(upstream, "\x82\x7e\xea\x60"+big)
		if err := upstream.(*memnet.Conn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the proxy has it
		_ = upstream.Close()
		got, err := io.ReadAll(client)
		if err != nil || len(got) != len(big)+4 {
			t.Errorf("received %d bytes, then %v; want %d and a FIN", len(got), err, len(big)+4)
		}
	})
}

func TestNginxPages(t *testing.T) {
	cases := []struct {
		status, length int
		title          string
		upstream       func(s *scene)
		after          time.Duration
	}{
		{502, 157, "502 Bad Gateway", func(s *scene) { _ = s.listener.Close() }, 0},
		{502, 157, "502 Bad Gateway", func(s *scene) { go func() { _ = s.accept().Close() }() }, 0},
		{504, 167, "504 Gateway Time-out", func(*scene) {}, time.Minute},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.title, " after ", c.after), func(t *testing.T) {
			play(t, middlebox.Nginx(), func(s *scene) {
				c.upstream(s)
				begun := time.Now()
				resp, err := http.ReadResponse(bufio.NewReader(s.dial()), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				want := "<html>\r\n<head><title>" + c.title + "</title></head>\r\n<body>\r\n<center><h1>" + c.title +
					"</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
				if resp.StatusCode != c.status || string(body) != want || len(body) != c.length {
					t.Errorf("got %s, %d bytes %q; want %d, %d bytes %q", resp.Status, len(body), body, c.status, c.length, want)
				}
				for name, value := range map[string]string{"Server": "nginx/1.22.1", "Content-Type": "text/html", "Connection": "keep-alive"} {
					if got := resp.Header.Values(name); !slices.Equal(got, []string{value}) {
						t.Errorf("%s: %q, want %q", name, got, value)
					}
				}
				if took := time.Since(begun); took != c.after {
					t.Errorf("came after %v, want %v", took, c.after)
				}
			})
		})
	}
}
