package main

import (
	"io"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
)

// schemaCmd is `faultproxy schema`.
type schemaCmd struct{}

// Help is shown below the flags.
func (schemaCmd) Help() string {
	return `Examples:

  faultproxy schema > heartbreak.schema.json

An editor that understands JSON schemas completes and checks a file that says where its schema is.
In YAML, for the language server of Red Hat and the editors that build on it, that is a comment:

  # yaml-language-server: $schema=heartbreak.schema.json
  proxies:
    - {name: api, upstream: "ws://127.0.0.1:9000"}

What only makes sense together is checked by faultproxy check.`
}

// Run prints the schema.
func (schemaCmd) Run(s *session) error {
	_, err := io.WriteString(s.stdout, config.Schema)
	return err
}
