package timeline

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// ReadError says where a recording stopped being readable. The timeline that
// comes with it has everything before.
type ReadError struct {
	Line int // counted from 1
	Kept int // events read before it
	Err  error
}

// Error returns the line, what is wrong with it, and what was kept.
func (e *ReadError) Error() string {
	return fmt.Sprintf("recording, line %d: %v (the %s before it were kept)", e.Line, e.Err, plural(e.Kept, "event"))
}

// Unwrap returns Err.
func (e *ReadError) Unwrap() error { return e.Err }

// ReadJSONL reads a recording, as [Timeline.WriteJSONL] and the proxy's --record
// and --json write it. The timeline is closed and unbounded; its Now is the time of
// its last event. What was redacted when it was recorded stays so, and recordings
// from elsewhere are redacted while they are read.
//
// Events and keys that this version does not know are passed over. A line that
// cannot be read (often the last, if the recorder was killed) ends the reading:
// the error is then a [*ReadError], and the timeline, never nil, has all events
// before that line.
func ReadJSONL(r io.Reader) (*Timeline, error) {
	t := newAt(time.Unix(0, 0).UTC(), Limits{Events: math.MaxInt, Bytes: math.MaxInt, Payload: math.MaxInt})
	t.recorded, t.closed = true, true
	close(t.done)
	lines := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, end := lines.ReadBytes('\n')
		if end != nil && !errors.Is(end, io.EOF) {
			return t, &ReadError{Line: n, Kept: t.Len(), Err: end}
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := t.readLine(text); err != nil {
				if end != nil {
					err = fmt.Errorf("the recording ends in the middle of a line: %w", err)
				}
				return t, &ReadError{Line: n, Kept: t.Len(), Err: err}
			}
		}
		if end != nil {
			return t, nil
		}
	}
}

func (t *Timeline) readLine(line []byte) error {
	members, err := object(line)
	if err != nil {
		return err
	}
	var name string
	for _, m := range members {
		if m.key == "event" {
			if err := m.into(&name); err != nil {
				return err
			}
		}
	}
	switch name {
	case "":
		return errors.New(`not an event: no "event" key`)
	case "ready":
		return t.readReady(members)
	}
	kind, err := ParseKind(name)
	if err != nil {
		return nil // of a later version, or of another program on the same stream
	}
	l := lineReader{Record: Record{Kind: kind, Plain: true}}
	for _, m := range members {
		if err := l.read(m); err != nil {
			return err
		}
	}
	l.Rule = t.Intern(l.rule)
	t.append(&l.Record, l.truncated)
	return nil
}

func (t *Timeline) readReady(members []member) error {
	for _, m := range members {
		var err error
		switch m.key {
		case "v":
			var v int
			if err = m.into(&v); err == nil && v > Version {
				err = fmt.Errorf("the recording is of version %d and this program reads up to %d: use a newer one", v, Version)
			}
		case "start":
			var text string
			if err = m.into(&text); err == nil {
				var start time.Time
				if start, err = time.Parse(time.RFC3339Nano, text); err == nil {
					t.start = start
				}
			}
		case "seed":
			var seed uint64
			text := strings.Trim(string(m.value), `"`) // other writers may have made it a number
			if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
				err = fmt.Errorf("key \"seed\": %q is not a number from 0 to 2^64-1", text)
			}
			t.SetSeed(seed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lineReader gathers a record from the keys of a line.
type lineReader struct {
	Record
	rule      string
	truncated bool
}

func (l *lineReader) read(m member) error {
	switch m.key {
	case "event", "proxy":
		return nil
	case "t":
		at, err := parseSeconds(string(m.value))
		l.At = at
		return err
	case "conn":
		var n uint32
		err := m.into(&n)
		l.Conn = int(n)
		return err
	case "dir":
		return m.named(func(s string) (err error) { l.Dir, err = frame.ParseDirection(s); return err })
	case "seen":
		return m.named(func(s string) error {
			seen, ok := ParseSeen(s)
			if l.Seen = seen; !ok {
				return fmt.Errorf("unknown %q: use arrived, left or passed", s)
			}
			return nil
		})
	case "at":
		return m.named(func(s string) (err error) { l.Vantage, err = parseVantage(s); return err })
	case "rule":
		return m.into(&l.rule)
	case "bytes", "count":
		if err := m.into(&l.Bytes); err != nil {
			return err
		}
		if l.Bytes < 0 || l.Kind == KindLost && int64(l.Bytes) > 1<<40 {
			return fmt.Errorf("key %q: %d cannot be", m.key, l.Bytes)
		}
		return nil
	case "text":
		var s string
		err := m.into(&s)
		l.Payload = []byte(s)
		return err
	case "base64":
		return m.named(func(s string) (err error) { l.Payload, err = base64.StdEncoding.DecodeString(s); return err })
	case "truncated":
		return m.into(&l.truncated)
	case "queued":
		return m.into(&l.Queued)
	case "inflated":
		return m.into(&l.Inflated)
	case "opaque":
		return m.into(&l.Opaque)
	case "fields":
		return l.readFields(m)
	}
	if l.Kind.isFrame() && frameKeys[m.key] {
		return l.readHeader(m)
	}
	var value string
	if l.Kind != KindEnded && m.into(&value) == nil && m.value[0] == '"' {
		l.Fields = append(l.Fields, Field{Name: m.key, Value: value})
	}
	return nil
}

func (l *lineReader) readHeader(m member) error {
	h := &l.Header
	switch m.key {
	case "op":
		return m.named(func(s string) (err error) { h.Opcode, err = frame.ParseOpcode(s); return err })
	case "fin":
		return m.into(&h.Fin)
	case "rsv":
		err := m.into(&h.RSV)
		if h.RSV > 7 {
			return fmt.Errorf("key \"rsv\": %d is more than three bits", h.RSV)
		}
		return err
	case "masked":
		return m.into(&h.Masked)
	case "key":
		return m.named(func(s string) error {
			key, err := hex.DecodeString(s)
			if err != nil || len(key) != 4 {
				return fmt.Errorf("%q is not 8 hex digits", s)
			}
			h.Key = [4]byte(key)
			return nil
		})
	case "len":
		return m.into(&h.Length)
	case "size":
		err := m.into(&h.Size)
		if err == nil && (h.Size < 0 || h.Size > 14) {
			return fmt.Errorf("key \"size\": a frame header takes 2 to 14 bytes, not %d", h.Size)
		}
		return err
	}
	return nil // code and reason are in the payload
}

func (l *lineReader) readFields(m member) error {
	var pairs [][]string
	if err := m.into(&pairs); err != nil {
		return err
	}
	for _, p := range pairs {
		if len(p) != 2 {
			return fmt.Errorf(`key "fields": want pairs ["name","value"], got %q`, p)
		}
		l.Fields = append(l.Fields, Field{Name: p[0], Value: p[1]})
	}
	return nil
}
