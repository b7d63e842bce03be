//go:build linux

package fidelity

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// subject is a preset and the program it is named after.
type subject struct {
	preset  string
	program program
	setups  map[string]setup
	// timers are the setups with a timer of two seconds that a quiet connection may
	// meet, each with all patterns of traffic.
	timers []timer
	lives  []lifecycle
	// skipped are scenarios that the preset does not claim, and why.
	skipped map[string]string
}

// setup is a configuration of the program, and the same one of the preset, as
// --preset takes it.
type setup struct {
	real  settings
	ours  string
	slack time.Duration // of its scenarios' times, where it is not tight
}

// timer is a setup named as in the record.
type timer struct {
	name string
	setup
	only []string // patterns. nil: all
}

// lifecycle is a reload or a signal, named as in the record.
type lifecycle struct {
	name string
	setup
	// does is what the preset is asked for: reload, shutdown, drain and a time, or
	// nothing.
	does string
}

// box is a middlebox that runs: the real program, or the preset.
type box struct {
	addr   string
	happen func(lifecycle) error
}

// maker starts one of the two.
type maker func(tb testing.TB, upstream string, s setup) box

// real starts the program.
func (sub subject) real(tb testing.TB, upstream string, s setup) box {
	tb.Helper()
	d := sub.program.start(tb, upstream, s.real)
	return box{addr: d.addr, happen: func(l lifecycle) error {
		if strings.HasPrefix(l.name, "reload") {
			return sub.program.reload(d)
		}
		signal, _, _ := strings.Cut(l.name, "+")
		signal, _, _ = strings.Cut(signal, "(")
		return d.Signal(signals[signal])
	}}
}

// deadAddr is a loopback address that refuses connections until the test ends.
func deadAddr(tb testing.TB) string {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(os.NewSyscallError("socket", err))
	}
	tb.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		tb.Fatal(os.NewSyscallError("bind", err))
	}
	addr, err := syscall.Getsockname(fd)
	if err != nil {
		tb.Fatal(os.NewSyscallError("getsockname", err))
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.(*syscall.SockaddrInet4).Port))
}
