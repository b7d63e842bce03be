package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"faultproxy": main,
		"wsclient":   wsClient,
		"rawclient":  rawClient,
		"call":       call,
	})
}

// TestScripts runs the files of testdata/script. Besides the programs above they
// may use:
//
//	exits CODE PROGRAM …         is exec that wants this exit code
//	upstream http|ws|tls|garbage starts a server; its address is $UPSTREAM
//	serve [-fake|-replay|-file] [-closed|-unread] [flags of run, fake or replay]
//	                             starts faultproxy run --json and waits until it is
//	                             ready; its URL is $URL, the address $HOST, the admin
//	                             API at $ADMIN, its address $ADMINHOST, the ready
//	                             line is ready.json. With -file the proxies are those
//	                             of a --config, and that of NAME has its URL in
//	                             $URL_NAME. With -closed nobody reads stdout
//	                             after that and the pipe is broken, with -unread it
//	                             is open.
//	await TEXT [TIMES]           waits until stdout has so many lines with the text
//	hangup                       sends SIGHUP
//	shut [-TERM|-KILL] [-ttl]    interrupts it (or not, with -ttl) and waits for its
//	                             end, which must be exit code 0 (or not, with !).
//	                             stdout.json and stderr.txt are what it printed
//	within PART WHOLE            wants every complete line of one file in the other
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			served := &served{}
			env.Values[servedKey{}] = served
			env.Defer(served.kill)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else every program takes a second
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "serve": serve, "shut": shut, "upstream": upstream, "within": within, "await": await, "hangup": hangUp,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [arguments]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// served is the faultproxy that a script has started.
type served struct {
	cmd    *exec.Cmd
	stdout *os.File
	said   *said // by stdout; nil: nobody reads it
	stderr bytes.Buffer
}

// said is what stdout has said so far.
type said struct {
	mu    sync.Mutex
	text  []byte
	more  chan struct{} // closed when there is more
	ended chan struct{} // closed when there will be no more
}

// read is the goroutine that reads stdout.
func (s *said) read(r io.Reader) {
	defer close(s.ended)
	chunk := make([]byte, 64<<10)
	for {
		n, err := r.Read(chunk)
		s.mu.Lock()
		s.text = append(s.text, chunk[:n]...)
		close(s.more)
		s.more = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *said) now() (text string, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text), s.more
}

type servedKey struct{}

// patience is how long a program may take to do what it must.
const patience = 20 * time.Second

func (s *served) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("serve must succeed; use exec faultproxy run")
	}
	mode, command := "", "run"
	address := []string{"--listen", "127.0.0.1:0"}
	switch {
	case len(args) > 0 && (args[0] == "-fake" || args[0] == "-replay"):
		command, args = args[0][1:], args[1:]
	case len(args) > 0 && args[0] == "-file":
		address, args = nil, args[1:]
	}
	if len(args) > 0 && (args[0] == "-closed" || args[0] == "-unread") {
		mode, args = args[0], args[1:]
	}
	s := ts.Value(servedKey{}).(*served)
	s.kill()
	*s = served{}
	r, w, err := os.Pipe()
	ts.Check(err)
	s.stdout = r
	s.cmd = exec.Command(find(ts, "faultproxy"), slices.Concat([]string{command, "--json"}, address, args)...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = ts.Getenv("WORK"), w, &s.stderr
	s.cmd.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR"), "GORACE="+ts.Getenv("GORACE"))
	ts.Check(s.cmd.Start())
	_ = w.Close()
	_ = r.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReaderSize(oneByte{r}, 16).ReadBytes('\n')
	if err != nil {
		s.kill()
		ts.Fatalf("no ready line: %v\n%s%s", err, line, s.stderr.String())
	}
	_ = r.SetReadDeadline(time.Time{})
	var ready struct {
		Event, URL, Admin string
		Proxies           map[string]string
	}
	if err := json.Unmarshal(line, &ready); err != nil || ready.Event != "ready" {
		ts.Fatalf("the first line is no ready line: %s", line)
	}
	ts.Setenv("URL", ready.URL)
	ts.Setenv("ADMIN", ready.Admin)
	_, host, _ := strings.Cut(ready.URL, "://")
	ts.Setenv("HOST", host)
	ts.Setenv("ADMINHOST", strings.TrimPrefix(ready.Admin, "http://"))
	for name, url := range ready.Proxies {
		ts.Setenv("URL_"+name, url)
	}
	ts.Check(os.WriteFile(ts.MkAbs("ready.json"), line, 0o600))
	switch mode {
	case "-closed":
		_ = r.Close()
	case "":
		s.said = &said{text: line, more: make(chan struct{}), ended: make(chan struct{})}
		go s.said.read(r)
	}
}

func shut(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(servedKey{}).(*served)
	if s.cmd == nil {
		ts.Fatalf("nothing is served")
	}
	var sig os.Signal = os.Interrupt
	for _, arg := range args {
		switch arg {
		case "-TERM":
			sig = syscall.SIGTERM
		case "-KILL":
			sig = os.Kill
		case "-ttl":
			sig = nil
		default:
			ts.Fatalf("unknown argument %s", arg)
		}
	}
	if sig != nil {
		ts.Check(s.cmd.Process.Signal(sig))
	}
	limit := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	err := s.cmd.Wait()
	if !limit.Stop() {
		ts.Fatalf("faultproxy did not end within %v\n%s", patience, s.stderr.String())
	}
	s.cmd = nil
	if s.said != nil {
		<-s.said.ended
		ts.Check(os.WriteFile(ts.MkAbs("stdout.json"), s.said.text, 0o600))
	}
	_ = s.stdout.Close()
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), s.stderr.Bytes(), 0o600))
	if (err != nil) != neg {
		ts.Fatalf("faultproxy ended with %v\n%s", err, s.stderr.String())
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await TEXT [TIMES]")
	}
	s := ts.Value(servedKey{}).(*served)
	times := 1
	if len(args) == 2 {
		times = number(args[1])
	}
	limit := time.After(patience)
	for {
		text, more := s.said.now()
		found := 0
		for line := range strings.Lines(text) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, args[0]) {
				found++
			}
		}
		if found >= times {
			return
		}
		select {
		case <-more:
		case <-s.said.ended:
			ts.Fatalf("faultproxy ended without %s\n%s", args[0], text)
		case <-limit:
			ts.Fatalf("no %s within %v\n%s", args[0], patience, text)
		}
	}
}

func hangUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: hangup")
	}
	ts.Check(ts.Value(servedKey{}).(*served).cmd.Process.Signal(syscall.SIGHUP))
}

func within(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: within PART WHOLE")
	}
	whole := map[string]bool{}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		whole[line] = true
	}
	part := ts.ReadFile(args[0])
	if part == "" {
		ts.Fatalf("%s is empty", args[0])
	}
	missing := ""
	for line := range strings.Lines(part) {
		if strings.HasSuffix(line, "\n") && !whole[line] { // else it is torn
			missing = line
		}
	}
	if (missing != "") != neg {
		ts.Fatalf("not in %s: %q", args[1], missing)
	}
}

// find returns the path of a program that scripts can execute.
func find(ts *testscript.TestScript, name string) string {
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if path := dir + string(os.PathSeparator) + name; executable(path) {
			return path
		}
	}
	ts.Fatalf("%s is not in the PATH", name)
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// oneByte reads a byte at a time, so that a reader on top of it takes no more than
// it was asked for.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// fatal ends one of the programs of scripts.
func fatal(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		fatal("%v", err)
	}
	return n
}
