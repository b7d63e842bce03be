package heartbeat

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// placeholder is a part of a template that stands for something else.
type placeholder struct {
	text string // as it stands in the template, braces included
	// fill returns what it stands for; not ok if the question does not have it. It is
	// nil if what stands there is no placeholder.
	fill func(n int, question frame.View) (value []byte, ok bool)
	err  error // why it can never be filled in
}

// bytesOf is the placeholder for bytes of the question, such as {@2:4}.
var bytesOf = regexp.MustCompile(`\{@(\d{1,9}):(\d{0,9})\}`)

// placeholder reads the one that s, part of the template, begins with.
func (t Template) placeholder(s string) placeholder {
	if m := bytesOf.FindStringSubmatchIndex(s); m != nil && m[0] == 0 {
		return bytesPlaceholder(s[:m[1]], s[m[2]:m[3]], s[m[4]:m[5]])
	}
	if t.Op != frame.OpText {
		return placeholder{}
	}
	switch {
	case strings.HasPrefix(s, "{n}"):
		return placeholder{text: "{n}", fill: func(n int, _ frame.View) ([]byte, bool) {
			return strconv.AppendInt(nil, int64(n), 10), true
		}}
	case strings.HasPrefix(s, "{$"):
		if path, _, closed := strings.Cut(s[1:], "}"); closed {
			return jsonPlaceholder(path)
		}
	case strings.HasPrefix(s, "{/"):
		if re, _, closed := strings.Cut(s[2:], "/}"); closed {
			return regexpPlaceholder(re)
		}
	}
	return placeholder{}
}

// bytesPlaceholder is for the bytes from one index up to another of the question.
func bytesPlaceholder(text, first, behind string) placeholder {
	from, _ := strconv.Atoi(first) // bytesOf matched digits
	to := -1
	if behind != "" {
		to, _ = strconv.Atoi(behind)
	}
	p := placeholder{text: text, fill: func(_ int, q frame.View) ([]byte, bool) {
		end := to
		if end < 0 {
			end = len(q.Payload)
		}
		if q.Opaque || from > end || end > len(q.Payload) {
			return nil, false
		}
		return q.Payload[from:end], true
	}}
	if to >= 0 && from > to {
		p.err = fmt.Errorf("placeholder %s ends before it begins", text)
	}
	return p
}

// jsonPlaceholder is for the JSON at a path of the question.
func jsonPlaceholder(path string) placeholder {
	p := placeholder{text: "{" + path + "}", fill: func(_ int, q frame.View) ([]byte, bool) {
		value, ok := lookup(q.Payload, path)
		return value, ok && !q.Opaque
	}}
	if _, err := parsePath(path); err != nil {
		p.err = fmt.Errorf("placeholder %s: %w", p.text, err)
	}
	return p
}

// regexpPlaceholder is for what a regular expression finds in the question.
func regexpPlaceholder(re string) placeholder {
	p := placeholder{text: "{/" + re + "/}"}
	compiled, err := regexp.Compile(re)
	if err != nil {
		p.err = fmt.Errorf("placeholder %s: %w", p.text, err)
	}
	p.fill = func(_ int, q frame.View) ([]byte, bool) {
		if compiled == nil || q.Opaque {
			return nil, false
		}
		found := compiled.FindSubmatch(q.Payload)
		if found == nil {
			return nil, false
		}
		return found[min(1, len(found)-1)], true
	}
	return p
}
