package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// replayCmd is `faultproxy replay`.
type replayCmd struct {
	File string `arg:"" help:"A recording, made with faultproxy run or fake --record FILE, or with --json; - is stdin."`

	Listen string `group:"path" placeholder:"ADDR" default:"127.0.0.1:8080" help:"Where clients connect. Port 0 takes any free one. Default: ${default}."`
	TLS    bool   `group:"path" name:"tls" help:"Serve wss, with a certificate made for this run."`

	Conn  ordinal `group:"server" placeholder:"N" help:"Play only connection N of the recording, to every client."`
	Speed factor  `group:"server" placeholder:"X" default:"1" help:"Play X times as fast: 10, or 0.5 for half as fast. Default: ${default}."`
	Once  bool    `group:"server" help:"End when every connection was played and is over. Without it the recording begins again behind its last connection."`
	Pad   bool    `group:"server" help:"Fill up payloads that were recorded in part only: texts with spaces, others with zeros. Without it such a recording is refused."`

	whose

	output
}

// factor is a number above zero.
type factor float64

func (f *factor) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%q: want a number above zero, such as 10 or 0.5", text)
	}
	*f = factor(v)
	return nil
}

// ordinal is a number counted from 1; 0 is none.
type ordinal int

func (o *ordinal) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q: want the number of a connection, counted from 1", text)
	}
	*o = ordinal(n)
	return nil
}

// Help is shown below the flags.
func (*replayCmd) Help() string {
	return `Record where it happens, and play it where you can look:

  faultproxy run --upstream wss://staging.example.com --record out.jsonl
  faultproxy replay out.jsonl                       a client of ws://127.0.0.1:8080 sees what that one saw
  faultproxy replay out.jsonl --conn 3 --speed 10   the third connection, ten times as fast
  faultproxy replay out.jsonl --once --json         in a test: ends when all was played

The n-th client that connects gets the n-th connection of the recording: how its upgrade was
answered (with the status, the subprotocol, Retry-After and other headers), how late, or not at all;
then every frame that left for the client, whatever fault made it, and how the connection ended:
Close, FIN, reset, or silence on a line that stays open.

  by the clock    everything, at the time since the opening at which it was recorded
  in answer       pongs, and the answers to the text ping, {"type":"ping"}, and the heartbeats of
                  Phoenix and MQTT. The n-th of the new client is answered as the n-th of the
                  recorded one: as late, with what the new one carried, or not. Later ones are
                  answered as the last that was recorded; a ping where none was, at once.
  to its Close    what followed the Close of the recorded client. If that sent none, its code and
                  a FIN.
  to its FIN      a FIN

A connection that was open when the recorder was stopped ends when that stopped; one that was open
when it was killed stays open. What the new client sends else is recorded and has no influence,
except that a client that breaks RFC 6455 is closed, with 1002, 1007 or 1009.

Not played: what was never recorded, which is told beforehand, with the line (bodies of refusals,
secrets in headers, what of long payloads was not kept, unless --pad); plain HTTP; connections that
ended without an upgrade request; a server that stops reading.

Exit status: 0 after SIGINT, SIGTERM, --ttl or --once, once all connections are closed; 1 if it
cannot listen or the new recording is incomplete; 2 if the command line is wrong, or the recording
is none, has no connection, is of a later version, or is damaged other than in its last line.`
}

// Run plays the recording until the session ends.
func (c *replayCmd) Run(s *session) error {
	if err := checkListen("--listen", c.Listen); err != nil {
		return err
	}
	recorded, err := c.read(s)
	if err != nil {
		return err
	}
	srv := recorded.Server()
	srv.TLS, srv.Timeline = c.TLS, timeline.New()
	if srv.Listener, err = listen("--listen", c.Listen); err != nil {
		return err
	}
	record, err := c.recording()
	if err != nil {
		return errors.Join(err, srv.Listener.Close())
	}
	ctx, cancel, b := c.open(s, srv.Timeline)
	defer cancel()
	if err := srv.Start(); err != nil {
		return errors.Join(err, srv.Listener.Close())
	}
	authority := &authorityFile{}
	defer authority.remove()
	if err := authority.add(srv.AuthorityPEM()); err != nil {
		return errors.Join(err, srv.Close())
	}
	ready := readyLine(srv.Timeline, srv.URL, authority)
	if err := b.tell(&teller{tl: srv.Timeline, recording: record, ready: ready}, nil); err != nil {
		return errors.Join(err, srv.Close())
	}
	b.begin(ready, c.greeting(srv, recorded, authority))
	if c.Once {
		awaitEnds(ctx, srv.Timeline, len(recorded.Conns))
	} else {
		<-ctx.Done()
	}
	err = srv.Close()
	err = errors.Join(err, b.end(nil))
	return errors.Join(err, failed(srv.Failures()))
}

// awaitEnds waits until the first n connections are over, or the context is done.
func awaitEnds(ctx context.Context, tl *timeline.Timeline, n int) {
	for i := 1; i <= n; i++ {
		if _, err := tl.Wait(ctx, timeline.Ended(i)); err != nil {
			return
		}
	}
}

// read reads the recording, and says what of it is not played as it was.
func (c *replayCmd) read(s *session) (*replay.Recording, error) {
	doc, err := c.content(s)
	if err != nil {
		return nil, usageError{err}
	}
	r, err := replay.Read(doc, replay.Options{Conn: int(c.Conn), Pad: c.Pad})
	if err != nil {
		return nil, badUsage("%s: %w", c.File, err)
	}
	r.Speed, r.Once = float64(c.Speed), c.Once
	for _, n := range r.Notes {
		s.complain("%s:%d: %s", c.File, n.Line, n.Text)
	}
	return r, nil
}

func (c *replayCmd) content(s *session) ([]byte, error) {
	in := s.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	in, err := c.part(in, c.File)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}

// greeting is what a person reads first.
func (c *replayCmd) greeting(srv *fakeserver.Server, r *replay.Recording, authority *authorityFile) []string {
	lines := []string{
		fmt.Sprintf("faultproxy replays %s at %s", c.File, srv.URL),
		"  plays      " + r.String() + " of the recording, " + c.pace(),
	}
	if ca := authority.name(); ca != "" {
		lines = append(lines, "  authority  "+ca+" (clients have to trust it)")
	}
	if c.Record != "" {
		lines = append(lines, "  recording  "+c.Record)
	}
	if !onLoopback(srv.Listener.Addr()) {
		lines = append(lines, "  note       open to other machines")
	}
	return append(lines, "")
}

// pace says how fast and how often it is played.
func (c *replayCmd) pace() string {
	text := "again and again"
	if c.Once {
		text = "once"
	}
	if c.Speed != 1 {
		text += fmt.Sprintf(", %g times as fast", float64(c.Speed))
	}
	return text
}
