package frame

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonPath is a parsed path into a JSON document.
type jsonPath struct {
	text  string // as it was written
	steps []jsonStep
}

// jsonStep is a key of an object, or an index into an array if isIndex.
type jsonStep struct {
	key     string
	index   int
	isIndex bool
}

// parseJSONPath reads `a.b[0].c`, `[1]`, `a["x.y"]`, each optionally after `$`.
func parseJSONPath(text string) (jsonPath, error) {
	bad := func(why string) (jsonPath, error) {
		return jsonPath{}, fmt.Errorf("%q is no JSON path: %s; write it like a.b[0].c, or $ for the whole document", text, why)
	}
	p := jsonPath{text: text}
	rest, rooted := strings.CutPrefix(text, "$")
	if text == "" {
		return bad("it is empty")
	}
	for first := !rooted; rest != ""; first = false {
		switch {
		case rest[0] == '[':
			step, after, why := parseBracket(rest)
			if why != "" {
				return bad(why)
			}
			p.steps = append(p.steps, step)
			rest = after
		case rest[0] == '.' && !first, first:
			if !first {
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return bad("a key is empty")
			}
			p.steps = append(p.steps, jsonStep{key: rest[:end]})
			rest = rest[end:]
		default:
			return bad("want . or [ before " + strconv.Quote(rest))
		}
	}
	return p, nil
}

// parseBracket reads `[0]` or `["key"]` at the beginning of s and returns what
// follows, or why it is neither.
func parseBracket(s string) (step jsonStep, rest, why string) {
	inner := s[1:]
	if strings.HasPrefix(inner, `"`) {
		quoted, err := strconv.QuotedPrefix(inner)
		if err != nil || !strings.HasPrefix(inner[len(quoted):], "]") {
			return jsonStep{}, "", `a quoted key needs "] behind it`
		}
		key, err := strconv.Unquote(quoted)
		if err != nil {
			return jsonStep{}, "", err.Error()
		}
		return jsonStep{key: key}, inner[len(quoted)+1:], ""
	}
	digits, rest, closed := strings.Cut(inner, "]")
	if !closed {
		return jsonStep{}, "", "a [ is not closed"
	}
	index, err := strconv.Atoi(digits)
	if err != nil || index < 0 {
		return jsonStep{}, "", fmt.Sprintf("[%s] is no index counted from 0; a key needs quotes", digits)
	}
	return jsonStep{index: index, isIndex: true}, rest, ""
}

// find returns the value at the path in a JSON document, as decodeJSON does. It is
// not found in what is not JSON.
func (p jsonPath) find(document []byte) (any, bool) {
	for _, step := range p.steps {
		if step.isIndex {
			var list []json.RawMessage
			if json.Unmarshal(document, &list) != nil || step.index >= len(list) {
				return nil, false
			}
			document = list[step.index]
			continue
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(document, &object) != nil {
			return nil, false
		}
		value, ok := object[step.key]
		if !ok {
			return nil, false
		}
		document = value
	}
	value, err := decodeJSON(document)
	return value, err == nil
}
