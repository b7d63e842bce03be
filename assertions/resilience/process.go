package resilience

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// drainFor is for how long nothing may have come from the output of a program that has
// exited, if a process that escaped from its group holds it open.
const drainFor = time.Second

// process is a client that is a program.
type process struct {
	s   *Session
	cmd *exec.Cmd
	out stdout
	err tail

	mu  sync.Mutex // never held while waiting
	pid int        // 0: not started
	end bool       // the program was waited for: its number may be another's
}

func (p *process) start(s *Session) error {
	p.s, p.out.s = s, s
	path, err := lookUp(s.client.program, s.client.dir)
	if err != nil {
		return err
	}
	p.cmd = &exec.Cmd{Path: path, Args: []string{s.client.program}, Dir: s.client.dir, SysProcAttr: ownGroup()}
	for _, a := range s.client.args {
		p.cmd.Args = append(p.cmd.Args, s.at.fill(a))
	}
	p.cmd.Env = append(p.cmd.Environ(), "WS_URL="+s.at.ws, "HTTP_URL="+s.at.http, "HOST="+s.at.host)
	for _, kv := range s.client.env {
		p.cmd.Env = append(p.cmd.Env, s.at.fill(kv))
	}
	streams, err := p.pipes()
	if err != nil {
		return err
	}
	s.begins()
	started := make(chan error, 1)
	go p.supervise(streams, started)
	return <-started
}

// stream is one output of the program, with the goroutine that reads it.
type stream struct {
	ours, theirs *os.File
	read         func(io.Reader)
	done         chan struct{}
	reads        atomic.Int64 // how often something came
	waiting      atomic.Bool  // for more, rather than busy with what came
}

// Read reads what the program printed.
func (st *stream) Read(b []byte) (int, error) {
	st.waiting.Store(true)
	defer st.waiting.Store(false)
	defer st.reads.Add(1)
	return st.ours.Read(b)
}

func (p *process) pipes() ([]*stream, error) {
	out := &stream{read: p.out.read, done: make(chan struct{})}
	err := &stream{read: p.readErr, done: make(chan struct{})}
	var failed error
	if out.ours, out.theirs, failed = os.Pipe(); failed != nil {
		return nil, failed
	}
	if err.ours, err.theirs, failed = os.Pipe(); failed != nil {
		_, _ = out.ours.Close(), out.theirs.Close()
		return nil, failed
	}
	p.cmd.Stdout, p.cmd.Stderr = out.theirs, err.theirs
	return []*stream{out, err}, nil
}

func (p *process) readErr(r io.Reader) { _, _ = io.Copy(&p.err, r) }

// supervise is the goroutine that starts the program and waits for it. It keeps its
// thread as long as the program runs: to Linux the thread is the parent, whose end
// the program does not survive.
func (p *process) supervise(streams []*stream, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	for _, st := range streams {
		_ = st.theirs.Close()
	}
	if err != nil {
		for _, st := range streams {
			_ = st.ours.Close()
		}
		p.s.ended(Exit{Code: -1, Err: err})
		started <- err
		return
	}
	p.mu.Lock()
	p.pid = p.cmd.Process.Pid
	p.mu.Unlock()
	for _, st := range streams {
		go st.serve()
	}
	started <- nil

	err = p.cmd.Wait()
	p.mu.Lock()
	p.end = true
	p.mu.Unlock()
	killGroup(p.pid)
	drain(streams)
	p.s.ended(exitOf(p.cmd.ProcessState, err))
}

func (st *stream) serve() {
	defer close(st.done)
	st.read(st)
}

// drain reads the outputs to their ends, which do not come where a process that
// escaped holds them open: then until nothing has come for a while.
func drain(streams []*stream) {
	for _, st := range streams {
		for open := true; open; {
			before := st.reads.Load()
			select {
			case <-st.done:
				open = false
			case <-time.After(drainFor):
				open = !st.waiting.Load() || st.reads.Load() != before
			}
		}
		_ = st.ours.Close()
		<-st.done
	}
}

// exitOf says how the program ended.
func exitOf(state *os.ProcessState, err error) Exit {
	e := Exit{Code: -1}
	if state != nil {
		e.Code, e.Signal = state.ExitCode(), signalOf(state)
	}
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		e.Err = err
	}
	return e
}

// to does something with the program's number while it is its own.
func (p *process) to(do func(pid int) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid == 0 || p.end {
		return os.ErrProcessDone
	}
	return do(p.pid)
}

func (p *process) signal(sig os.Signal) error {
	return p.to(func(pid int) error { return signalGroup(pid, sig) })
}

func (p *process) ask() { _ = p.to(askGroup) }

func (p *process) insist() { _ = p.signal(os.Kill) }

func (p *process) waitedFor() string { return "it was killed, and the system has not ended it" }

func (p *process) fields() []timeline.Field {
	if p.pid == 0 {
		return nil
	}
	return []timeline.Field{{Name: "pid", Value: strconv.Itoa(p.pid)}}
}

func (p *process) printed() string {
	what := "what client " + p.s.client.Name() + " printed on standard "
	text := p.err.log(what+"error") + p.out.rest.log(what+"output, without reports")
	if text == "" {
		return "it printed nothing but reports"
	}
	return text
}

// PID returns the number of a program's process, which is also that of its process
// group. It stays the same after the program has exited. 0 for a Func.
func (s *Session) PID() int {
	p, ok := s.running.(*process)
	if !ok {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Stderr returns the last 64 KiB that a program wrote to its standard error; "" for a
// Func. It is complete once the client has exited.
func (s *Session) Stderr() string {
	if p, ok := s.running.(*process); ok {
		return p.err.String()
	}
	return ""
}

// Stdout returns the last 64 KiB that a program wrote to its standard output, reports
// left out; "" for a Func. It is complete once the client has exited.
func (s *Session) Stdout() string {
	if p, ok := s.running.(*process); ok {
		return p.out.rest.String()
	}
	return ""
}
