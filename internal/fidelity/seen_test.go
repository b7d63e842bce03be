//go:build linux

package fidelity

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// seen is what the conversations of one scenario showed through one middlebox.
type seen struct {
	cells []cell
	times []timing
}

// cell is one thing that is compared, and what it was in each conversation:
// distinct values, sorted.
type cell struct {
	name   string
	values []string
}

func (c cell) String() string { return strings.Join(c.values, " or ") }

// timing is how much later than expected something happened, in each
// conversation; before is negative.
type timing struct {
	name string
	late []time.Duration
}

func (s *seen) is(name, format string, args ...any) {
	s.cells = append(s.cells, cell{name, []string{fmt.Sprintf(format, args...)}})
}

func (s *seen) late(name string, d time.Duration) {
	s.times = append(s.times, timing{name, []time.Duration{d}})
}

// add joins what another conversation of the same scenario showed.
func (s *seen) add(o seen) {
	for _, c := range o.cells {
		i := slices.IndexFunc(s.cells, func(have cell) bool { return have.name == c.name })
		if i < 0 {
			s.cells = append(s.cells, c)
			continue
		}
		all := append(slices.Clone(s.cells[i].values), c.values...)
		slices.Sort(all)
		s.cells[i].values = slices.Compact(all)
	}
	for _, t := range o.times {
		i := slices.IndexFunc(s.times, func(have timing) bool { return have.name == t.name })
		if i < 0 {
			s.times = append(s.times, t)
			continue
		}
		s.times[i].late = append(slices.Clone(s.times[i].late), t.late...)
	}
}

// get returns the cell of that name, or one without values.
func (s seen) get(name string) cell {
	for _, c := range s.cells {
		if c.name == name {
			return c
		}
	}
	return cell{name: name}
}

// spread is the least, the middle and the greatest of a timing.
func (t timing) spread() (low, mid, high time.Duration) {
	all := slices.Sorted(slices.Values(t.late))
	if len(all) == 0 {
		return 0, 0, 0
	}
	return all[0], all[len(all)/2], all[len(all)-1]
}

func (t timing) String() string {
	low, mid, high := t.spread()
	return fmt.Sprintf("%v/%v/%v (n=%d)", low.Round(100*time.Microsecond), mid.Round(100*time.Microsecond), high.Round(100*time.Microsecond), len(t.late))
}

// frames says what a stream holds: its frames, and what of it is none.
func frames(e ending) string {
	var said []string
	left, cut := e.data, e.n > len(e.data)
	for len(left) > 0 {
		text, n := oneFrame(left)
		if n == 0 {
			break
		}
		said, left = append(said, text), left[n:]
	}
	switch {
	case strings.HasPrefix(string(left), "HTTP/"):
		line, _, _ := strings.Cut(string(left), "\r\n")
		said = append(said, "a page: "+line)
	case cut:
		return fmt.Sprintf("%d bytes", e.n)
	case len(left) > 0:
		said = append(said, fmt.Sprintf("%d more bytes", len(left)))
	}
	if said == nil {
		return "nothing"
	}
	return strings.Join(said, ", ")
}

// oneFrame names the whole legal frame at the beginning of b. n is 0 if there is
// none.
func oneFrame(b []byte) (text string, n int) {
	if len(b) < 2 || b[0]&0x70 != 0 {
		return "", 0
	}
	n, size := 2, uint64(b[1]&0x7f)
	switch {
	case size == 126 && len(b) >= 4:
		n, size = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		n, size = 10, binary.BigEndian.Uint64(b[2:])
	case size >= 126:
		return "", 0
	}
	var key []byte
	if b[1]&0x80 != 0 {
		if n += 4; n > len(b) {
			return "", 0
		}
		key = b[n-4 : n]
	}
	if size > uint64(len(b)) || n+int(size) > len(b) {
		return "", 0
	}
	payload := slices.Clone(b[n : n+int(size)])
	for i := range key {
		for j := i; j < len(payload); j += 4 {
			payload[j] ^= key[i]
		}
	}
	n += int(size)
	switch b[0] {
	case opText, opBinary:
		return fmt.Sprintf("a message of %d", size), n
	case opPing:
		return "a ping", n
	case opPong:
		return "a pong", n
	case opClose:
		if size < 2 {
			return "a close without code", n
		}
		text = fmt.Sprintf("close %d", binary.BigEndian.Uint16(payload))
		if size > 2 {
			text += fmt.Sprintf(" %q", payload[2:])
		}
		return text, n
	}
	return "", 0
}
