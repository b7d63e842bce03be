//go:build unix

package realparts

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Daemon is a program that a test runs, and may signal.
type Daemon struct {
	Name string // in messages
	Path string
	Args []string
	Env  []string // besides the test's own environment
	// Listens is the address that accepts once the program is ready.
	Listens string
}

// Running is a daemon that was started.
type Running struct{ p *process }

// StartDaemon starts d and returns when it accepts. It runs in a process group of
// its own, so that its workers end with it: when the test ends, the group is
// killed, whether or not the daemon ended before, and its address is free again.
func StartDaemon(tb testing.TB, d Daemon) *Running {
	tb.Helper()
	p := &process{name: d.Name, cmd: exec.Command(d.Path, d.Args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.Env = append(os.Environ(), d.Env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Workers that outlive the daemon keep its output open.
	p.cmd.WaitDelay = workersDelay
	if err := p.cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", d.Name, err)
	}
	go p.wait()
	tb.Cleanup(func() {
		p.killGroup(tb)
		p.refusing(d.Listens)
	})
	if err := p.accepting(d.Listens); err != nil {
		tb.Fatal(err)
	}
	return &Running{p}
}

// workersDelay is how long the output of a daemon's workers is still read after
// the daemon itself has ended.
const workersDelay = stopGrace / 10

func (p *process) killGroup(tb testing.TB) {
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		tb.Errorf("kill %s, process group %d: %v", p.name, p.cmd.Process.Pid, err)
	}
	<-p.ended
}

// refusing waits until nobody accepts any more, 2 s at most: workers are no children of
// this process, so nothing else says that they are gone.
func (p *process) refusing(addr string) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return
		}
		conn.Close()
	}
}

// Signal sends sig to the daemon itself, not to its workers.
func (r *Running) Signal(sig os.Signal) error {
	if err := r.p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("%v to %s, pid %d: %w", sig, r.p.name, r.p.cmd.Process.Pid, err)
	}
	return nil
}

// Output returns the last 64 KiB of what the daemon and its workers printed.
func (r *Running) Output() string { return r.p.out.String() }

// The ports below those that systems give to outgoing connections (RFC 6335
// calls 49152 and up dynamic, Linux begins at 32768), so that no connection of a
// test takes a port between FreeAddr and the daemon's listen.
const firstPort, lastPort = 12000, 32000

var nextPort atomic.Uint32

// FreeAddr returns a loopback address for a daemon that cannot listen on port 0
// and say which port it got. No two calls of a process get the same one.
func FreeAddr(tb testing.TB) string {
	tb.Helper()
	start := uint32(os.Getpid()) * 61
	for range lastPort - firstPort {
		port := firstPort + (start+nextPort.Add(1))%(lastPort-firstPort)
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		ln.Close()
		return ln.Addr().String()
	}
	tb.Fatalf("every loopback port from %d to %d is taken", firstPort, lastPort)
	return ""
}
