//go:build unix

package realparts

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The workers of a master that was killed live on: here, until the test ends.
func TestWorkersEndWithTheirTest(t *testing.T) {
	path := Find(t, "apt-get install nginx-light", "nginx")
	var addr string
	t.Run("kills the master", func(t *testing.T) {
		addr = FreeAddr(t)
		dir := t.TempDir()
		file := filepath.Join(dir, "nginx.conf")
		config := fmt.Sprintf("daemon off; pid nginx.pid; error_log stderr; events {} http { access_log off; server { listen %s; } }", addr)
		if os.Geteuid() == 0 {
			config = "user root; " + config
		}
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		d := StartDaemon(t, Daemon{Name: "nginx", Path: path, Args: []string{"-p", dir, "-e", "stderr", "-c", file}, Listens: addr})
		answered(t, addr)
		if err := d.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-d.p.ended
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			t.Fatalf("a worker should still accept: %v", err)
		}
		conn.Close()
	})
	if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		conn.Close()
		t.Errorf("a worker still accepts on %s after its test ended", addr)
	}
}

// answered waits for an answer: the master listens before it has a worker, who gives it.
func answered(t *testing.T, addr string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = c.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestFreeAddrIsNeverTheSame(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		addr := FreeAddr(t)
		if seen[addr] {
			t.Fatalf("%s came twice", addr)
		}
		seen[addr] = true
	}
}
