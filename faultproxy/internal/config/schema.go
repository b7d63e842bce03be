package config

import _ "embed"

// Schema is the JSON schema (draft 2020-12) of the configuration file. Rules, scenarios
// and all that they are made of are below $defs. It is published where $id says.
//
//go:embed heartbreak.schema.json
var Schema string
