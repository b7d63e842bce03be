package realparts

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopGrace is how long a program may take to end after SIGTERM before it is
// killed, and startLimit how long it may take to accept its first connection.
const (
	stopGrace  = 5 * time.Second
	startLimit = 20 * time.Second
)

// output keeps the last 64 KiB a program printed. It is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	tail []byte
}

const outputLimit = 64 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tail = append(o.tail, p...)
	if over := len(o.tail) - outputLimit; over > 0 {
		o.tail = append(o.tail[:0], o.tail[over:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.tail))
}

// process is a running program.
type process struct {
	name  string
	cmd   *exec.Cmd
	out   output
	ended chan struct{} // closed once the program was waited for
	err   error         // what Wait said; valid once ended is closed
}

// run starts the program at path. The test's cleanup stops it.
func run(tb testing.TB, name, path string, args ...string) *process {
	tb.Helper()
	p := &process{name: name, cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", name, err)
	}
	go p.wait()
	tb.Cleanup(func() { p.stop(tb) })
	return p
}

func (p *process) wait() {
	p.err = p.cmd.Wait()
	close(p.ended)
}

func (p *process) stop(tb testing.TB) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Errorf("SIGTERM to %s, pid %d: %v", p.name, p.cmd.Process.Pid, err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopGrace):
		tb.Errorf("%s, pid %d, still ran %v after SIGTERM and was killed", p.name, p.cmd.Process.Pid, stopGrace)
		if err := p.cmd.Process.Kill(); err != nil {
			tb.Errorf("kill %s, pid %d: %v", p.name, p.cmd.Process.Pid, err)
			return
		}
		<-p.ended
	}
	if tb.Failed() {
		tb.Logf("%s printed:\n%s", p.name, &p.out)
	}
}

// accepting waits until addr accepts a connection, the program ends, or
// startLimit has passed.
func (p *process) accepting(addr string) error {
	deadline := time.Now().Add(startLimit)
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not accept on %s after %v: %w", p.name, addr, startLimit, err)
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it accepted on %s: %v\n%s", p.name, addr, p.err, &p.out)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freeAddr returns a loopback address that nobody listened on a moment ago. For
// programs that cannot listen on port 0.
func freeAddr(tb testing.TB) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("find a free port: %v", err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
