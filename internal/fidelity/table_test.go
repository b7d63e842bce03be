//go:build linux

package fidelity

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// section is a subject's part of TABLE.md. It holds no times and no chance, so that
// it is the same each time.
func section(t *testing.T, sub subject, verdicts []verdict) string {
	var b strings.Builder
	compared, equal := tally(verdicts)
	fmt.Fprintf(&b, "## %s\n\nAgainst %s %s: %d cells compared, %d equal, %d excepted.\n\n",
		sub.preset, sub.program.name, sub.program.release(t), compared, equal, compared-equal)
	b.WriteString("| scenario | cells | equal | excepted |\n| --- | ---: | ---: | ---: |\n")
	for _, it := range sub.claimed() {
		own := slices.DeleteFunc(slices.Clone(verdicts), func(v verdict) bool { return v.item != it.name })
		n, same := tally(own)
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", it.name, n, same, orNone(n-same))
	}
	if differing := differences(verdicts); len(differing) > 0 {
		b.WriteString("\nExceptions:\n\n")
		for _, d := range differing {
			fmt.Fprintf(&b, "- %s\n", d)
		}
	}
	var skipped []string
	for _, it := range sub.items() {
		if why := sub.skips(it.name); why != "" {
			skipped = append(skipped, fmt.Sprintf("- %s: %s\n", it.name, why))
		}
	}
	if skipped != nil {
		b.WriteString("\nNot claimed by the preset, not played:\n\n" + strings.Join(skipped, ""))
	}
	n, otherwise := opinion(sub, verdicts, record(t))
	fmt.Fprintf(&b, "\nThe record of 22 November 2026 has %d of these cells of the program, and says otherwise in %s.\n", n, orNone(len(otherwise)))
	for _, o := range otherwise {
		fmt.Fprintf(&b, "\n- %s", o)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func orNone(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func tally(verdicts []verdict) (compared, equal int) {
	for _, v := range verdicts {
		if v.excepted == nil {
			equal++
		}
	}
	return len(verdicts), equal
}

// differences names the excepted cells by their reason. Some of them may have come
// out equal today.
func differences(verdicts []verdict) (said []string) {
	cells := map[string][]string{}
	var reasons []string
	for _, v := range verdicts {
		if v.excepted == nil {
			continue
		}
		reason := v.excepted.reason()
		if cells[reason] == nil {
			reasons = append(reasons, reason)
		}
		cells[reason] = append(cells[reason], v.item+" ("+v.cell+")")
	}
	for _, r := range reasons {
		said = append(said, r+": "+strings.Join(cells[r], "; "))
	}
	return said
}

const tableFile = "TABLE.md"

const tableHead = "# The presets beside the programs they are named after\n\n" +
	"Made by `go test ./internal/fidelity -real -update`; README.md beside this file says what it means.\n"

// table keeps those who write TABLE.md apart.
var table sync.Mutex

// checkTable compares a section with TABLE.md, or writes it there.
func checkTable(t *testing.T, sub subject, verdicts []verdict) {
	t.Helper()
	now := section(t, sub, verdicts)
	t.Logf("\n%s", now)
	table.Lock()
	defer table.Unlock()
	text, err := os.ReadFile(tableFile)
	if err != nil && !*update {
		t.Fatalf("%v; go test ./internal/fidelity -real -update writes it", err)
	}
	sections := split(string(text))
	if sections[sub.preset] == now {
		return
	}
	if !*update {
		t.Errorf("TABLE.md does not say this of %s; go test ./internal/fidelity -real -update writes it:\n%s", sub.preset, now)
		return
	}
	sections[sub.preset] = now
	if err := os.WriteFile(tableFile, []byte(join(sections)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// split takes a table apart into its sections, by the preset.
func split(text string) map[string]string {
	sections := map[string]string{}
	for _, part := range strings.Split(text, "\n## ")[1:] {
		name, _, _ := strings.Cut(part, "\n")
		sections[name] = "## " + strings.TrimRight(part, "\n") + "\n"
	}
	return sections
}

func join(sections map[string]string) string {
	text := tableHead + "\n| preset | program | cells compared | equal | excepted |\n| --- | --- | ---: | ---: | ---: |\n"
	for _, sub := range subjects {
		if s, ok := sections[sub.preset]; ok {
			text += summary(sub.preset, s)
		}
	}
	for _, sub := range subjects {
		if s, ok := sections[sub.preset]; ok {
			text += "\n" + s
		}
	}
	return text
}

// summary is the line of the first table, out of a section.
func summary(preset, section string) string {
	_, rest, _ := strings.Cut(section, "Against ")
	program, rest, _ := strings.Cut(rest, ": ")
	var compared, equal, excepted int
	_, _ = fmt.Sscanf(rest, "%d cells compared, %d equal, %d excepted.", &compared, &equal, &excepted)
	return fmt.Sprintf("| %s | %s | %d | %d | %d |\n", preset, program, compared, equal, excepted)
}
