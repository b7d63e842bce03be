package timeline

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
)

// ErrOtherBubble is what waiting on a timeline returns where it cannot work: in
// another testing/synctest bubble than the one the timeline was made in, or
// inside a bubble on a timeline made outside of any. The runtime kills the whole
// process when a channel is used across bubbles, so this is found out first.
var ErrOtherBubble = errors.New("timeline of another synctest bubble")

// CheckBubble returns nil if the caller may wait on the timeline, and an error
// that wraps [ErrOtherBubble] if the timeline was made in another
// testing/synctest bubble than the one the caller runs in.
func (t *Timeline) CheckBubble() error {
	here := bubble()
	if here == t.bubble {
		return nil
	}
	return fmt.Errorf("%w: it was made %s and is waited for %s; "+
		"make the server, the proxy and their timeline where they are waited for",
		ErrOtherBubble, bubbleWords(t.bubble), bubbleWords(here))
}

// InBubble reports whether the timeline was made inside a testing/synctest bubble:
// whether its time is virtual.
func (t *Timeline) InBubble() bool { return t.bubble != 0 }

func bubbleWords(id uint64) string {
	if id == 0 {
		return "outside of any bubble"
	}
	return fmt.Sprintf("inside bubble %d", id)
}

// bubble returns the number of the synctest bubble the caller runs in, 0 if none.
func bubble() uint64 {
	var buf [128]byte
	return parseBubble(buf[:runtime.Stack(buf[:], false)])
}

// parseBubble finds the bubble in the first line of a stack trace, such as
// "goroutine 7 [running, synctest bubble 3]:". A runtime that writes no bubble
// there leaves the check blind, not wrong: everything is then in bubble 0.
func parseBubble(stack []byte) uint64 {
	line, _, _ := bytes.Cut(stack, []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte(" labels:{"))
	_, rest, ok := bytes.Cut(line, []byte(", synctest bubble "))
	if !ok {
		return 0
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	id, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
