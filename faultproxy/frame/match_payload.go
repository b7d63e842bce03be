package frame

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// payloadNeeds is what every match on payloads needs: the bytes, of any frame.
var payloadNeeds = Needs{Dirs: Both, Opcodes: AllOpcodes, Payload: true}

// Equals matches frames with exactly this payload. Combine it with [Op] for one
// kind of frame, or use a [Frame], which is a match itself.
func Equals[T ~string | ~[]byte](payload T) Match { return equalsMatch{payload: string(payload)} }

type equalsMatch struct {
	trigger
	payload string
}

func (m equalsMatch) String() string    { return "frame " + m.words() }
func (m equalsMatch) Match(v View) bool { return !v.Opaque && string(v.Payload) == m.payload }
func (equalsMatch) Needs() Needs        { return payloadNeeds }

func (m equalsMatch) words() string {
	if p := []byte(m.payload); !printable(p) {
		return "equal to hex " + hexShort(p)
	}
	return "equal to " + quoteShort([]byte(m.payload))
}

func (m equalsMatch) tree() (conditions, error) { return equalTo([]byte(m.payload)), nil }

// equalTo is how documents write an exact payload: as text if it is some.
func equalTo(payload []byte) conditions {
	if printable(payload) {
		return conditions{"equals": string(payload)}
	}
	return conditions{"hex": hex.EncodeToString(payload)}
}

// Contains matches frames whose payload has s somewhere in it. Every payload
// contains the empty string.
func Contains(s string) Match { return containsMatch{part: s} }

type containsMatch struct {
	trigger
	part string
}

func (m containsMatch) String() string { return "frame " + m.words() }
func (m containsMatch) words() string  { return "containing " + quoteShort([]byte(m.part)) }
func (containsMatch) Needs() Needs     { return payloadNeeds }
func (m containsMatch) Match(v View) bool {
	return !v.Opaque && bytes.Contains(v.Payload, []byte(m.part))
}

func (m containsMatch) tree() (conditions, error) {
	if utf8.ValidString(m.part) {
		return conditions{"contains": m.part}, nil
	}
	return nil, fmt.Errorf("the match %q cannot be written to a file: its text is not UTF-8; match the whole payload with equals (written as hex) instead", m)
}

// Regexp matches frames whose payload the regular expression matches somewhere
// (Go's syntax; anchor with ^ and $). Like [regexp.MustCompile] it panics if the
// expression does not compile.
func Regexp(re string) Match {
	compiled, err := regexp.Compile(re)
	if err != nil {
		panic("frame.Regexp(" + strconv.Quote(re) + "): " + err.Error())
	}
	return regexpMatch{re: compiled}
}

type regexpMatch struct {
	trigger
	re *regexp.Regexp
}

func (m regexpMatch) String() string            { return "frame " + m.words() }
func (m regexpMatch) words() string             { return "matching /" + m.re.String() + "/" }
func (m regexpMatch) Match(v View) bool         { return !v.Opaque && m.re.Match(v.Payload) }
func (regexpMatch) Needs() Needs                { return payloadNeeds }
func (m regexpMatch) tree() (conditions, error) { return conditions{"regexp": m.re.String()}, nil }

// JSON matches frames whose payload is a JSON document with this value at this
// path. The path is like `a.b[0].c`, `[1]`, `a["x.y"]`, optionally begun with `$`;
// `$` alone is the whole document. The value is nil, a bool, a string, a number or
// whatever else encoding/json can write; numbers compare by value (1 is 1.0 is 1e0),
// and a missing key is not null. JSON panics on a path or a value that is none.
func JSON(path string, value any) Match {
	m, err := newJSONMatch(path, value)
	if err != nil {
		panic(fmt.Sprintf("frame.JSON(%q, %v): %v", path, value, err))
	}
	return m
}

type jsonMatch struct {
	trigger
	path  jsonPath
	value any // as decodeJSON returns it; never changed
	// literals are in every payload that matches, unless it has escapes.
	literals []string
}

func newJSONMatch(path string, value any) (Match, error) {
	parsed, err := parseJSONPath(path)
	if err != nil {
		return nil, err
	}
	plain, err := plainJSON(value)
	if err != nil {
		return nil, err
	}
	m := jsonMatch{path: parsed, value: plain}
	for _, step := range parsed.steps {
		m.addLiteral(step.key)
	}
	if text, ok := plain.(string); ok {
		m.addLiteral(text)
	}
	return m, nil
}

// addLiteral adds a key or value, unless it may come from bytes that are not UTF-8,
// which decoding replaces.
func (m *jsonMatch) addLiteral(s string) {
	if s != "" && !strings.ContainsRune(s, utf8.RuneError) {
		m.literals = append(m.literals, s)
	}
}

// impossible says cheaply, for most payloads that do not match, that they do not.
func (m jsonMatch) impossible(payload []byte) bool {
	if bytes.IndexByte(payload, '\\') >= 0 {
		return false
	}
	return slices.ContainsFunc(m.literals, func(s string) bool { return !bytes.Contains(payload, []byte(s)) })
}

func (m jsonMatch) String() string { return "frame " + m.words() }
func (m jsonMatch) words() string  { return "with JSON " + m.path.text + " = " + jsonText(m.value) }
func (jsonMatch) Needs() Needs     { return payloadNeeds }

func (m jsonMatch) Match(v View) bool {
	if v.Opaque || m.impossible(v.Payload) {
		return false
	}
	found, ok := m.path.find(v.Payload)
	return ok && sameJSON(found, m.value)
}

func (m jsonMatch) tree() (conditions, error) {
	return conditions{"json": map[string]any{"path": m.path.text, "value": treeJSON(m.value)}}, nil
}

// Func matches the frames that fn says yes to, which must depend on nothing but the
// view and be safe for use by many goroutines. It is asked about every frame, with
// its payload. The name is for messages, where it is shown as `func NAME (Go only)`;
// such a match cannot be written to a file.
func Func(name string, fn func(View) bool) Match {
	if fn == nil {
		panic("frame.Func(" + strconv.Quote(name) + "): the function is nil")
	}
	return funcMatch{name: name, fn: fn}
}

type funcMatch struct {
	trigger
	name string
	fn   func(View) bool
}

func (m funcMatch) String() string    { return "func " + m.name + " (Go only)" }
func (m funcMatch) words() string     { return "by " + m.String() }
func (m funcMatch) Match(v View) bool { return m.fn(v) }
func (funcMatch) Needs() Needs        { return payloadNeeds }

func (m funcMatch) tree() (conditions, error) {
	return nil, fmt.Errorf("the match %q cannot be written to a file: it is a Go function; use op, dir, contains, regexp, json and the like instead", m)
}
