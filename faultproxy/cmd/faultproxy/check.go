package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
)

// checkCmd is `faultproxy check`.
type checkCmd struct {
	Files []string `arg:"" name:"file" help:"YAML or JSON files: configurations, rules, scenarios, scripts of a fake server, policies."`
	As    string   `enum:"guess,config,rules,scenario,script,policy" default:"guess" help:"What the files are: ${enum}. Default: ${default}, by their keys."`
}

// Help is shown below the flags.
func (*checkCmd) Help() string {
	return `Examples:

  faultproxy check outage.yaml                   before run --scenario outage.yaml
  faultproxy check *.yaml                        in a CI job; says what it took each file for
  faultproxy check --as rules beats.json         as run --rules beats.json would read it

A file with proxies is a configuration, one with phases a scenario; a list of maps with do (or one
such map) are rules; a list of maps with upstream is a configuration of Toxiproxy; a text, any other
list and a map with handlers, routes or http are a script, and any other map is a policy.

Exit status: 0 if every file is right; 2 if one is not, or the command line is wrong. What is wrong
is shown where it stands, in all files at once.`
}

// document is a kind of file.
type document struct {
	name  string // as --as says it
	about string
	read  func(path string) error
}

var documents = []document{
	{"config", "a configuration, for run --config", func(path string) error { _, err := (&configFile{path: path}).read(); return err }},
	{"rules", "rules, for run --rules", func(path string) error { _, err := readRules(path); return err }},
	{"scenario", "a scenario, for run --scenario", func(path string) error { _, err := readScenario(path); return err }},
	{"script", "a script of a fake server, for fake --script", func(path string) error { _, err := readScript(path); return err }},
	{"policy", "a policy, for report --policy", func(path string) error { _, err := readPolicy(path); return err }},
}

// Run checks the files, all of them.
func (c *checkCmd) Run(s *session) error {
	var wrong []error
	for _, path := range c.Files {
		kind, err := c.kindOf(path)
		if err == nil {
			err = kind.read(path)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		fmt.Fprintf(s.stdout, "%s: %s\n", path, kind.about)
	}
	return errors.Join(wrong...)
}

// kindOf is what a file is to be read as.
func (c *checkCmd) kindOf(path string) (document, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return document{}, badUsage("%w", err)
	}
	name := c.As
	if name == "guess" {
		if name, err = guess(path, string(doc)); err != nil {
			return document{}, err
		}
	}
	return documents[slices.IndexFunc(documents, func(d document) bool { return d.name == name })], nil
}

// guess is the name of the kind that a document looks like.
func guess(path, doc string) (string, error) {
	var tree any
	if err := yaml.UnmarshalWithOptions([]byte(doc), &tree, yaml.AllowDuplicateMapKey()); err != nil {
		return "rules", nil // and what is not YAML is shown where it stands
	}
	switch v := tree.(type) {
	case nil:
		return "", badUsage("%s: nothing is in it; want a configuration, rules, a scenario, a script or a policy", path)
	case []any:
		if slices.ContainsFunc(v, isRule) {
			return "rules", nil
		}
		if len(v) > 0 && isToxiproxys(v[0]) {
			return "config", nil
		}
		return "script", nil
	case map[string]any:
		switch {
		case has(v, "proxies"):
			return "config", nil
		case has(v, "phases"):
			return "scenario", nil
		case isRule(v) || has(v, "rules"):
			return "rules", nil
		case has(v, "handlers", "routes", "http"):
			return "script", nil
		}
		return "policy", nil
	}
	return "script", nil
}

// isRule reports whether a part of a document can be meant for a rule.
func isRule(tree any) bool {
	m, ok := tree.(map[string]any)
	return ok && has(m, "do", "on")
}

// isToxiproxys reports whether a part of a document can be meant for a proxy of
// Toxiproxy's own configuration.
func isToxiproxys(tree any) bool {
	m, ok := tree.(map[string]any)
	return ok && has(m, "upstream")
}

func has(m map[string]any, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { _, ok := m[k]; return ok })
}
