package heartbeat

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// WrongAnswer returns what looks like an answer but does not belong to the beat that
// the given one answers: another payload where beats are correlated by payload,
// another value at the path where they are by JSON, and else, where nothing but its
// look tells an answer, a text or payload that is none.
func (d Dialect) WrongAnswer(answer frame.Frame) frame.Frame {
	wrong := answer
	switch d.Correlate.By {
	case ByJSON:
		path := d.Correlate.Path
		if d.Correlate.AnswerPath != "" {
			path = d.Correlate.AnswerPath
		}
		if payload, ok := spoil(answer.Payload, path); ok {
			wrong.Payload = payload
			return wrong
		}
	case ByPayload:
		if len(answer.Payload) > 0 {
			wrong.Payload = slices.Clone(answer.Payload)
			for i := range wrong.Payload {
				wrong.Payload[i] ^= 1 // still text, if it was
			}
			return wrong
		}
	}
	wrong.Payload = []byte("wrong")
	return wrong
}

// spoil returns a JSON document with another value at the path.
func spoil(document []byte, path string) ([]byte, bool) {
	old, ok := lookup(document, path)
	if !ok {
		return nil, false
	}
	value := []byte(`"wrong"`)
	if bytes.Equal(old, value) {
		value = []byte(`"wrong again"`)
	}
	steps, err := parsePath(path)
	if err != nil {
		return nil, false
	}
	return replace(document, steps, value)
}

// replace returns the JSON with a value put at the end of the steps.
func replace(document json.RawMessage, steps []step, value json.RawMessage) (json.RawMessage, bool) {
	if len(steps) == 0 {
		return value, true
	}
	var changed any
	if steps[0].key == "" {
		var list []json.RawMessage
		if json.Unmarshal(document, &list) != nil || steps[0].index >= len(list) {
			return nil, false
		}
		part, ok := replace(list[steps[0].index], steps[1:], value)
		if !ok {
			return nil, false
		}
		list[steps[0].index], changed = part, list
	} else {
		var object map[string]json.RawMessage
		if json.Unmarshal(document, &object) != nil {
			return nil, false
		}
		part, ok := replace(object[steps[0].key], steps[1:], value)
		if !ok {
			return nil, false
		}
		object[steps[0].key], changed = part, object
	}
	b, err := json.Marshal(changed)
	return b, err == nil
}
