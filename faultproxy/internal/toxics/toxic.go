// Package toxics translates between the toxics of Toxiproxy and rules: what a client of
// its API asks for becomes rules, and rules that a toxic can express are shown as such.
//
// Types and attributes are those of Toxiproxy 2.12
// (https://github.com/Shopify/toxiproxy#toxics).
package toxics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Toxic is one, as the API has it. Its JSON has the keys in the order in which
// Toxiproxy writes them.
type Toxic struct {
	Attributes Attributes `json:"attributes"`
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	Stream     string     `json:"stream"` // upstream or downstream, in any case
	Toxicity   float32    `json:"toxicity"`
}

// kind is a type of toxic.
type kind struct {
	name       string
	attributes []string
	goName     string // what Toxiproxy's errors call it
}

var kinds = []kind{
	{"noop", nil, "NoopToxic"},
	{"latency", []string{"latency", "jitter"}, "LatencyToxic"},
	{"bandwidth", []string{"rate"}, "BandwidthToxic"},
	{"slow_close", []string{"delay"}, "SlowCloseToxic"},
	{"timeout", []string{"timeout"}, "TimeoutToxic"},
	{"reset_peer", []string{"timeout"}, "ResetToxic"},
	{"slicer", []string{"average_size", "size_variation", "delay"}, "SlicerToxic"},
	{"limit_data", []string{"bytes"}, "LimitDataToxic"},
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// Known reports whether there is such a type.
func Known(name string) bool { _, ok := kindOf(name); return ok }

// Types lists the types.
func Types() []string {
	var list []string
	for _, k := range kinds {
		list = append(list, k.name)
	}
	return list
}

// Direction is that of a stream, of whatever case; 0 if there is no such stream.
func Direction(stream string) frame.Direction {
	switch strings.ToLower(stream) {
	case "upstream":
		return frame.ToServer
	case "downstream":
		return frame.ToClient
	}
	return 0
}

func streamOf(d frame.Direction) string {
	if d == frame.ToServer {
		return "upstream"
	}
	return "downstream"
}

// Attributes are the numbers of a toxic, by name, all of those its type has.
type Attributes struct {
	of     kind
	values map[string]int64
}

// NewAttributes returns those of a type, all 0.
func NewAttributes(typ string) Attributes {
	k, _ := kindOf(typ)
	a := Attributes{of: k, values: map[string]int64{}}
	for _, name := range k.attributes {
		a.values[name] = 0
	}
	return a
}

// Get returns a number; 0 if there is none of the name.
func (a Attributes) Get(name string) int64 { return a.values[name] }

// With returns the attributes with one changed, which the type must have.
func (a Attributes) With(name string, v int64) Attributes {
	values := map[string]int64{}
	for k, old := range a.values {
		values[k] = old
	}
	values[name] = v
	return Attributes{a.of, values}
}

// MarshalJSON writes them in the order of the type.
func (a Attributes) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range a.of.attributes {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%d", name, a.values[name])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Merge returns the attributes changed as the JSON of a request says; names that the
// type does not have are passed over, as by Toxiproxy.
func (a Attributes) Merge(raw json.RawMessage) (Attributes, error) {
	if len(raw) == 0 {
		return a, nil
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return a, fmt.Errorf("json: cannot unmarshal %s into Go struct field .attributes of type %s", kindOfJSON(raw), a.of.goName)
	}
	for _, name := range a.of.attributes {
		text := bytes.TrimSpace(given[name])
		if len(text) == 0 || string(text) == "null" {
			continue
		}
		var v int64
		if err := json.Unmarshal(text, &v); err != nil {
			return a, fmt.Errorf("json: cannot unmarshal %s into Go struct field %s.attributes.%s of type int64", kindOfJSON(text), a.of.goName, name)
		}
		a = a.With(name, v)
	}
	return a, nil
}

// kindOfJSON says what a value is, as encoding/json does.
func kindOfJSON(raw []byte) string {
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	}
	return "number " + string(raw)
}

// longest bounds times, in their units: more than a century would not fit.
const longest = int64(100 * 365 * 24 * time.Hour / time.Millisecond)

// Validate refuses what Toxiproxy takes and then crashes, hangs or misbehaves by:
// negative numbers, slices of no bytes, a toxicity that is no share.
func (t Toxic) Validate() error {
	for _, name := range t.Attributes.of.attributes {
		if v := t.Attributes.Get(name); v < 0 || v > longest {
			return fmt.Errorf("%s: %s is %d; want 0 to %d", t.Type, name, v, longest)
		}
	}
	if t.Toxicity < 0 || t.Toxicity > 1 || t.Toxicity != t.Toxicity {
		return fmt.Errorf("toxicity is %v; want a share of the connections, 0 to 1", t.Toxicity)
	}
	size, variation := t.Attributes.Get("average_size"), t.Attributes.Get("size_variation")
	if t.Type == "slicer" && (size < 1 || variation >= size) {
		return fmt.Errorf("slicer: average_size is %d and size_variation %d; want a size of at least 1, and a variation less than it", size, variation)
	}
	return nil
}
