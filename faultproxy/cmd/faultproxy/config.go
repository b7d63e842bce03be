package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// configFile is a configuration file.
type configFile struct {
	path  string
	named []string // the files that it named when it was read last
}

// read reads the file, and those that it names. What is wrong is shown where it stands.
func (c *configFile) read() (f config.File, err error) {
	c.named = nil
	doc, err := os.ReadFile(c.path)
	if err != nil {
		return f, badUsage("--config: %w", err)
	}
	files := config.Files{
		Dir: filepath.Dir(c.path), Rules: readRules, Scenario: readScenario,
		Named: func(path string) { c.named = append(c.named, path) },
	}
	s := source{file: c.path, doc: string(doc)}
	err = s.read(func(tree any, body ast.Node) []problem {
		if text := notConfig(tree); text != "" {
			return []problem{s.at(locate(body, ""), "", text)}
		}
		return s.placed(schema.Decode(tree, func(n schema.Node) { f = config.Decode(n, files) }), body)
	})
	return f, err
}

// notConfig says why a document cannot be a configuration; empty if it can.
func notConfig(tree any) string {
	const want, example = "want a configuration, got ", "; one is such as {proxies: [{name: api, upstream: ws://127.0.0.1:9000}]}"
	switch v := tree.(type) {
	case nil:
		return want + "nothing" + example
	case map[string]any:
		switch {
		case has(v, "proxies"):
		case has(v, "phases"):
			return want + "a scenario; use --scenario, or name the file in a configuration: {proxies: [{name: api, scenario: FILE}]}"
		case isRule(v):
			return want + "a rule; use --rules, or name the file in a configuration: {proxies: [{name: api, rules: FILE}]}"
		}
		return ""
	case []any:
		if len(v) > 0 && isRule(v[0]) {
			return want + "rules; use --rules, or name the file in a configuration: {proxies: [{name: api, rules: FILE}]}"
		}
		return ""
	}
	return want + fmt.Sprintf("%v", tree) + example
}
