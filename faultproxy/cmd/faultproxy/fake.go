package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// fakeCmd is `faultproxy fake`.
type fakeCmd struct {
	Listen string `group:"path" placeholder:"ADDR" default:"127.0.0.1:9000" help:"Where clients connect. Port 0 takes any free one. Default: ${default}."`
	TLS    bool   `group:"path" name:"tls" help:"Serve wss, with a certificate made for this run."`

	Script single `short:"c" group:"server" placeholder:"FILE" help:"Do what a YAML or JSON file says, connection by connection, instead of what URLs say; see below."`

	output
}

// Help is shown below the flags.
func (*fakeCmd) Help() string {
	return `Examples:

  faultproxy fake                                  then connect to ws://127.0.0.1:9000/close?code=4001&after=2s
  faultproxy fake --script restart.yaml --json --ttl 1m
  faultproxy run --upstream ws://127.0.0.1:9000    a proxy in front of it

What the URL says:

` + fakeserver.URLs + `
A file has handlers: the first connection gets the first, the second the second, and the last one
serves the rest. A handler is echo, silent, stall, by-url, reject, redirect, handshake, or a script,
which is a list of steps:

  - {reject: {status: 503, headers: {Retry-After: 1}}, times: 2}
  - script:
      - session: graphql-transport-ws
      - {wait-for: {json: {path: type, value: subscribe}}, times: 2}
      - send: '{"type":"next","id":"1"}'
      - pause: 200ms
      - close: {code: 1012, reason: restart}
  - echo

  steps    expect, wait-for, send, send-raw, reply, pause, repeat, script
  orders   session, beat, {answer-beats: {dialect: phoenix, policy: {stop-after: 3}}}, ignore,
           {on: {op: close}, do: [{pause: 5s}, echo-close]}, {every: 5s, do: …}, {when-idle: 60s, do: …}
  before   {handshake: [{pause: 4s}, …]}, of reject, redirect, accept-with, require-header,
           require-subprotocol, require-bearer, require-basic, pause, send-raw, and the ends below, first
  ends     close, fin, half-close, reset, freeze, go-dark, stop-reading

A map has handlers, after_last (repeat-last, refuse-rest or fail), routes (by path, header, query
and subprotocol, each with handlers), http (answers to plain requests, by path), subprotocols and
compression. go doc github.com/heartbreak-ws/heartbreak/fakeserver.Parse has all of it.

Exit status: 0 after SIGINT, SIGTERM or --ttl, once all connections are closed; 1 if it cannot
listen, if the recording is incomplete, or if a script failed: a step saw the wrong frame, a client
left it unfinished, or a handler was never reached; 2 if the command line or the file is wrong.`
}

// Run runs the server until the session ends.
func (c *fakeCmd) Run(s *session) error {
	if err := checkListen("--listen", c.Listen); err != nil {
		return err
	}
	srv := &fakeserver.Server{Handlers: []fakeserver.Handler{fakeserver.ByURL}}
	if c.Script != "" {
		var err error
		if srv, err = readScript(string(c.Script)); err != nil {
			return err
		}
	}
	srv.TLS, srv.Timeline = c.TLS, timeline.New()
	var err error
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
	wrong := followURLs(s, srv.Timeline)
	ready := readyLine(srv.Timeline, srv.URL, authority)
	if err := b.tell(&teller{tl: srv.Timeline, recording: record, ready: ready}, nil); err != nil {
		return errors.Join(err, srv.Close())
	}
	b.begin(ready, c.greeting(srv, authority))
	<-ctx.Done()
	err = srv.Close()
	err = errors.Join(err, b.end(nil))
	<-wrong
	return errors.Join(err, failed(srv.Failures()))
}

// readScript reads a server from a file. What goes wrong in it later is said with the
// place of the step in the file.
func readScript(path string) (*fakeserver.Server, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, badUsage("--script: %w", err)
	}
	var srv *fakeserver.Server
	s := source{file: path, doc: string(doc)}
	err = s.read(func(tree any, body ast.Node) []problem {
		err := schema.Decode(tree, func(n schema.Node) {
			srv = fakeserver.Decode(n, func(path string) string {
				p := s.at(locate(body, path), "", "")
				return fmt.Sprintf("%s:%d:%d", s.file, max(p.line, 1), max(p.column, 1))
			})
		})
		return s.placed(err, body)
	})
	return srv, err
}

// followURLs says of every URL that means nothing why, until the timeline is closed;
// then it closes the channel.
func followURLs(s *session, tl *timeline.Timeline) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range tl.Follow(context.Background()) {
			if e.Kind == timeline.KindError && e.Field("what") == "URL" {
				s.complain("connection %d: %s", e.Conn, e.Field("error"))
			}
		}
	}()
	return done
}

// failed is the error of what went wrong in scripts.
func failed(failures []fakeserver.Failure) error {
	if len(failures) == 0 {
		return nil
	}
	lines := make([]string, len(failures))
	for i, f := range failures {
		lines[i] = f.String()
	}
	return errors.New(strings.Join(lines, "\n"))
}

// greeting is what a person reads first.
func (c *fakeCmd) greeting(srv *fakeserver.Server, authority *authorityFile) []string {
	lines := []string{"faultproxy fakes a server at " + srv.URL}
	if c.Script == "" {
		lines = append(lines, "  behaviour  what the URL says, such as "+srv.URL+"/close?code=4001&after=2s; GET / explains it")
	} else {
		lines = append(lines, "  script     "+string(c.Script))
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
