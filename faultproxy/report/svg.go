package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
)

// canvas collects the elements of a drawing.
type canvas struct{ b bytes.Buffer }

// px writes a length, to the tenth of a pixel.
func px(v float64) string {
	return strconv.FormatFloat(float64(int(v*10+0.5))/10, 'f', -1, 64)
}

// escaped makes text safe between tags and in attributes. What XML cannot hold becomes
// U+FFFD.
func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(&c.b, format, args...) }

// line draws a line of a class.
func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.printf(`<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`+"\n", class, px(x1), px(y1), px(x2), px(y2))
}

// rect draws a box with round corners.
func (c *canvas) rect(class string, x, y, width, height, radius float64) {
	c.printf(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`+"\n", class, px(x), px(y), px(width), px(height), px(radius))
}

// text writes text; anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.printf(`<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`+"\n", class, px(x), px(y), anchor, escaped(s))
}

// path draws a path.
func (c *canvas) path(class, d string) { c.printf(`<path class="%s" d="%s"/>`+"\n", class, d) }

// arrowhead draws the tip of an arrow that points at x, from the left if right.
func (c *canvas) arrowhead(class string, x, y float64, right bool) {
	back := 8.0
	if right {
		back = -8
	}
	c.path(class, fmt.Sprintf("M%s %sL%s %sL%s %sZ", px(x), px(y), px(x+back), px(y-4), px(x+back), px(y+4)))
}

// cross marks where something ended on its way.
func (c *canvas) cross(class string, x, y float64) {
	c.path(class, fmt.Sprintf("M%s %sL%s %sM%s %sL%s %s", px(x-4), px(y-4), px(x+4), px(y+4), px(x-4), px(y+4), px(x+4), px(y-4)))
}
