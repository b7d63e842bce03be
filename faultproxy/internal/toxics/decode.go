package toxics

import (
	"cmp"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Decode reads a toxic from a part of a configuration file, with the keys that the API
// has. What is wrong is recorded at the node, and the result is then of no use.
func Decode(n schema.Node) Toxic {
	n.Only("name", "type", "stream", "toxicity", "attributes")
	t := Toxic{Type: n.Required("type").Enum(Types()...), Stream: "downstream", Toxicity: 1}
	if n.Failed() {
		return t
	}
	if stream := n.At("stream"); !stream.IsNull() {
		t.Stream = stream.Enum("upstream", "downstream")
	}
	t.Name = cmp.Or(n.At("name").String(), t.Type+"_"+t.Stream)
	if at := n.At("toxicity"); !at.IsNull() {
		t.Toxicity = float32(at.Float())
	}
	t.Attributes = NewAttributes(t.Type)
	given := n.At("attributes")
	if !given.IsNull() {
		given.Only(t.Attributes.of.attributes...)
	}
	for _, name := range t.Attributes.of.attributes {
		t.Attributes = t.Attributes.With(name, int64(given.At(name).Int()))
	}
	if !n.Failed() {
		if err := t.Validate(); err != nil {
			n.Fail("%v", err)
		}
	}
	return t
}
