package resilience

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// parseReport reads a line that is a JSON object with a text "event". The other
// members are fields, in their order: texts as they are, everything else as compact
// JSON.
func parseReport(line []byte) (name string, fields []timeline.Field, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
		return "", nil, false
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if _, err := d.Token(); err != nil {
		return "", nil, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", nil, false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return "", nil, false
		}
		value, isText := text(raw)
		switch {
		case key != "event" || ok:
			fields = append(fields, timeline.Field{Name: key.(string), Value: value})
		case !isText || value == "":
			return "", nil, false
		default:
			name, ok = value, true
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return "", nil, false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", nil, false
	}
	return name, fields, ok
}

// text returns a JSON value as a field has it, and whether it is a JSON string.
func text(raw json.RawMessage) (value string, isText bool) {
	if err := json.Unmarshal(raw, &value); err == nil && raw[0] == '"' {
		return value, true
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw), false
	}
	return b.String(), false
}
