//go:build linux

package fidelity

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

func showed(cells ...cell) result {
	return result{seen: seen{cells: cells}}
}

func TestDifferencesAreFound(t *testing.T) {
	sub, it := subject{preset: "some"}, item{name: "scenario"}
	client := func(values ...string) cell { return cell{"client", values} }
	late := func(d ...time.Duration) result { return result{seen: seen{times: []timing{{"end", d}}}} }
	for name, c := range map[string]struct {
		real, ours result
		equal      bool
	}{
		"the same":                  {showed(client("FIN")), showed(client("FIN")), true},
		"another":                   {showed(client("FIN")), showed(client("RST")), false},
		"one of two":                {showed(client("FIN", "RST")), showed(client("FIN")), false},
		"none":                      {showed(client("FIN")), showed(), false},
		"one that only we have":     {showed(), showed(client("FIN")), false},
		"a conversation that fails": {showed(client("FIN")), result{err: errors.New("no answer")}, false},
		"a time that is near":       {late(0), late(tight), true},
		"a time that is off":        {late(0), late(tight + 1), false},
		"a spread that is off":      {late(0, 0, time.Second), late(0, 0, 0), false},
		"no time":                   {late(0), late(), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range compare(sub, it, c.real, c.ours) {
				if v.equal != c.equal || v.excepted != nil {
					t.Errorf("judged %t, excepted %v", v.equal, v.excepted)
				}
			}
		})
	}
}

func TestRacesAllowTheirOutcomesOnly(t *testing.T) {
	sub, it := subject{preset: "nginx"}, item{name: races[0].item}
	for value, want := range map[string]bool{"RST": true, "open": false} {
		v := compare(sub, it, showed(cell{"client", []string{"FIN", "RST"}}), showed(cell{"client", []string{value}}))
		if len(v) != 1 || v[0].equal != want || !v[0].raced {
			t.Errorf("%s: judged %v, want equal %t", value, v, want)
		}
	}
}

func TestExceptionsMustBeNeeded(t *testing.T) {
	for _, sub := range subjects {
		var own int
		for _, e := range exceptions {
			if e.preset == sub.preset {
				own++
			}
		}
		if got := len(stale(sub, nil)); got != own {
			t.Errorf("%s: %d of %d exceptions are found stale when nothing differs", sub.preset, got, own)
		}
		var all []verdict
		for i := range exceptions {
			all = append(all, verdict{excepted: &exceptions[i]})
		}
		if left := stale(sub, all); left != nil {
			t.Errorf("%s: needed, and found stale: %v", sub.preset, left)
		}
	}
}

// An exception or a race that names no scenario excepts nothing.
func TestExceptionsNameScenarios(t *testing.T) {
	plays := func(preset, pattern string) bool {
		return slices.ContainsFunc(subjects, func(sub subject) bool {
			return match(preset, sub.preset) && slices.ContainsFunc(sub.claimed(), func(it item) bool { return match(pattern, it.name) })
		})
	}
	for _, e := range exceptions {
		if !plays(e.preset, e.item) {
			t.Errorf("exception %v: no such scenario", e)
		}
	}
	for _, r := range races {
		if !plays(r.preset, r.item) || r.reason == "" || len(r.values) < 2 {
			t.Errorf("race %v: no such scenario, no reason, or one outcome", r)
		}
	}
}

// What is excepted stands in the preset's own doc, and nothing else stands there.
func TestExceptionsAreSaidByTheirPresets(t *testing.T) {
	for _, p := range middlebox.All() {
		used := make([]int, len(p.Differs))
		for _, e := range exceptions {
			if e.preset != p.Name {
				continue
			}
			var said int
			for i, sentence := range p.Differs {
				if strings.HasPrefix(sentence, e.differs) {
					used[i]++
					said++
				}
			}
			if said != 1 || e.differs == "" {
				t.Errorf("exception %v: %d sentences of the preset's Differs begin like this, want one", e, said)
			}
		}
		for i, n := range used {
			if n == 0 {
				t.Errorf("%s says that it differs, and no exception needs it: %s", p.Name, p.Differs[i])
			}
		}
	}
}

// TABLE.md gives the reasons in the presets' words.
func TestTableGivesTheReasons(t *testing.T) {
	text, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	sections := split(string(text))
	for _, e := range exceptions {
		if !strings.Contains(sections[e.preset], "\n- "+e.reason()+": ") {
			t.Errorf("TABLE.md does not say of %s: %s", e.preset, e.reason())
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "anything", true}, {"a*", "ab", true}, {"a*", "ba", false},
		{"*b", "ab", true}, {"a*c*e", "abcde", true}, {"a*c*e", "abde", false}, {"a*a", "a", false}, {"SIG*[x]", "SIGTERM [x]", true},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("%q matches %q: %t", c.pattern, c.name, got)
		}
	}
}

func TestFramesOfAStream(t *testing.T) {
	stream := func(parts ...[]byte) ending {
		b := slices.Concat(parts...)
		return ending{data: b, n: len(b)}
	}
	for _, c := range []struct {
		e    ending
		want string
	}{
		{stream(), "nothing"},
		{stream(serverFrame(opText, "hello"), serverFrame(opClose, "\x03\xe9bye")), `a message of 5, close 1001 "bye"`},
		{stream([]byte{opClose, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2}), "close 1000"},
		{stream(serverFrame(opBinary, string(make([]byte, 300))), serverFrame(opText, "cut")[:3]), "a message of 300, 3 more bytes"},
		{stream([]byte("HTTP/1.1 500 Oh\r\nServer: x\r\n\r\n")), "a page: HTTP/1.1 500 Oh"},
		{ending{data: make([]byte, keep), n: keep + 1}, "65537 bytes"},
	} {
		if got := frames(c.e); got != c.want {
			t.Errorf("says %q, want %q", got, c.want)
		}
	}
}
