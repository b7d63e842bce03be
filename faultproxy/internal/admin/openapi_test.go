package admin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Everything the document refers to is in it, and every operation has what a generator
// of clients needs.
func TestTheOpenAPIDocument(t *testing.T) {
	a := serve(t)
	doc := ask[tree](a, "GET", "/v1/openapi.json", "")
	schemas := doc["components"].(tree)["schemas"].(tree)
	used := map[string]bool{}
	refs(doc, func(ref string) {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		used[name] = true
		if schemas[name] == nil {
			t.Errorf("there is no schema %s", ref)
		}
	})
	for name := range schemas {
		if !used[name] {
			t.Errorf("nothing uses the schema %s", name)
		}
	}
	ids := map[string]bool{}
	for path, item := range doc["paths"].(tree) {
		for method, op := range item.(tree) {
			if method == "parameters" {
				continue
			}
			id, _ := op.(tree)["operationId"].(string)
			if ids[id] || id == "" || op.(tree)["summary"] == "" {
				t.Errorf("%s %s is called %q", method, path, id)
			}
			ids[id] = true
		}
	}
	if len(ids) < 30 {
		t.Errorf("%d operations: %v", len(ids), slices.Sorted(maps.Keys(ids)))
	}
}

func refs(v any, see func(string)) {
	switch v := v.(type) {
	case tree:
		if ref, ok := v["$ref"].(string); ok {
			see(ref)
		}
		for _, each := range v {
			refs(each, see)
		}
	case []any:
		for _, each := range v {
			refs(each, see)
		}
	}
}

// TestTheSchema looks for what the dashboard's forms are made from.
func TestTheSchema(t *testing.T) {
	a := serve(t)
	got := a.call("GET", "/v1/schema.json", "", nil)
	var doc struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(got.body), &doc); err != nil || got.status != 200 || got.header.Get("Content-Type") != "application/schema+json" {
		t.Fatalf("%d, %v, %v", got.status, got.header, err)
	}
	for _, name := range []string{"rule", "trigger", "fault", "match", "scenario"} {
		if doc.Defs[name] == nil {
			t.Errorf("the schema has no %s below $defs", name)
		}
	}
}

// What is answered has the keys that the document says, and all it says are always there.
func TestAnswersAreAsDocumented(t *testing.T) {
	a := serve(t)
	a.do("POST", "/v1/proxies/ws/rules", `{"do": {"latency": "1ms"}}`)
	a.spoken("hello")
	doc := ask[tree](a, "GET", "/v1/openapi.json", "")
	schemas := doc["components"].(tree)["schemas"].(tree)
	for path, schema := range map[string]string{
		"/v1/health": "Health", "/v1/presets": "Presets", "/v1/proxies": "Proxies", "/v1/proxies/ws": "Proxy", "/v1/proxies/ws/rules": "Rules",
		"/v1/proxies/ws/rules/latency": "Rule", "/v1/proxies/ws/connections": "Connections", "/v1/proxies/ws/connections/1": "Connection",
		"/v1/proxies/ws/connections/1/diagnosis": "Diagnosis", "/v1/proxies/ws/diagnosis": "Diagnoses", "/v1/proxies/nobody": "Problem",
	} {
		var got any
		if err := json.Unmarshal([]byte(a.call("GET", path, "", nil).body), &got); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range mismatches(schemas, schemas[schema], got, schema) {
			t.Errorf("%s: %s", path, wrong)
		}
	}
}

// mismatches are the keys of a value that its schema does not know, and those that are
// missing.
func mismatches(all tree, schema, v any, at string) (wrong []string) {
	s, _ := schema.(tree)
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		return mismatches(all, all[name], v, name)
	}
	switch v := v.(type) {
	case tree:
		properties, ok := s["properties"].(tree)
		if !ok {
			return nil
		}
		for key, value := range v {
			if properties[key] == nil {
				wrong = append(wrong, fmt.Sprintf("%s.%s is not documented", at, key))
			}
			wrong = append(wrong, mismatches(all, properties[key], value, at+"."+key)...)
		}
		required, _ := s["required"].([]any)
		for _, key := range required {
			if _, there := v[key.(string)]; !there {
				wrong = append(wrong, fmt.Sprintf("%s.%s is missing", at, key))
			}
		}
	case []any:
		for i, each := range v {
			wrong = append(wrong, mismatches(all, s["items"], each, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	return wrong
}
