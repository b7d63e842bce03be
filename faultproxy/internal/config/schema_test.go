package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/internal/certificate"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

const schemaFile = "heartbreak.schema.json"

// compiled is the schema, or a part of it such as "#/$defs/rules".
func compiled(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(config.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaFile, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaFile + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is a tree as a JSON decoder makes it.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// kinds are the kinds of documents that the schema has a part for: how they are told
// apart, and what reads them.
var kinds = map[string]func(any) error{
	"": func(v any) error {
		return schema.Decode(v, func(n schema.Node) { config.Decode(n, nowhere) })
	},
	"#/$defs/rules":    func(v any) error { _, err := faultproxy.ParseRules(v); return err },
	"#/$defs/scenario": func(v any) error { _, err := scenario.Parse(v); return err },
}

// nowhere is as if every file were there.
var nowhere = config.Files{
	Rules: func(string) ([]faultproxy.Rule, error) { return nil, nil },
	Scenario: func(string) (s scenario.Scenario, err error) {
		return scenario.Parse(map[string]any{"phases": []any{map[string]any{"at": "0s", "name": "x"}}})
	},
}

// kindOf is "none" for what is none of the kinds.
func kindOf(v any) string {
	list, _ := v.([]any)
	m, _ := v.(map[string]any)
	if len(list) > 0 {
		m, _ = list[0].(map[string]any)
	}
	switch {
	case m["proxies"] != nil, list != nil && m["upstream"] != nil:
		return ""
	case m["phases"] != nil:
		return "#/$defs/scenario"
	case m["do"] != nil:
		return "#/$defs/rules"
	}
	return "none"
}

// documents are all YAML and JSON documents of the tree that may be of one of the kinds,
// by where they are.
func documents(t *testing.T) map[string]any {
	t.Helper()
	found := map[string]any{}
	add := func(where, text string) {
		var v any
		if yaml.Unmarshal([]byte(text), &v) == nil && kindOf(v) != "none" {
			found[where] = v
		}
	}
	root := "../../.."
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d != nil && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return err
		}
		where, _ := filepath.Rel(root, path)
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			text, err := os.ReadFile(path)
			add(where, string(text))
			return err
		case ".txt":
			archive, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				add(where+":"+f.Name, string(f.Data))
			}
		case ".md":
			text, err := os.ReadFile(path)
			for i, part := range strings.Split(string(text), "```yaml\n")[1:] {
				block, _, _ := strings.Cut(part, "```")
				add(fmt.Sprintf("%s:%d", where, i+1), block)
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What the program takes, the schema takes, in all documents of the tree.
func TestSchemaTakesEveryDocument(t *testing.T) {
	taken := map[string]int{}
	parts := map[string]*jsonschema.Schema{}
	for kind := range kinds {
		parts[kind] = compiled(t, kind)
	}
	for where, v := range documents(t) {
		kind := kindOf(v)
		if kinds[kind](v) != nil {
			continue
		}
		taken[kind]++
		if err := parts[kind].Validate(plain(t, v)); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
	for kind, least := range map[string]int{"": 5, "#/$defs/rules": 5, "#/$defs/scenario": 4} {
		if taken[kind] < least {
			t.Errorf("only %d documents of the kind %q were found", taken[kind], kind)
		}
	}
}

// So are the rules of the whole catalogue of faults, and how rules are written back.
func TestSchemaTakesTheCatalogue(t *testing.T) {
	text, err := os.ReadFile("../../testdata/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct{ Rule string }
	if err := json.Unmarshal(text, &entries); err != nil || len(entries) < 100 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	part := compiled(t, "#/$defs/rule")
	for _, e := range entries {
		v := tree(t, e.Rule)
		if err := part.Validate(plain(t, v)); err != nil {
			t.Errorf("%s: %v", e.Rule, err)
		}
		rule, err := faultproxy.ParseRule(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := rule.Tree()
		if err != nil {
			t.Fatal(err)
		}
		if err := part.Validate(plain(t, again)); err != nil {
			t.Errorf("%s as it is written back, %v: %v", e.Rule, again, err)
		}
	}
}

// What is wrong by its form, the schema refuses too.
func TestSchemaRefuses(t *testing.T) {
	part := compiled(t, "#/$defs/rules")
	for _, name := range []string{
		"a-text", "bad-direction", "bad-duration", "no-fault", "not-a-list", "null-rule", "two-faults", "unknown-dialect",
		"unknown-fault", "unknown-key", "unknown-opcode", "unknown-trigger", "wrong-type", "spread",
	} {
		v, err := readYAML(filepath.Join("../../cmd/faultproxy/testdata/wrong", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if part.Validate(plain(t, v)) == nil {
			t.Errorf("%s is taken: %v", name, v)
		}
	}
	whole := compiled(t, "")
	for _, doc := range []string{
		`{proxys: []}`, `{proxies: {}}`, `{proxies: [{upstream: "ws://h"}]}`, `{proxies: [{name: a/b}]}`, `{proxies: [{name: a, listen: x}]}`,
		`{proxies: [{name: a, preset: ngnix}]}`, `{proxies: [{name: a, tls: {cert: x}}]}`, `{proxies: [{name: a, scenario: {phases: []}}]}`,
		`{proxies: [{name: a, scenario: {phases: [{name: x}]}}]}`, `{proxies: [{name: a, compression: gzip}]}`, `[{name: a}]`, `a`,
	} {
		if whole.Validate(plain(t, tree(t, doc))) == nil {
			t.Errorf("%s is taken", doc)
		}
	}
}

func TestSchemaNamesThePresets(t *testing.T) {
	var s struct {
		Defs struct {
			Preset struct{ AnyOf []struct{ Enum []string } }
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(config.Schema), &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Defs.Preset.AnyOf[0].Enum; !slices.Equal(got, middlebox.Names()) {
		t.Errorf("the schema has %v, there are %v", got, middlebox.Names())
	}
	part := compiled(t, "#/$defs/preset")
	for _, p := range middlebox.All() {
		for _, s := range p.Settings() {
			if text := p.Name + "," + s.Name + "=" + s.Value; part.Validate(text) != nil {
				t.Errorf("%s is refused", text)
			}
		}
	}
}

// The maps of the schema have the keys that the decoders know, no more and no less.
func TestSchemaKnowsTheKeys(t *testing.T) {
	dir := t.TempDir()
	authority, err := certificate.NewAuthority("a test")
	if err != nil {
		t.Fatal(err)
	}
	cert, key := issued(t, authority)
	write(t, dir, "cert.pem", cert)
	write(t, dir, "key.pem", key)
	write(t, dir, "ca.pem", cert)
	v, err := readYAML("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	with := files(dir)
	decode := func() error { return schema.Decode(v, func(n schema.Node) { config.Decode(n, with) }) }
	if err := decode(); err != nil {
		t.Fatal(err)
	}
	if err := compiled(t, "").Validate(plain(t, v)); err != nil {
		t.Error(err)
	}
	const stray = "zzzzzzzzzzzzzzzz"
	decoders, used := map[string]bool{}, map[string]bool{}
	eachMap(v, func(m map[string]any) {
		m[stray] = nil
		defer delete(m, stray)
		var problems schema.Problems
		if !errors.As(decode(), &problems) {
			return // any key is taken here
		}
		for _, p := range problems {
			if list, ok := strings.CutPrefix(p.Text, fmt.Sprintf("unknown key %q; ", stray)); ok {
				list = strings.TrimPrefix(strings.TrimSuffix(list, "there are none here"), "known: ")
				keys := strings.Split(list, ", ")
				slices.Sort(keys)
				list = strings.Join(keys, " ")
				decoders[list] = true
				for k := range m {
					used[list+": "+k] = true
				}
			}
		}
	})
	var doc any
	if err := json.Unmarshal([]byte(config.Schema), &doc); err != nil {
		t.Fatal(err)
	}
	schemas := map[string]bool{}
	eachMap(doc, func(m map[string]any) {
		if m["additionalProperties"] == false {
			keys := slices.Sorted(maps.Keys(m["properties"].(map[string]any)))
			list := strings.Join(keys, " ")
			schemas[list] = true
			for _, k := range keys {
				if !used[list+": "+k] && decoders[list] {
					t.Errorf("testdata/everything.yaml never has %s in {%s}", k, list)
				}
			}
		}
	})
	for list := range decoders {
		if !schemas[list] {
			t.Errorf("a decoder knows {%s}, which is no map of the schema", list)
		}
	}
	for list := range schemas {
		if !decoders[list] {
			t.Errorf("the schema has a map {%s}, which no decoder knows, or testdata/everything.yaml has none", list)
		}
	}
}

// eachMap calls fn with every map of a tree.
func eachMap(v any, fn func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		fn(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			eachMap(v[key], fn)
		}
	case []any:
		for _, each := range v {
			eachMap(each, fn)
		}
	}
}

// Forms and editors show what things are called and what they mean.
func TestSchemaExplainsItself(t *testing.T) {
	var doc struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(config.Schema), &doc); err != nil {
		t.Fatal(err)
	}
	for name, def := range doc.Defs {
		eachMap(def, func(m map[string]any) {
			properties, _ := m["properties"].(map[string]any)
			for key, p := range properties {
				p, _ := p.(map[string]any)
				if p == nil || p["title"] == nil && p["$ref"] == nil {
					t.Errorf("%s: %s has no title", name, key)
				}
			}
		})
	}
	faults := doc.Defs["fault"].(map[string]any)["anyOf"].([]any)[1].(map[string]any)["properties"].(map[string]any)
	for name, f := range faults {
		if f := f.(map[string]any); f["title"] == nil || f["description"] == nil {
			t.Errorf("fault %s has no title and description", name)
		}
	}
}
