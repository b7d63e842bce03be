package main

import (
	"os"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

// readScenario reads a scenario from a file, which is YAML or JSON.
func readScenario(path string) (scenario.Scenario, error) {
	var outage scenario.Scenario
	doc, err := os.ReadFile(path)
	if err != nil {
		return outage, badUsage("--scenario: %w", err)
	}
	s := source{file: path, doc: string(doc)}
	err = s.read(func(tree any, body ast.Node) []problem {
		if _, list := tree.([]any); list {
			return []problem{s.at(locate(body, ""), "", "want a scenario, got a list; if it is one of rules, use --rules")}
		}
		parsed, err := scenario.Parse(tree)
		outage = parsed
		return s.placed(err, body)
	})
	return outage, err
}
