package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// presetsCmd is `faultproxy presets`.
type presetsCmd struct {
	Name string `arg:"" optional:"" complete:"preset" help:"One of them, to be explained, with settings if need be: nginx, or nginx,idle=10s. Without it, all are listed."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (*presetsCmd) Help() string {
	return `Examples:

  faultproxy presets                         what there is
  faultproxy presets haproxy                 its settings, what it does when, and who says so
  faultproxy run --preset haproxy,idle=1m    behave like it, with timeout tunnel 1m`
}

// Run lists the presets, or explains one.
func (c *presetsCmd) Run(s *session) error {
	if c.Name == "" {
		return c.list(s.stdout)
	}
	p, err := middlebox.Parse(c.Name)
	if err != nil {
		return badUsage("%w", err)
	}
	if c.JSON {
		return writeJSON(s.stdout, presetDocument(p))
	}
	return explainPreset(s.stdout, p, c.Name)
}

func (c *presetsCmd) list(out io.Writer) error {
	if c.JSON {
		var list []presetLine
		for _, p := range middlebox.All() {
			list = append(list, presetLine{p.Name, p.Version, p.Summary})
		}
		return writeJSON(out, list)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range middlebox.All() {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Summary)
	}
	return w.Flush()
}

// explainPreset writes all that is known about a preset. text is how it was asked for.
func explainPreset(out io.Writer, p middlebox.Preset, text string) error {
	measured := "nothing of it was measured"
	if p.Version != "" {
		measured = "measured with " + p.Version
	}
	fmt.Fprintf(out, "%s, %s\n%s.\n", p.Name, measured, p.Summary)
	if settings := p.Settings(); len(settings) > 0 {
		fmt.Fprintf(out, "\nSettings (--preset %s,NAME=VALUE):\n", p.Name)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, each := range settings {
			about := each.About
			if each.Own != "" {
				about += " (" + each.Own + ")"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\n", each.Name, each.Value, about)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\nEvents:")
	for _, e := range p.Events() {
		fmt.Fprintf(out, "  %s: %s (%v)\n", e.Name, e.When, e.Basis)
		for _, side := range [][2]string{{"client", e.Client}, {"server", e.Server}} {
			if side[1] != "" {
				fmt.Fprintf(out, "      %s  %s\n", side[0], side[1])
			}
		}
	}
	for _, list := range []struct {
		title string
		facts []string
	}{{"Measured", p.Measured}, {"Differs from the program", p.Differs}, {"Only documented", p.Documented}, {"Unverified", p.Unverified}} {
		if len(list.facts) > 0 {
			fmt.Fprintf(out, "\n%s:\n  - %s\n", list.title, strings.Join(list.facts, "\n  - "))
		}
	}
	fmt.Fprintf(out, "\nSource: %s.\n\nExample:\n  faultproxy run --upstream ws://127.0.0.1:9000 --preset %s\n", p.Source, example(p, text))
	return nil
}

// example is how the preset is asked for, with a setting if none was given.
func example(p middlebox.Preset, text string) string {
	if strings.Contains(text, ",") {
		return text
	}
	if len(p.Timers) > 0 {
		return p.Name + "," + p.Timers[0].Name + "=10s"
	}
	return p.Name
}

// presetLine is a preset in the JSON list.
type presetLine struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // what was measured
	Summary string `json:"summary"`
}

// presetJSON is a preset as JSON.
type presetJSON struct {
	presetLine
	Source     string        `json:"source"`
	Settings   []settingJSON `json:"settings"`
	Events     []eventJSON   `json:"events"`
	Measured   []string      `json:"measured"`
	Differs    []string      `json:"differs"` // where the preset is known to differ from the program
	Documented []string      `json:"documented"`
	Unverified []string      `json:"unverified"`
}

type settingJSON struct {
	Name  string `json:"name"`
	Own   string `json:"own,omitempty"` // what the middlebox calls it
	Value string `json:"value"`
	About string `json:"about"`
}

type eventJSON struct {
	Name   string `json:"name"`
	When   string `json:"when"`
	Client string `json:"client,omitempty"` // what it sees; nothing here: it did it, or is not concerned
	Server string `json:"server,omitempty"`
	Basis  string `json:"basis"` // measured, documented or unverified
}

func presetDocument(p middlebox.Preset) presetJSON {
	doc := presetJSON{
		presetLine: presetLine{p.Name, p.Version, p.Summary}, Source: p.Source,
		Settings: []settingJSON{}, Events: []eventJSON{},
		Measured: orEmpty(p.Measured), Differs: orEmpty(p.Differs), Documented: orEmpty(p.Documented), Unverified: orEmpty(p.Unverified),
	}
	for _, s := range p.Settings() {
		doc.Settings = append(doc.Settings, settingJSON(s))
	}
	for _, e := range p.Events() {
		doc.Events = append(doc.Events, eventJSON{e.Name, e.When, e.Client, e.Server, e.Basis.String()})
	}
	return doc
}

// orEmpty is a list that is [] in JSON if it holds nothing.
func orEmpty(list []string) []string { return append([]string{}, list...) }

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
