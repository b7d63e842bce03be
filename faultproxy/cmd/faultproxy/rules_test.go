package main

import (
	"strings"
	"testing"
)

// Problems are shown on the line where they stand, or as near as the document goes.
func TestParseRulesShowsThePlace(t *testing.T) {
	cases := []struct{ name, doc, want string }{
		{"a key two lines down", "on: opened\ndo:\n  close:\n    cod: 1012\n",
			"--rule: line 4, column 5: do.close.cod: unknown key \"cod\"; did you mean \"code\"? known: code, reason, toward, other, keep_open, abrupt\n      cod: 1012\n      ^"},
		{"the second rule of a list", "- do: hang\n- on: {elapsed: 1s}\n  do: drop\n",
			"--rule: line 3, column 3: [1].do: rule \"drop\": \"drop\" needs a frame"},
		{"what is missing, at what it is missing from", "on: opened\ndo:\n  inject:\n    toward: to-server\n",
			"--rule: line 3, column 3: do.inject.frame: missing, but required\n    inject:\n    ^"},
		{"a quoted key", `{do: {reject: {headers: {"a.b": [1, true]}}}}`,
			`--rule: line 1, column 37: do.reject.headers["a.b"][1]: want a text, got true`},
		{"behind letters of several bytes", `{name: "ééé", do: hng}`,
			"--rule: line 1, column 15: do: unknown value \"hng\"; did you mean \"hang\"?"},
		{"not YAML at all", "on: [opened\ndo: drop", "--rule is not YAML: line "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseRules(c.doc)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestParseRulesAnchors(t *testing.T) {
	rules, err := parseRules("- &a {do: {latency: 5ms}}\n- *a\n")
	if err != nil || len(rules) != 2 || rules[1].Do != rules[0].Do {
		t.Errorf("got %v, %v", rules, err)
	}
	if _, err = parseRules("- &a {do: {latency: 5}}\n- *a\n"); err == nil || !strings.Contains(err.Error(), "line 1, column 12: [0].do.latency: 5 needs a unit") {
		t.Errorf("got %v", err)
	}
}
