//go:build unix

package faultproxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// A contestant of the link's benchmarks is a process of its own, so that its CPU
// time and its memory are its own: the test binary, run again in one of these
// roles. TOXIPROXY names a toxiproxy-server to race as well.
const (
	roleEnv     = "HEARTBREAK_BENCH_ROLE"
	upstreamEnv = "HEARTBREAK_BENCH_UPSTREAM"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	addr, err := playRole(role, os.Getenv(upstreamEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(addr)
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGUSR1)
	for s := range c {
		if s == syscall.SIGTERM {
			return
		}
		debug.FreeOSMemory() // what a quiet process comes to by itself within minutes
		fmt.Println("settled")
	}
}

func playRole(role, upstream string) (string, error) {
	if role == "relay" {
		return startRelay(upstream)
	}
	p := &faultproxy.Proxy{Upstream: "ws://" + upstream}
	rules := []faultproxy.Rule{faultproxy.IdleTimeout(time.Hour)}
	if role == "rules" {
		for i := range 100 {
			rules = append(rules, faultproxy.Rule{Name: fmt.Sprint("pong-", i), On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}})
		}
	}
	if err := p.Add(rules...); err != nil {
		return "", err
	}
	if err := p.Start(); err != nil {
		return "", err
	}
	return strings.TrimPrefix(p.URL, "ws://"), nil
}

// startRelay is the rival: io.Copy with 32 KiB buffers, both ways.
func startRelay(upstream string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	copyTo := func(dst, src net.Conn) {
		// the wrappers hide splice(2) and leave the 32 KiB buffer
		_, _ = io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, make([]byte, 32<<10))
		_ = dst.(*net.TCPConn).CloseWrite()
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				up, err := net.Dial("tcp", upstream)
				if err != nil {
					_ = c.Close()
					return
				}
				done := make(chan struct{})
				go func() { copyTo(up, c); close(done) }()
				copyTo(c, up)
				<-done
				_ = c.Close()
				_ = up.Close()
			}()
		}
	}()
	return l.Addr().String(), nil
}

// contestant is a running child.
type contestant struct {
	name string
	addr string
	cmd  *exec.Cmd
	out  *bufio.Reader // nil for toxiproxy
}

func enter(b *testing.B, name, role, upstream string) *contestant {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, upstreamEnv+"="+upstream)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	c := &contestant{name: name, cmd: cmd, out: bufio.NewReader(out)}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := c.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	c.addr = strings.TrimSpace(line)
	return c
}

// enterToxiproxy starts the server that TOXIPROXY names, with a proxy without toxics.
func enterToxiproxy(b *testing.B, upstream string) *contestant {
	path := os.Getenv("TOXIPROXY")
	if path == "" {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cfg := b.TempDir() + "/toxiproxy.json"
	if err := os.WriteFile(cfg, fmt.Appendf(nil, `[{"name":"ws","listen":%q,"upstream":%q,"enabled":true}]`, addr, upstream), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(path, "-port", "0", "-config", cfg)
	cmd.Env = append(os.Environ(), "LOG_LEVEL=error")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return &contestant{name: "toxiproxy", addr: addr, cmd: cmd}
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatal("toxiproxy did not start")
	return nil
}

// cpu is the CPU time the contestant has used.
func (c *contestant) cpu(b *testing.B) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		b.Skipf("CPU time and memory need /proc: %v", err)
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// resident is the contestant's resident memory, in bytes.
func (c *contestant) resident(b *testing.B) int {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		b.Skipf("memory needs /proc: %v", err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(statm))[1])
	return pages * os.Getpagesize()
}

// settle collects the contestant's garbage and returns it to the system.
func (c *contestant) settle(b *testing.B) {
	if c.out == nil {
		return
	}
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		b.Fatal(err)
	}
	if _, err := c.out.ReadString('\n'); err != nil {
		b.Fatal(err)
	}
}
