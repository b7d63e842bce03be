package resilience

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Client says what is run: a program ([Command]) or a function ([Func]). It is an
// immutable value that may be started any number of times, and prints as the calls
// that made it. The zero value cannot be started.
type Client struct {
	name    string // of Named
	program string // of a Command
	args    []string
	env     []string
	dir     string
	label   string // of a Func
	run     func(context.Context, *Session) error
}

// Command is a program with its arguments, which may hold the placeholders {url},
// {http} and {host}; see the package documentation. A program without a slash is
// looked for in the folders of PATH; one with a slash is relative to Dir, if that is
// set. There is no shell.
func Command(name string, args ...string) Client {
	return Client{program: name, args: slices.Clone(args)}
}

// Func is a function that is the client. It runs in a goroutine of its own, in the
// bubble of its caller if there is one, and has exited when it returns. It has to
// return when ctx is done, which is at the end of the test or when [Session.Stop] is
// called. A panic in it fails the test when that ends.
func Func(name string, run func(ctx context.Context, s *Session) error) Client {
	return Client{label: name, run: run}
}

// Env adds variables, each written KEY=value, to the program's environment. They win
// over the test's environment and over those of the target; of two with the same
// name the last wins. The placeholders stand for the target here, too.
func (c Client) Env(kv ...string) Client {
	c.env = slices.Concat(c.env, kv)
	return c
}

// Dir sets the program's working directory. A relative path starts at the test's,
// which is also the default.
func (c Client) Dir(path string) Client {
	c.dir = path
	return c
}

// Named gives the client a name, by which several on one target are told apart: it is
// the field "client" of the events about it, its reports included.
func (c Client) Named(name string) Client {
	c.name = name
	return c
}

// Name returns the name given by Named. The default is the file name of a program,
// without ".exe", and the name of a Func.
func (c Client) Name() string {
	switch {
	case c.name != "":
		return c.name
	case c.isFunc():
		return c.label
	case c.program == "":
		return "Client{}"
	}
	return strings.TrimSuffix(filepath.Base(c.program), ".exe")
}

func (c Client) isFunc() bool { return c.run != nil || c.label != "" }

// String returns the calls that make the client, such as
// Command("node", "client.mjs").Env("HEARTBEAT_MS=500"). The values of variables and
// arguments that are named like a secret are left out.
func (c Client) String() string {
	var b strings.Builder
	switch {
	case c.isFunc():
		b.WriteString("Func(" + c.label + ")")
	case c.program != "":
		b.WriteString("Command(" + quoted(append([]string{c.program}, maskedArgs(c.args)...)) + ")")
	default:
		b.WriteString("Client{}")
	}
	if len(c.env) > 0 {
		b.WriteString(".Env(" + quoted(maskedEnv(c.env)) + ")")
	}
	if c.dir != "" {
		b.WriteString(".Dir(" + strconv.Quote(c.dir) + ")")
	}
	if c.name != "" {
		b.WriteString(".Named(" + strconv.Quote(c.name) + ")")
	}
	return b.String()
}

// check says what is wrong with the client.
func (c Client) check() error {
	switch {
	case c.isFunc() && c.run == nil:
		return errors.New("its function is nil")
	case c.isFunc() && (len(c.env) > 0 || c.dir != ""):
		return errors.New("Env and Dir are of a Command; a Func runs in the test's own process")
	case c.Name() == "":
		return errors.New("it has no name; give it one in Func")
	case !c.isFunc() && c.program == "":
		return errors.New("it is no program and no function; make it with Command or Func")
	}
	for i, kv := range c.env {
		if key, _, ok := strings.Cut(kv, "="); !ok || key == "" {
			return fmt.Errorf("variable %d of Env is not written KEY=value", i+1)
		}
	}
	return nil
}
