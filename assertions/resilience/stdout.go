package resilience

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What of a program's standard output can become reports. A timeline never drops
// reports, so a program that prints without end has to be stopped here.
const (
	maxLine    = 1 << 20  // bytes of one line
	maxReports = 64 << 20 // bytes of all
)

// stdout reads a program's standard output: lines that are reports go to the
// timeline, the others to the tail.
type stdout struct {
	s        *Session
	rest     tail
	line     []byte // so far
	long     bool   // it is too long: what follows of it goes to the tail
	reported int    // bytes of the reports
}

// read returns when the output ends.
func (o *stdout) read(r io.Reader) {
	in := bufio.NewReaderSize(r, 32<<10)
	for {
		part, err := in.ReadSlice('\n')
		o.take(part)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			o.finish()
			return
		}
		if err == nil {
			o.finish()
		}
	}
}

// take adds a part of a line.
func (o *stdout) take(part []byte) {
	if o.long {
		_, _ = o.rest.Write(part)
		return
	}
	o.line = append(o.line, part...)
	if len(o.line) > maxLine {
		if bytes.HasPrefix(bytes.TrimSpace(o.line), []byte("{")) {
			o.lost(fmt.Sprintf("its line has more than %d bytes", maxLine))
		}
		_, _ = o.rest.Write(o.line)
		o.line, o.long = nil, true
	}
}

// finish ends the line.
func (o *stdout) finish() {
	line := o.line
	o.line, o.long = o.line[:0], false
	if len(line) == 0 {
		return
	}
	name, fields, ok := parseReport(line)
	switch {
	case !ok:
		_, _ = o.rest.Write(line)
	case o.reported > maxReports:
	default:
		if o.reported += len(line); o.reported > maxReports {
			o.lost(fmt.Sprintf("the client's reports have more than %d bytes; this one and all later ones are left out", maxReports))
			return
		}
		o.s.Report(name, fields...)
	}
}

// lost notes that something was not recorded.
func (o *stdout) lost(why string) {
	o.s.tl.Note("report not recorded", o.s.who(), timeline.Field{Name: "why", Value: why})
}
