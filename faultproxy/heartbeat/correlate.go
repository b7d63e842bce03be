package heartbeat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// CorrelateBy is a way to find the beat that an answer belongs to.
type CorrelateBy uint8

// The ways.
const (
	// ByOrder: an answer belongs to the oldest beat not answered yet. Text pairs,
	// graphql-transport-ws and MQTT have nothing better. After a lost answer every
	// later one counts for the beat before its own.
	ByOrder CorrelateBy = iota
	// ByPayload: an answer repeats the payload of its beat, as a pong does (RFC
	// 6455 section 5.5.3). Of several beats with that payload it is the oldest. As
	// that section permits to answer only the latest ping, beats older than the
	// answered one count as answered with it.
	ByPayload
	// ByJSON: beat and answer are JSON and agree in the value at a path, such as
	// Phoenix's ref.
	ByJSON
)

// Correlation is a way to find the beat of an answer, with its parameter. The zero
// value is by order.
type Correlation struct {
	By CorrelateBy
	// Path is, for ByJSON, where the value is, such as "ref" or "[1]".
	Path string
	// AnswerPath is, for ByJSON, where it is in the answer; empty if at Path too.
	AnswerPath string
}

// String returns "order", "payload" or `json "ref"`.
func (c Correlation) String() string {
	switch c.By {
	case ByOrder:
		return "order"
	case ByPayload:
		return "payload"
	case ByJSON:
		if c.AnswerPath != "" {
			return fmt.Sprintf("json %q, in the answer %q", c.Path, c.AnswerPath)
		}
		return fmt.Sprintf("json %q", c.Path)
	}
	return fmt.Sprintf("correlation(%d)", uint8(c.By))
}

func (c Correlation) validate() error {
	if c.By > ByJSON {
		return fmt.Errorf("%s is unknown: use order, payload or json", c)
	}
	if c.By != ByJSON {
		if c.Path != "" || c.AnswerPath != "" {
			return fmt.Errorf("by %s takes no path", c)
		}
		return nil
	}
	if c.Path == "" {
		return errors.New("json needs the path of the value, such as ref or [1]")
	}
	_, err := parsePath(c.Path)
	if err == nil && c.AnswerPath != "" {
		_, err = parsePath(c.AnswerPath)
	}
	return err
}

// key returns what a beat and its answer must have in common; it is not ok if the
// payload cannot tell.
func (c Correlation) key(v frame.View, answer bool) (key string, ok bool) {
	switch c.By {
	case ByPayload:
		return string(v.Payload), !v.Opaque
	case ByJSON:
		path := c.Path
		if answer && c.AnswerPath != "" {
			path = c.AnswerPath
		}
		if v.Opaque {
			return "", false
		}
		found, ok := lookup(v.Payload, path)
		if !ok {
			return "", false
		}
		var compact bytes.Buffer
		if json.Compact(&compact, found) != nil {
			return "", false
		}
		return compact.String(), true
	}
	return "", true
}
