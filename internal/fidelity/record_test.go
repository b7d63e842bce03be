//go:build linux

package fidelity

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// recorded is what one scenario showed through a program on 22 November 2026, in a
// few words: a third opinion. It was measured with another probe, on another day.
type recorded struct {
	Preset, Item   string
	Client, Server string // fin; fin, then rst; rst; none
	Traffic        string // alive or closed
	Status         int
}

// record reads testdata/record.jsonl.
func record(tb testing.TB) map[string]recorded {
	tb.Helper()
	f, err := os.Open("testdata/record.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	all := map[string]recorded{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			tb.Fatalf("%s: %v", lines.Text(), err)
		}
		all[r.Preset+" "+r.Item] = r
	}
	return all
}

// opinion compares what the real program showed with the record: how many cells
// the record has too, and those in which it says otherwise.
func opinion(sub subject, verdicts []verdict, all map[string]recorded) (n int, otherwise []string) {
	for _, v := range verdicts {
		r, ok := all[sub.preset+" "+v.item]
		said := ""
		switch {
		case !ok:
		case v.cell == "client":
			said = r.Client
		case v.cell == "server":
			said = r.Server
		case v.cell == "in traffic":
			said = r.Traffic
		case v.cell == "status line" && r.Status != 0:
			said = fmt.Sprint(r.Status)
		}
		if said == "" || v.real == gone || v.raced {
			continue
		}
		n++
		if !agrees(said, v.real) {
			otherwise = append(otherwise, fmt.Sprintf("%s: %s: recorded %q, now %q", v.item, v.cell, said, v.real))
		}
	}
	return n, otherwise
}

// agrees compares the record's words with the probe's, which tell more.
func agrees(said, now string) bool {
	for _, value := range strings.Split(now, " or ") {
		switch said {
		case "fin":
			if !strings.HasPrefix(value, "FIN") {
				return false
			}
		case "fin, then rst":
			if !strings.HasPrefix(value, "FIN") && value != resets {
				return false
			}
		case "rst":
			if value != resets && value != "FIN, then RST" {
				return false
			}
		case "none":
			if value != open {
				return false
			}
		default:
			if !strings.Contains(value, said) {
				return false
			}
		}
	}
	return true
}

func TestRecordIsOfTheseSubjects(t *testing.T) {
	known := map[string]bool{}
	for _, sub := range subjects {
		for _, it := range sub.items() {
			known[sub.preset+" "+it.name] = true
		}
	}
	for name := range record(t) {
		if !known[name] {
			t.Errorf("testdata/record.jsonl tells of %q, which nothing plays", name)
		}
	}
}
