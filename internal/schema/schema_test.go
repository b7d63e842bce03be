package schema_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// problems decodes and returns what was complained about, line by line.
func problems(v any, fn func(schema.Node)) []string {
	err := schema.Decode(v, fn)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(lines, "\n  "))
	}
}

// The same document, whatever decoded it.
func TestOneDocumentInEveryForm(t *testing.T) {
	forms := map[string]any{
		"Go": map[string]any{"name": "restart", "times": 3, "rate": 0.5, "final": true, "after": "1m30s",
			"on": map[string]any{"op": []any{"ping", "pong"}}},
		"map[any]any": map[any]any{"name": "restart", "times": uint64(3), "rate": float32(0.5), "final": true, "after": "1m30s",
			"on": map[any]any{"op": []any{"ping", "pong"}}},
		"int64": map[string]any{"name": "restart", "times": int64(3), "rate": json.Number("0.5"), "final": true, "after": "1m30s",
			"on": map[string]any{"op": []any{"ping", "pong"}}},
	}
	var fromJSON, fromNumbers, fromYAML any
	const text = `{"name":"restart","times":3,"rate":0.5,"final":true,"after":"1m30s","on":{"op":["ping","pong"]}}`
	if err := json.Unmarshal([]byte(text), &fromJSON); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fromNumbers); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte("name: restart\ntimes: 3\nrate: 0.5\nfinal: true\nafter: 1m30s\non: {op: [ping, pong]}\n"), &fromYAML); err != nil {
		t.Fatal(err)
	}
	forms["JSON"], forms["JSON numbers"], forms["YAML"] = fromJSON, fromNumbers, fromYAML
	for form, v := range forms {
		err := schema.Decode(v, func(n schema.Node) {
			n.Only("name", "times", "rate", "final", "after", "on")
			if got := n.At("name").String(); got != "restart" {
				t.Errorf("%s: name %q", form, got)
			}
			if got := n.At("times").Int(); got != 3 {
				t.Errorf("%s: times %d", form, got)
			}
			if got := n.At("rate").Float(); got != 0.5 {
				t.Errorf("%s: rate %v", form, got)
			}
			if !n.At("final").Bool() {
				t.Errorf("%s: final", form)
			}
			if got := n.At("after").Duration(); got != 90*time.Second {
				t.Errorf("%s: after %v", form, got)
			}
			ops := n.At("on").At("op").List()
			if len(ops) != 2 || ops[1].Enum("ping", "pong") != "pong" || ops[1].Path() != "on.op[1]" {
				t.Errorf("%s: op %v", form, ops)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestScalarsOfTheWrongType(t *testing.T) {
	long := strings.Repeat("ä", 50)
	for name, c := range map[string]struct {
		value any
		read  func(schema.Node)
		want  string
	}{
		"text of number":     {5, func(n schema.Node) { _ = n.String() }, `x: want a text, got the number 5: put it in quotes`},
		"text of bool":       {true, func(n schema.Node) { _ = n.String() }, `x: want a text, got true: put it in quotes`},
		"text of list":       {[]any{}, func(n schema.Node) { _ = n.String() }, `x: want a text, got a list`},
		"text of null":       {nil, func(n schema.Node) { _ = n.String() }, `x: want a text, got nothing`},
		"bool of word":       {"yes", func(n schema.Node) { n.Bool() }, `x: want true or false, got the text "yes"`},
		"bool of null":       {nil, func(n schema.Node) { n.Bool() }, `x: want true or false, got nothing`},
		"bool, long word":    {long, func(n schema.Node) { n.Bool() }, `x: want true or false, got the text "` + long[:80] + `…"`},
		"int of text":        {"5", func(n schema.Node) { n.Int() }, `x: want a whole number, got the text "5"`},
		"int of fraction":    {1.5, func(n schema.Node) { n.Int() }, `x: want a whole number, got the number 1.5`},
		"int beyond int":     {uint64(math.MaxUint64), func(n schema.Node) { n.Int() }, `x: want a whole number, got the number 18446744073709551615`},
		"int, inexact float": {1e300, func(n schema.Node) { n.Int() }, `x: want a whole number, got the number 1e+300`},
		"int too small":      {-1, func(n schema.Node) { n.IntIn(0, 4999) }, `x: want a whole number from 0 to 4999, got -1`},
		"int too large":      {5000.0, func(n schema.Node) { n.IntIn(0, 4999) }, `x: want a whole number from 0 to 4999, got 5000`},
		"int no int":         {"a", func(n schema.Node) { n.IntIn(0, 1) }, `x: want a whole number from 0 to 1, got the text "a"`},
		"float of text":      {"1", func(n schema.Node) { n.Float() }, `x: want a number, got the text "1"`},
		"float NaN":          {math.NaN(), func(n schema.Node) { n.Float() }, `x: want a number, got the number NaN`},
		"float too large":    {json.Number("1e400"), func(n schema.Node) { n.Float() }, `x: want a number, got the number 1e400`},
		"duration of number": {1500, func(n schema.Node) { n.Duration() }, `x: 1500 needs a unit, such as 1500ms or 1500s`},
		"duration of digits": {"2.5", func(n schema.Node) { n.Duration() }, `x: 2.5 needs a unit, such as 2.5ms or 2.5s`},
		"duration of words":  {"soon", func(n schema.Node) { n.Duration() }, `x: want a duration such as 30s, 1500ms or 1m30s, got "soon"`},
		"duration of list":   {[]any{1}, func(n schema.Node) { n.Duration() }, `x: want a duration such as 30s, got a list`},
		"duration of null":   {nil, func(n schema.Node) { n.Duration() }, `x: want a duration such as 30s, got nothing`},
		"negative duration":  {"-3s", func(n schema.Node) { n.Duration() }, `x: want a duration of zero or more, got -3s`},
		"enum slip":          {"to-clent", func(n schema.Node) { n.Enum("to-client", "to-server") }, `x: unknown value "to-clent"; did you mean "to-client"? known: to-client, to-server`},
		"enum unknown":       {"sideways", func(n schema.Node) { n.Enum("up", "down") }, `x: unknown value "sideways"; known: up, down`},
		"enum of number":     {1, func(n schema.Node) { n.Enum("a", "b", "c") }, `x: want a, b or c, got the number 1`},
		"list of map":        {map[string]any{}, func(n schema.Node) { n.List() }, `x: want a list, got a map`},
		"map of list":        {[]any{}, func(n schema.Node) { n.Only("a") }, `x: want a map, got a list`},
		"something else":     {struct{}{}, func(n schema.Node) { n.Only("a") }, `x: want a map, got a value of type struct {}`},
		"one of, none":       {nil, func(n schema.Node) { n.OneOf("a", "b") }, `x: want exactly one of a or b, got none`},
		"one of, two":        {map[string]any{"b": 1, "a": 1}, func(n schema.Node) { n.OneOf("a", "b") }, `x: want exactly one of a or b, got a and b`},
		"one of, unknown":    {map[string]any{"dorp": 1}, func(n schema.Node) { n.OneOf("drop", "late") }, `x.dorp: unknown key "dorp"; did you mean "drop"? known: drop, late`},
		"no keys at all":     {map[string]any{"a": 1}, func(n schema.Node) { n.Only() }, `x.a: unknown key "a"; there are none here`},
		"required":           {map[string]any{}, func(n schema.Node) { n.Required("code").Int() }, `x.code: missing, but required`},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, problems(map[string]any{"x": c.value}, func(n schema.Node) { c.read(n.At("x")) }), c.want)
		})
	}
}

func TestScalarsOnMissingNodesAreSilentZeros(t *testing.T) {
	want(t, problems(map[string]any{}, func(n schema.Node) {
		x := n.At("x").At("y")
		if x.Exists() || !x.IsNull() || x.Value() != nil || x.Path() != "x.y" ||
			x.String() != "" || x.Bool() || x.Int() != 0 || x.IntIn(3, 4) != 0 || x.Float() != 0 || x.Duration() != 0 || x.Enum("a") != "" ||
			x.List() != nil || x.OneOrMany() != nil || x.Keys() != nil {
			t.Error("not zero")
		}
	}))
}

func TestZeroNeedsNoUnit(t *testing.T) {
	for _, zero := range []any{0, 0.0, "0", "0s", json.Number("0")} {
		want(t, problems(zero, func(n schema.Node) {
			if n.Duration() != 0 {
				t.Error("not zero")
			}
		}))
	}
}

func TestNullIsAnEmptyMapAndList(t *testing.T) {
	want(t, problems(map[string]any{"drop": nil, "rules": nil}, func(n schema.Node) {
		if drop := n.At("drop"); !drop.Exists() || !drop.IsNull() {
			t.Error("the key is there, and null")
		}
		n.At("drop").Only("times")
		if len(n.At("rules").List())+len(n.At("rules").OneOrMany()) != 0 {
			t.Error("not empty")
		}
	}))
}

func TestPaths(t *testing.T) {
	tree := map[string]any{"rules": []any{map[string]any{"do": map[string]any{"a.b": 1, "": 2, "Retry-After": 3, "x[0]": 4, `q"`: 5}}}, "7": "x"}
	var paths []string
	want(t, problems(tree, func(n schema.Node) {
		do := n.At("rules").List()[0].At("do")
		for _, key := range do.Keys() {
			paths = append(paths, do.At(key).Path())
		}
		do.At("Retry-After").Fail("is %d too few", 2)
		n.Fail("as a whole")
	}), "rules[0].do.Retry-After: is 2 too few", "as a whole")
	want(t, paths, `rules[0].do[""]`, `rules[0].do.Retry-After`, `rules[0].do["a.b"]`, `rules[0].do["q\""]`, `rules[0].do["x[0]"]`)
}

func TestKeysThatAreNoTexts(t *testing.T) {
	want(t, problems(map[any]any{404: "a", true: "b"}, func(n schema.Node) {
		want(t, n.Keys(), "404", "true")
		if n.At("404").String()+n.At("true").String() != "ab" {
			t.Error("wrong values")
		}
	}))
}

func TestOneOrMany(t *testing.T) {
	for want, v := range map[string]any{"x=a": "a", "x[0]=a x[1]=b": []any{"a", "b"}, "": []any{}} {
		var got []string
		if err := schema.Decode(map[string]any{"x": v}, func(n schema.Node) {
			for _, each := range n.At("x").OneOrMany() {
				got = append(got, each.Path()+"="+each.String())
			}
		}); err != nil || strings.Join(got, " ") != want {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	}
}

func TestOneOf(t *testing.T) {
	want(t, problems(map[string]any{"late": "3s"}, func(n schema.Node) {
		key, value := n.OneOf("drop", "late")
		if key != "late" || value.Duration() != 3*time.Second || value.Path() != "late" {
			t.Errorf("got %q at %s", key, value.Path())
		}
	}))
	for _, wrong := range []any{map[string]any{"dorp": 1}, map[string]any{}, map[string]any{"drop": 1, "late": 2}, "drop"} {
		_ = schema.Decode(wrong, func(n schema.Node) {
			if key, value := n.OneOf("drop", "late"); key != "" || value.Exists() {
				t.Errorf("%v: got %q", wrong, key)
			}
		})
	}
}

func TestFailedLooksBelow(t *testing.T) {
	_ = schema.Decode(map[string]any{}, func(n schema.Node) {
		n.At("a").At("b").Fail("wrong")
		n.At("c").At("d[").Fail("wrong")
		n.At("efg").Fail("wrong")
		for path, failed := range map[string]bool{"a": true, "ab": false, "c": true, "d": false, "ef": false, "efg": true} {
			if n.At(path).Failed() != failed {
				t.Errorf("%s: Failed() is %t", path, !failed)
			}
		}
		if !n.Failed() || n.At("a").At("b").At("c").Failed() {
			t.Error("wrong at the root or below")
		}
	})
}

func TestProblemsAreCollectedOnce(t *testing.T) {
	err := schema.Decode(map[string]any{"a": "x", "b": 1}, func(n schema.Node) {
		n.At("a").Int()
		n.At("b").Duration()
		n.At("a").Int()
	})
	var ps schema.Problems
	if !errors.As(err, &ps) || len(ps) != 2 || ps[0].Path != "a" || ps[1].Path != "b" {
		t.Errorf("got %#v", err)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"drop", "duplicate", "silence", "close-with", "idle-timeout", "op", "on"}
	for got, want := range map[string]string{
		"dorp": "drop", "drops": "drop", "DROP": "drop", "duplicat": "duplicate", "silense": "silence",
		"po": "op", "closeWith": "close-with", "idle_timeout": "idle-timeout", "opp": "op",
		"banana": "", "xyz": "", "": "",
	} {
		if s := schema.Suggest(got, known); s != want {
			t.Errorf("%q suggests %q, want %q", got, s, want)
		}
	}
}
