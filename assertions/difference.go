package assertions

import "fmt"

// difference returns what has to be taken out of want ("-") and put in ("+") to make
// got, with a few lines around; nothing if they are equal.
func difference(want, got []string) []string {
	head := 0
	for head < min(len(want), len(got)) && want[head] == got[head] {
		head++
	}
	tail := 0
	for tail < min(len(want), len(got))-head && want[len(want)-1-tail] == got[len(got)-1-tail] {
		tail++
	}
	if head == len(want) && head == len(got) {
		return nil
	}
	edits := script(want[head:len(want)-tail], got[head:len(got)-tail])
	var all []string
	for _, line := range want[:head] {
		all = append(all, "  "+line)
	}
	all = append(all, edits...)
	for _, line := range want[len(want)-tail:] {
		all = append(all, "  "+line)
	}
	return around(all)
}

// maxTable bounds the work of script: what is longer is shown as replaced.
const maxTable = 4_000_000

// script is the shortest list of edits, by the longest common subsequence.
func script(want, got []string) []string {
	if (len(want)+1)*(len(got)+1) > maxTable {
		var all []string
		for _, line := range want {
			all = append(all, "- "+line)
		}
		for _, line := range got {
			all = append(all, "+ "+line)
		}
		return all
	}
	common := make([][]int, len(want)+1) // of what is left from i and j on
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var edits []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			edits = append(edits, "  "+want[i])
			i, j = i+1, j+1
		case i < len(want) && (j == len(got) || common[i+1][j] >= common[i][j+1]):
			edits = append(edits, "- "+want[i])
			i++
		default:
			edits = append(edits, "+ "+got[j])
			j++
		}
	}
	return edits
}

// around keeps three lines around each edit.
func around(lines []string) []string {
	const near = 3
	keep := make([]bool, len(lines))
	for i, line := range lines {
		if line[0] != ' ' {
			for k := max(i-near, 0); k <= min(i+near, len(lines)-1); k++ {
				keep[k] = true
			}
		}
	}
	var kept []string
	hidden := 0
	flush := func() {
		if hidden > 0 {
			kept = append(kept, fmt.Sprintf("… %s …", plural(hidden, "line")))
		}
		hidden = 0
	}
	for i, line := range lines {
		if !keep[i] {
			hidden++
			continue
		}
		flush()
		kept = append(kept, line)
	}
	flush()
	return kept
}
