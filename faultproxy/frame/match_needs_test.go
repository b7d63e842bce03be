package frame_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestNeeds(t *testing.T) {
	text := frame.OpcodesOf(frame.OpText)
	for _, c := range []struct {
		m    frame.Match
		want frame.Needs
	}{
		{frame.Any, frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes}},
		{frame.Op(frame.OpText), frame.Needs{Dirs: frame.Both, Opcodes: text}},
		{frame.Text("x"), frame.Needs{Dirs: frame.Both, Opcodes: text, Payload: true}},
		{frame.AllOf(frame.Op(frame.OpText), frame.Toward(frame.ToClient)), frame.Needs{Dirs: frame.ToClient, Opcodes: text}},
		{frame.AllOf(frame.Op(frame.OpText), frame.Contains("x")), frame.Needs{Dirs: frame.Both, Opcodes: text, Payload: true}},
		{frame.AnyOf(frame.Op(frame.OpText), frame.Op(frame.OpPing)), frame.Needs{Dirs: frame.Both, Opcodes: frame.OpcodesOf(frame.OpText, frame.OpPing)}},
		{frame.AnyOf(frame.Toward(frame.ToClient), frame.Text("x")), frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes, Payload: true}},
		{frame.Not(frame.Op(frame.OpText)), frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes &^ text}},
		{frame.Not(frame.Toward(frame.ToClient)), frame.Needs{Dirs: frame.ToServer, Opcodes: frame.AllOpcodes}},
		{frame.Not(frame.Text("x")), frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes, Payload: true}},
		{frame.Not(frame.Any), frame.Needs{}},
		{frame.Not(frame.Toward(frame.Both)), frame.Needs{}},
		{frame.Size(1, 2), frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes}},
	} {
		if got := c.m.Needs(); got != c.want {
			t.Errorf("%s needs %+v, want %+v", c.m, got, c.want)
		}
	}
}

// Random matches on random frames: what matches is covered by Needs, and a match
// that needs no payload says the same without it.
func TestNeedsIsNeverTooNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	matched := 0
	for range 20_000 {
		m, v := randomMatch(r, 3), randomView(r)
		needs, yes := m.Needs(), m.Match(v)
		if yes {
			matched++
			if !needs.Dirs.Has(v.Dir) || !needs.Opcodes.Has(v.Header.Opcode) {
				t.Fatalf("%s matches a %s %s but needs %+v", m, v.Header.Opcode, v.Dir, needs)
			}
		}
		if !needs.Payload {
			v.Payload = nil
			if m.Match(v) != yes {
				t.Fatalf("%s says otherwise without the payload", m)
			}
		}
	}
	if matched < 2000 {
		t.Errorf("only %d matched: the test says too little", matched)
	}
}

var samples = []string{"", "ping", "x", "hi x", `{"type":"pong","n":[1,2]}`, "\x00\xff", "ä\tb"}

func randomView(r *rand.Rand) frame.View {
	f := frame.Frame{
		Fin: r.IntN(3) > 0, Opcode: frame.Opcode(r.IntN(16)), RSV: uint8(r.IntN(8)),
		Payload: []byte(samples[r.IntN(len(samples))]),
	}
	v := view(frame.Direction(1+r.IntN(2)), f)
	if r.IntN(6) == 0 {
		v.Opaque, v.Payload = true, nil
	}
	return v
}

// randomMatch makes a match of every kind that can be written to a file.
func randomMatch(r *rand.Rand, depth int) frame.Match {
	kinds := 11
	if depth == 0 {
		kinds = 8
	}
	several := func() []frame.Match {
		list := make([]frame.Match, 1+r.IntN(4))
		for i := range list {
			list[i] = randomMatch(r, depth-1)
		}
		return list
	}
	sample := samples[r.IntN(len(samples))]
	switch r.IntN(kinds) {
	case 0:
		return frame.Op(frame.Opcode(r.IntN(16)), frame.Opcode(r.IntN(16)))
	case 1:
		return frame.Toward(frame.Direction(1 + r.IntN(3)))
	case 2:
		return frame.Equals(sample)
	case 3:
		return []frame.Match{frame.Contains(strings.ToValidUTF8(sample, "")), frame.Regexp("^[a-z]+$"), frame.Any}[r.IntN(3)]
	case 4:
		return []frame.Match{frame.JSON("type", "pong"), frame.JSON("$.n[1]", 2), frame.JSON("n", []int{1, 2}), frame.JSON("n[0]", 0.5), frame.JSON("m", nil)}[r.IntN(5)]
	case 5:
		return frame.Size(int64(r.IntN(3)), int64(r.IntN(20)+2))
	case 6:
		return []frame.Match{frame.Size(2, -1), frame.Fin(true), frame.Fin(false)}[r.IntN(3)]
	case 7:
		return frame.Frame{Opcode: frame.Opcode(r.IntN(16)), Payload: []byte(sample)}
	case 8:
		return frame.Not(randomMatch(r, depth-1))
	case 9:
		return frame.AnyOf(several()...)
	}
	return frame.AllOf(several()...)
}
