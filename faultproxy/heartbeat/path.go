package heartbeat

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// step is one step of a path into JSON: a key, or an index where key is empty.
type step struct {
	key   string
	index int
}

// parsePath reads the paths that frame.JSON reads: `a.b[0].c`, `[1]`, `a["x.y"]`,
// each optionally after `$`.
func parsePath(path string) ([]step, error) {
	var steps []step
	rest := strings.TrimPrefix(path, "$")
	if rest != "" && rest[0] != '[' && rest[0] != '.' && rest == path {
		rest = "." + rest
	}
	for rest != "" {
		var s step
		var ok bool
		if s, rest, ok = parseStep(rest); !ok {
			return nil, fmt.Errorf("%q is no JSON path: write it like a.b[0].c, or $ for the whole document", path)
		}
		steps = append(steps, s)
	}
	if path == "" {
		return nil, fmt.Errorf("%q is no JSON path: write it like a.b[0].c, or $ for the whole document", path)
	}
	return steps, nil
}

// parseStep reads `.key`, `[0]` or `["key"]` and returns what follows.
func parseStep(s string) (first step, rest string, ok bool) {
	if s[0] == '.' {
		end := strings.IndexAny(s[1:], ".[") + 1
		if end == 0 {
			end = len(s)
		}
		return step{key: s[1:end]}, s[end:], end > 1
	}
	if s[0] != '[' {
		return step{}, "", false
	}
	if quoted, err := strconv.QuotedPrefix(s[1:]); err == nil {
		key, err := strconv.Unquote(quoted)
		rest, closed := strings.CutPrefix(s[1+len(quoted):], "]")
		return step{key: key}, rest, err == nil && closed && key != ""
	}
	digits, rest, closed := strings.Cut(s[1:], "]")
	index, err := strconv.Atoi(digits)
	return step{index: index}, rest, closed && err == nil && index >= 0
}

// lookup returns the JSON at a path of a document, as it is written there.
func lookup(document []byte, path string) (value json.RawMessage, ok bool) {
	steps, err := parsePath(path)
	if err != nil || !json.Valid(document) {
		return nil, false
	}
	value = document
	for _, s := range steps {
		if s.key == "" {
			var list []json.RawMessage
			if json.Unmarshal(value, &list) != nil || s.index >= len(list) {
				return nil, false
			}
			value = list[s.index]
			continue
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return nil, false
		}
		if value, ok = object[s.key]; !ok {
			return nil, false
		}
	}
	return value, true
}
