package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gorilla/websocket"
)

// On a real terminal the status counts along, stays below the lines, and leaves
// nothing behind.
func TestStatusOnATerminal(t *testing.T) {
	for _, noColor := range []string{"", "1"} {
		t.Run("NO_COLOR="+noColor, func(t *testing.T) {
			t.Setenv("TERM", "xterm")
			t.Setenv("NO_COLOR", noColor)
			term := openTerminal(t)
			ctx, cancel := context.WithCancel(t.Context())
			code := make(chan int, 1)
			go func() {
				code <- run(ctx, []string{"run", "--listen", "127.0.0.1:0"}, strings.NewReader(""), term.slave, term.slave)
			}()
			greeting := term.until(t, "seed ")
			_, rest, _ := strings.Cut(greeting, "listens on ")
			url, _, _ := strings.Cut(rest, "\r\n")
			ws, _, err := websocket.DefaultDialer.Dial(url, nil)
			if err != nil {
				t.Fatal(err)
			}
			term.until(t, "1 open, 0 ended")
			_ = ws.WriteMessage(websocket.TextMessage, []byte("hello"))
			term.until(t, "2 frames received")
			_ = ws.Close()
			term.until(t, "0 open, 1 ended")
			cancel()
			if c := <-code; c != exitOK {
				t.Errorf("exit code %d", c)
			}
			_, _ = term.slave.WriteString("THE END")
			raw := strings.ReplaceAll(term.until(t, "THE END"), "\r\n", "\n")
			if got := rendered(raw); strings.Contains(got, "received") || strings.Contains(got, "\x1b") || !strings.Contains(got, "\"hello\"") {
				t.Errorf("left behind:\n%s", got)
			}
			if strings.Contains(raw, faint) != (noColor == "") {
				t.Errorf("colors:\n%q", raw)
			}
		})
	}
}

// A terminal that cannot erase a line, and what is no terminal, get plain lines.
func TestNoStatusElsewhere(t *testing.T) {
	t.Setenv("TERM", "dumb")
	if s := newScreen(openTerminal(t).slave); s != nil {
		t.Error("a status for a dumb terminal")
	}
	t.Setenv("TERM", "xterm")
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if newScreen(file) != nil || newScreen(&bytes.Buffer{}) != nil {
		t.Error("a status for a file")
	}
}

// terminal is a pseudo-terminal, and what was written to it.
type terminal struct {
	slave *os.File

	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // has room for one
}

func openTerminal(t *testing.T) *terminal {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIP: no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number, unlocked int32
	_ = raw.Control(func(fd uintptr) {
		for request, arg := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(arg))); errno != 0 {
				err = errno
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{grown: make(chan struct{}, 1)}
	if term.slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skipf("SKIP: no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = term.slave.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			term.mu.Lock()
			term.text.Write(buf[:n])
			term.mu.Unlock()
			select {
			case term.grown <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return term
}

// until waits until a text was written, and returns all that was.
func (term *terminal) until(t *testing.T, text string) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		term.mu.Lock()
		seen := term.text.String()
		term.mu.Unlock()
		if strings.Contains(seen, text) {
			return seen
		}
		select {
		case <-term.grown:
		case <-timeout:
			t.Fatalf("no %q in:\n%q", text, seen)
		}
	}
}
