package faultproxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Values that several faults have.

func decodeCode(n schema.Node) frame.CloseCode { return frame.CloseCode(n.IntIn(0, 65535)) }

// decodeOption returns the index of a name; 0 if the place is missing or wrong.
func decodeOption(n schema.Node, names []string) int {
	return max(slices.Index(names, n.Enum(names...)), 0)
}

func decodeEnding(n schema.Node) Ending { return Ending(decodeOption(n, endingNames)) }

// decodeSpread reads "100ms" or "100ms±20ms" (also written +-).
func decodeSpread(n schema.Node) (d, jitter time.Duration) {
	text, ok := n.Value().(string)
	if !ok {
		return n.Duration(), 0
	}
	mean, spread, found := strings.Cut(strings.Replace(text, "+-", "±", 1), "±")
	if !found {
		return n.Duration(), 0
	}
	d, err := time.ParseDuration(strings.TrimSpace(mean))
	if err == nil {
		jitter, err = time.ParseDuration(strings.TrimSpace(spread))
	}
	if err != nil || d < 0 || jitter < 0 {
		n.Fail("want a duration such as 100ms, or with its spread 100ms±20ms, got %q", text)
	}
	return d, jitter
}

func decodeHeaders(n schema.Node) http.Header {
	var h http.Header
	for _, name := range n.Keys() {
		for _, each := range n.At(name).OneOrMany() {
			if h == nil {
				h = http.Header{}
			}
			h[name] = append(h[name], decodeHeaderValue(each))
		}
	}
	return h
}

// decodeHeaderValue takes whole numbers as they are, since headers such as
// Retry-After hold some.
func decodeHeaderValue(n schema.Node) string {
	switch n.Value().(type) {
	case int, int64, uint64, float64:
		return strconv.Itoa(n.Int())
	}
	return n.String()
}

// headers sets a key to headers, unless there are none.
func (t tree) headers(key string, h http.Header) {
	if len(h) == 0 {
		return
	}
	sub := map[string]any{}
	for name, values := range h {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		if len(list) == 1 {
			sub[name] = list[0]
		} else if len(list) > 1 {
			sub[name] = list
		}
	}
	t[key] = sub
}
