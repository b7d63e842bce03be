package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRealParts runs the binary as users do, between programs that are not ours.
// Each subtest skips, loudly, what is not installed; with CI=true it fails.
func TestRealParts(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with -short: real browsers, clients and middleboxes")
	}
	bin := filepath.Join(t.TempDir(), "faultproxy")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("Chromium", func(t *testing.T) { browser(t, bin) })
	t.Run("Chromium through a tunnel", func(t *testing.T) { tunnel(t, bin) })
	t.Run("Node", func(t *testing.T) { node(t, bin) })
	t.Run("gorilla", func(t *testing.T) { gorilla(t, bin) })
	t.Run("nginx", func(t *testing.T) { nginx(t, bin) })
}

// eventLimit is how long a test waits for an event of the proxy that must come.
const eventLimit = 10 * time.Second

// event is a line of --json, as far as these tests look at it.
type event struct {
	Event    string
	V        int
	URL      string
	T        float64 // seconds
	Conn     int
	Dir      string
	Seen     string
	Op       string
	Text     string
	Code     int
	Reason   string
	WasClean bool
	Cause    string
}

// proxy is a running binary.
type proxy struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read once ended is closed
	ended  chan struct{}

	mu     sync.Mutex
	lines  []string
	events []event
	bad    error         // the first line that is no JSON
	more   chan struct{} // closed and replaced with every line
}

// start runs faultproxy with the arguments on a free port, with --json, and waits
// for its ready line. When the test ends, it is interrupted and must exit with 0.
func start(t *testing.T, bin string, args ...string) *proxy {
	t.Helper()
	args = append([]string{"run", "--listen", "127.0.0.1:0", "--json"}, args...)
	p := &proxy{cmd: exec.Command(bin, args...), ended: make(chan struct{}), more: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stdout)
	t.Cleanup(func() { p.stop(t) })
	ready, err := p.wait("the ready line", func(e event) bool { return e.Event == "ready" })
	if err != nil {
		t.Fatal(err)
	}
	if first := p.all()[0]; first.Event != "ready" || first.V != 1 || ready.URL == "" {
		t.Fatalf("the first line is %s, want ready, v 1, with the URL", p.lines[0])
	}
	return p
}

func (p *proxy) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		err := json.Unmarshal(lines.Bytes(), &e)
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		if err == nil {
			p.events = append(p.events, e)
		} else if p.bad == nil {
			p.bad = fmt.Errorf("line %d is no JSON: %w: %s", len(p.lines), err, lines.Text())
		}
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
	_ = p.cmd.Wait() // stop looks at the exit code
	close(p.ended)
}

func (p *proxy) stop(t *testing.T) {
	select {
	case <-p.ended:
		t.Errorf("faultproxy ended by itself, exit code %d", p.cmd.ProcessState.ExitCode())
	default:
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("interrupt faultproxy: %v", err)
		}
		select {
		case <-p.ended:
			if code := p.cmd.ProcessState.ExitCode(); code != 0 {
				t.Errorf("exit code %d after an interrupt, want 0", code)
			}
		case <-time.After(eventLimit):
			t.Errorf("faultproxy did not end within %v of an interrupt and was killed", eventLimit)
			if err := p.cmd.Process.Kill(); err != nil {
				t.Errorf("kill faultproxy: %v", err)
				return
			}
			<-p.ended
		}
	}
	if p.bad != nil {
		t.Error(p.bad)
	}
	if t.Failed() {
		t.Logf("%s\n%s\n%s", strings.Join(p.cmd.Args[1:], " "), strings.Join(p.lines, "\n"), p.stderr.Bytes())
	}
}

// all returns the events so far.
func (p *proxy) all() []event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]event(nil), p.events...)
}

// wait returns the first event that is the one, which may be past or to come.
func (p *proxy) wait(what string, is func(event) bool) (event, error) {
	limit := time.After(eventLimit)
	for {
		p.mu.Lock()
		events, more := p.events, p.more
		p.mu.Unlock()
		for _, e := range events {
			if is(e) {
				return e, nil
			}
		}
		select {
		case <-more:
		case <-p.ended:
			return event{}, fmt.Errorf("faultproxy ended with exit code %d before %s\n%s", p.cmd.ProcessState.ExitCode(), what, p.stderr.Bytes())
		case <-limit:
			return event{}, fmt.Errorf("%s did not come within %v", what, eventLimit)
		}
	}
}

// end returns the ended line of a connection.
func (p *proxy) end(conn int) (event, error) {
	return p.wait(fmt.Sprintf("the ended line of connection %d", conn), func(e event) bool {
		return e.Event == "ended" && e.Conn == conn
	})
}

// url is the address the binary printed, addr its host and port.
func (p *proxy) url() string { return p.all()[0].URL }

func (p *proxy) addr(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.url())
	if err != nil || u.Scheme != "ws" || u.Port() == "" || u.Port() == "0" {
		t.Fatalf("the ready line says url %q: %v", p.url(), err)
	}
	return u.Host
}
