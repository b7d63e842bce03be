package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not be done
	exitUsage  = 2 // it was not asked for properly
)

const description = `A WebSocket proxy that breaks connections on purpose: between a client and its server, ` +
	`it does what networks and middleboxes do by accident, and says why each connection ended.`

// commands is the command line.
type commands struct {
	Run        runCmd        `cmd:"" help:"Stand between clients and a server, and break their connections."`
	Fake       fakeCmd       `cmd:"" help:"Be a server that misbehaves, by what the URL or a script says."`
	Presets    presetsCmd    `cmd:"" help:"List the middleboxes that run --preset can behave like, or explain one."`
	Explain    explainCmd    `cmd:"" help:"Say why the connections of a recording ended."`
	Replay     replayCmd     `cmd:"" help:"Be the server of a recording: play it to new clients, faults included."`
	Check      checkCmd      `cmd:"" help:"Check configurations and files of rules, scenarios, scripts and policies, and show what is wrong where it stands."`
	Schema     schemaCmd     `cmd:"" help:"Print the JSON schema of configurations, for editors."`
	Ctl        ctlCmd        `cmd:"" help:"Watch a faultproxy that runs, and tell it what to do."`
	Report     reportCmd     `cmd:"" help:"Make a page, an HTTP Archive or sequence diagrams of recordings."`
	Completion completionCmd `cmd:"" help:"Print what completes command lines in bash, zsh or fish."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Demo       demoCmd       `cmd:"" help:"See a socket die of an idle timeout, and be diagnosed. Takes a few seconds, needs nothing."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// session is what a command works with.
type session struct {
	ctx            context.Context // ends when the command should
	stdin          io.Reader
	stdout, stderr io.Writer
	screen         *screen // the terminal that stdout is; nil if it is none
}

func (s *session) complain(format string, args ...any) {
	text := strings.TrimPrefix(fmt.Sprintf(format, args...), "faultproxy: ") // the library's own
	fmt.Fprintln(s.stderr, "faultproxy: "+text)
}

// usageError is an error of whoever typed the command.
type usageError struct{ error }

func badUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is the whole program; it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	term := newScreen(stdout)
	defer term.hide()
	s := &session{ctx: ctx, stdin: stdin, stdout: term.over(stdout), stderr: term.over(stderr), screen: term}
	exited := -1 // --help exits from within the parser
	parser, err := newParser(kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		s.complain("%v", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		s.complain("%v", err)
		s.complain("see faultproxy%s --help", commandOf(err))
		return exitUsage
	}
	err = command.Run(s)
	var usage usageError
	switch {
	case errors.As(err, &usage):
		s.complain("%v", err)
		return exitUsage
	case err != nil:
		s.complain("%v", err)
		return exitFailed
	}
	return exitOK
}

// newParser makes the parser of the command line, which also describes it.
func newParser(more ...kong.Option) (*kong.Kong, error) {
	return kong.New(&commands{}, append(more, kong.Name("faultproxy"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(flagGroups))...)
}

// commandOf is the command whose arguments could not be parsed, behind a space.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Command() != "" {
		return strings.TrimPrefix(parse.Context.Selected().FullPath(), "faultproxy")
	}
	return ""
}
