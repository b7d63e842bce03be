package timeline

import (
	"fmt"
	"io"
)

// WriteEnds writes the first and the last events of the view as text, as
// [View.WriteText] does, and between them how many were left out. It is for logs,
// where a long timeline would bury everything else.
func (v *View) WriteEnds(w io.Writer, first, last int) error {
	total := 0
	for range v.All() {
		total++
	}
	f := v.Formatter()
	var line []byte
	n := 0
	for e := range v.All() {
		n++
		line = f.Append(line[:0], e)
		switch {
		case n <= first || n > total-last:
			line = append(line, '\n')
		case n == first+1:
			line = fmt.Appendf(line[:0], "… %s left out here …\n", plural(total-first-last, "event"))
		default:
			continue
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}
