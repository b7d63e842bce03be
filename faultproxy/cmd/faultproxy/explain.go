package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// explainCmd is `faultproxy explain`.
type explainCmd struct {
	File     string `arg:"" help:"A recording, made with faultproxy run --record FILE or --json; - is stdin."`
	Client   string `enum:"chromium,node-ws" default:"chromium" help:"Whose close event to report: ${enum}."`
	Timeline bool   `help:"Print the events too."`

	whose
}

// Help is shown below the flags.
func (*explainCmd) Help() string {
	return `Examples:

  faultproxy run --preset nginx --record out.jsonl    then, when a socket has died:
  faultproxy explain out.jsonl
  faultproxy explain all.jsonl --proxy api            of the output of run --config --json, which has several

Exit status: 1 if the recording cannot be read, or only in part; what could be read is explained.`
}

// Run prints why the connections of a recording ended.
func (c *explainCmd) Run(s *session) error {
	client, err := diagnosis.ParseClientKind(c.Client)
	if err != nil {
		return usageError{err}
	}
	in := s.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	in, err = c.part(in, c.File)
	if err != nil {
		return err
	}
	tl, broken := timeline.ReadJSONL(in)
	if c.Timeline {
		if err := tl.WriteText(s.stdout); err != nil {
			return err
		}
		fmt.Fprintln(s.stdout)
	}
	reports := diagnosis.Analyzer{Client: client}.All(tl)
	if tl.Len() == 0 && tl.Seed() == 0 && broken == nil {
		return errors.New("nothing to explain: the recording is empty, without even its first line")
	}
	if len(reports) == 0 && broken == nil {
		_, err := io.WriteString(s.stdout, "no connection in this recording\n")
		return err
	}
	if err := diagnosis.WriteText(s.stdout, reports); err != nil {
		return err
	}
	return broken
}
