package schema

import "strings"

// Suggest returns the known name that got is probably a slip of, or "". Letter
// case, hyphens and underscores do not count; otherwise about one letter in three
// may be wrong, missing, too many, or swapped with its neighbour.
func Suggest(got string, known []string) string {
	best, least := "", len([]rune(got))/3+2
	for _, name := range known {
		d := distance(fold(got), fold(name))
		if d < least && d < len([]rune(name)) {
			best, least = name, d
		}
	}
	return best
}

// options ends a complaint about an unknown name: what was meant, what there is.
func options(got string, known []string) string {
	if len(known) == 0 {
		return "; there are none here"
	}
	if s := Suggest(got, known); s != "" {
		return `; did you mean "` + s + `"? known: ` + strings.Join(known, ", ")
	}
	return "; known: " + strings.Join(known, ", ")
}

// list joins names as a sentence does: "a, b or c".
func list(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}

var separators = strings.NewReplacer("-", "", "_", "")

func fold(s string) []rune { return []rune(separators.Replace(strings.ToLower(s))) }

// distance counts the insertions, deletions, replacements and swaps of neighbours
// between two words (optimal string alignment).
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d := min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
