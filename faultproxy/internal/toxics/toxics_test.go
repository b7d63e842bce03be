package toxics_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/toxics"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// read reads a toxic as a configuration file has it.
func read(t *testing.T, doc string) toxics.Toxic {
	t.Helper()
	v, err := decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func decode(doc string) (v toxics.Toxic, err error) {
	var tree any
	if err := json.Unmarshal([]byte(doc), &tree); err != nil {
		return v, err
	}
	err = schema.Decode(tree, func(n schema.Node) { v = toxics.Decode(n) })
	return v, err
}

func TestToxicsAsRules(t *testing.T) {
	for _, each := range []struct{ toxic, rules string }{
		{`{"type": "latency", "attributes": {"latency": 100, "jitter": 20}}`, "latency_downstream: latency 100ms±20ms to-client"},
		{`{"type": "bandwidth", "stream": "upstream", "attributes": {"rate": 3}}`, "bandwidth_upstream: rate 3000 B/s to-server"},
		{`{"type": "bandwidth"}`, "bandwidth_downstream: rate 0 B/s to-client"},
		{`{"type": "slow_close", "name": "s", "attributes": {"delay": 5}}`, "s: slow-close 5ms to-client"},
		{`{"type": "timeout"}`, "timeout_downstream: discard-bytes to-client"},
		{`{"type": "timeout", "attributes": {"timeout": 50}}`, "timeout_downstream: discard-bytes to-client, until nothing came for 50ms"},
		{`{"type": "reset_peer"}`, "reset_peer_downstream: reset-peer to-client"},
		{`{"type": "reset_peer", "attributes": {"timeout": 50}}`, "reset_peer_downstream: reset-peer 50ms after something came to-client"},
		{`{"type": "slicer", "attributes": {"average_size": 10, "size_variation": 5, "delay": 1500}}`, "slicer_downstream: slice 10±5 B, 1.5ms apart to-client"},
		{`{"type": "limit_data", "toxicity": 0.254, "attributes": {"bytes": 9}}`, "limit_data_downstream: limit 9 B to-client, then end both sides with full-close, all connections, 25 % of them"},
		{`{"type": "limit_data", "toxicity": 0}`, ""},
		{`{"type": "noop"}`, ""},
	} {
		var got []string
		toxic := read(t, each.toxic)
		for _, r := range toxic.Rules() {
			name := r.Name
			r.Name = ""
			got = append(got, fmt.Sprintf("%s: %v", name, r))
			if err := new(faultproxy.Proxy).Check(r); err != nil {
				t.Errorf("%s: %v", each.toxic, err)
			}
		}
		if text := strings.Join(got, "; "); text != each.rules {
			t.Errorf("%s\n is %s\nwant %s", each.toxic, text, each.rules)
		}
	}
}

// What one rule can express comes back as the toxic it was.
func TestRulesAsToxics(t *testing.T) {
	for _, doc := range []string{
		`{"type": "latency", "attributes": {"latency": 100, "jitter": 20}}`, `{"type": "bandwidth", "stream": "upstream", "attributes": {"rate": 3}}`,
		`{"type": "slow_close", "attributes": {"delay": 5}}`, `{"type": "timeout"}`, `{"type": "timeout", "toxicity": 0.5, "attributes": {"timeout": 50}}`,
		`{"type": "reset_peer"}`, `{"type": "reset_peer", "stream": "upstream", "attributes": {"timeout": 50}}`, `{"type": "limit_data", "toxicity": 0.25, "attributes": {"bytes": 9}}`,
		`{"type": "slicer", "attributes": {"average_size": 10, "size_variation": 5, "delay": 1500}}`,
	} {
		toxic := read(t, doc)
		got, is := toxics.Of(toxic.Rules()[0])
		if want, have := text(toxic), text(got); !is || want != have {
			t.Errorf("%s came back as %s, %v", want, have, is)
		}
	}
	for _, r := range []faultproxy.Rule{
		{Do: faultproxy.Latency{Delay: 1}},                                           // both directions
		{Do: faultproxy.Latency{Delay: 1, Dir: frame.ToClient}},                      // no whole millisecond
		{Do: faultproxy.Rate{BytesPerSecond: 1500, Dir: frame.ToClient}},             // no whole kilobytes
		{Do: faultproxy.DiscardBytes{Dir: frame.ToClient}, After: 1},                 // for a time
		{Do: faultproxy.DiscardBytes{Dir: frame.ToClient}, Conns: faultproxy.Nth(2)}, // for some
		{Name: "a/b", Do: faultproxy.DiscardBytes{Dir: frame.ToClient}},              // no name of a toxic
		{On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}},
	} {
		if toxic, is := toxics.Of(r); is {
			t.Errorf("%v is shown as %s", r, text(toxic))
		}
	}
}

func text(t toxics.Toxic) string {
	raw, err := json.Marshal(t)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func TestToxicsThatCannotBe(t *testing.T) {
	for doc, want := range map[string]string{
		`{}`:                                  "type: missing",
		`{"type": "latncy"}`:                  `did you mean "latency"`,
		`{"type": "latency", "stream": "up"}`: "stream",
		`{"type": "latency", "attributes": {"rate": 1}}`:                             `unknown key "rate"`,
		`{"type": "bandwidth", "attributes": {"rate": -1}}`:                          "rate is -1",
		`{"type": "slicer"}`:                                                         "average_size is 0",
		`{"type": "noop", "toxicity": 2}`:                                            "toxicity is 2",
		`{"type": "latency", "attributes": {"latency": 1.5}}`:                        "attributes.latency",
		`{"type": "slicer", "attributes": {"average_size": 5, "size_variation": 5}}`: "a variation less than it",
	} {
		if _, err := decode(doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", doc, err, want)
		}
	}
}
