package toxiproxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"
)

// programs are the two that are compared, built once.
var programs struct{ stock, ours string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "toxiproxy")
	if err != nil {
		panic(err)
	}
	programs.stock, programs.ours = filepath.Join(dir, "toxiproxy"), filepath.Join(dir, "faultproxy")
	for _, build := range []struct{ in, to, pkg string }{
		{".", programs.stock, "github.com/Shopify/toxiproxy/v2/cmd/server"}, {"../..", programs.ours, "./faultproxy/cmd/faultproxy"},
	} {
		cmd := exec.Command("go", "build", "-o", build.to, build.pkg)
		cmd.Dir = build.in
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
			os.Exit(1)
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// server is one of the two, running.
type server struct {
	t    *testing.T
	name string
	addr string // of its API
	free string // an address for a proxy
	*client.Client
	ended chan struct{} // closed when the process has
}

// start starts a program. It ends with the test.
func start(t *testing.T, name string, args ...string) *server {
	t.Helper()
	s := &server{t: t, name: name, free: freeAddr(t), ended: make(chan struct{})}
	var cmd *exec.Cmd
	if name == "stock" {
		s.addr = freeAddr(t)
		_, port, _ := net.SplitHostPort(s.addr)
		cmd = exec.Command(programs.stock, append([]string{"-host", "127.0.0.1", "-port", port}, args...)...)
	} else {
		cmd = exec.Command(programs.ours, append([]string{"run", "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if name == "ours" {
		var ready struct{ Admin string }
		line, err := lines.ReadBytes('\n')
		if err != nil || json.Unmarshal(line, &ready) != nil {
			t.Fatalf("no ready line: %s, %v", line, err)
		}
		s.addr = strings.TrimPrefix(ready.Admin, "http://")
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.ended
	})
	s.Client = client.NewClient(s.addr)
	s.await()
	if name == "ours" { // run comes with a proxy
		if p, err := s.Proxy("default"); err == nil {
			_ = p.Delete()
		}
	}
	return s
}

// await waits until the API answers.
func (s *server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for {
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+s.addr+"/version", nil)
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("%s does not answer: %v", s.name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// alive reports whether the process is.
func (s *server) alive() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// upstream serves bytes: f has each connection.
func upstream(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				f(c)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// echo sends everything back, then its FIN.
func echo(c net.Conn) {
	_, _ = io.Copy(c, c)
	_ = c.(*net.TCPConn).CloseWrite()
}
