package frame_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// violations walks a stream in pieces and returns, frame by frame, the rules that
// the checker says are broken, header and payload apart.
func violations(stream []byte, fromClient, deflate bool, next func() int) [][]string {
	var found [][]string
	var p frame.Parser
	c := frame.Checker{FromClient: fromClient, Deflate: deflate}
	note := func(v *frame.Violation) {
		if v != nil {
			last := len(found) - 1
			found[last] = append(found[last], v.Rule)
		}
	}
	for left := bytes.Clone(stream); len(left) > 0; {
		piece := left[:min(len(left), max(1, next()))]
		left = left[len(piece):]
		for len(piece) > 0 {
			part, n := p.Next(piece)
			piece = piece[n:]
			if part.Start {
				found = append(found, nil)
				note(c.Header(part.Header))
			}
			if part.End || len(part.Payload) > 0 {
				if part.Header.Masked {
					frame.Mask(part.Payload, part.Header.Key, int(part.Offset&3))
				}
				note(c.Payload(part.Payload, part.End))
			}
		}
	}
	return found
}

func TestHeaderAndPayloadAreJudgedApart(t *testing.T) {
	for _, c := range []struct {
		name   string
		frames []frame.Frame
		want   [][]string
	}{
		{"each Close by itself", []frame.Frame{frame.Close(1006, ""), frame.Close(1005, ""), frame.Close(1000, "fine")},
			[][]string{{"forbidden-close-code"}, {"close-after-close", "forbidden-close-code"}, {"close-after-close"}}},
		{"a stray continuation is no text", []frame.Frame{frame.Text("fine"), frame.Continuation(true, []byte("\xff"))},
			[][]string{nil, {"unexpected-continuation"}}},
		{"text after the Close is still text", []frame.Frame{frame.EmptyClose(), frame.Text("\xff")},
			[][]string{nil, {"data-after-close", "text-not-utf8"}}},
		{"one report for a payload", []frame.Frame{frame.Close(1006, "\xff")}, [][]string{{"forbidden-close-code"}}},
	} {
		var stream []byte
		for _, f := range c.frames {
			stream = f.Append(stream)
		}
		for piece := 1; piece <= len(stream); piece++ {
			if got := violations(stream, false, false, func() int { return piece }); !slices.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("%s, in pieces of %d: %v, want %v", c.name, piece, got, c.want)
			}
		}
	}
}

func FuzzChecker(f *testing.F) {
	f.Add([]byte("\x88\x05\x00\x00\x80zz"), false, false, uint64(1))            // a bad code and a bad reason
	f.Add([]byte("\x88\x1a\x03\xe8\xf0"+rep("0", 23)), false, false, uint64(1)) // a character that breaks off
	for _, c := range checkCases {
		var stream []byte
		for _, each := range c.sent() {
			stream = each.Append(stream)
		}
		f.Add(stream, c.fromClient, c.deflate, uint64(1))
	}
	f.Fuzz(func(t *testing.T, stream []byte, fromClient, deflate bool, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		want := violations(stream, fromClient, deflate, whole(stream))
		got := violations(stream, fromClient, deflate, func() int { return r.IntN(9) })
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("in pieces %v, whole %v", got, want)
		}
	})
}
