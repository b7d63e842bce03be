package middlebox_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// playStop adds rules and says what the live connections see, and new ones.
func playStop(s *scene, rules []faultproxy.Rule) observed {
	client, server := s.open()
	time.Sleep(5 * time.Second)
	if err := s.proxy.Add(rules...); err != nil {
		s.Fatal(err)
	}
	fresh := make(chan string)
	go func() {
		time.Sleep(time.Millisecond)
		fresh <- s.fresh()
	}()
	c, v := s.watchBoth(client, server, time.Hour)
	o := observed{client: c.words, server: v.words}
	if after := max(c.after, v.after); after > time.Millisecond {
		o.at = after.String()
	}
	o.fresh = <-fresh
	return o
}

// fresh says what becomes of a connection that is new.
func (s *scene) fresh() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := s.network.DialContext(ctx, "tcp", strings.TrimPrefix(s.proxy.URL, "ws://"))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "are refused"
	}
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	s.send(c, request)
	go func() {
		if server, err := s.listener.Accept(); err == nil { // else the scene is over
			defer server.Close()
			_, _ = io.WriteString(server, answer)
			_, _ = io.Copy(io.Discard, server)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := c.Read(make([]byte, 1)); n == 0 && isTimeout(err) {
		return "wait"
	} else if n == 0 {
		return err.Error()
	}
	return ""
}
