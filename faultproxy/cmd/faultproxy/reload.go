package main

import (
	"encoding/json"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// configLine says that the configuration was read again, to programs.
type configLine struct {
	Event   string      `json:"event"`
	T       json.Number `json:"t"`
	File    string      `json:"file"`
	Applied []string    `json:"applied"` // what was done, in words; empty: nothing had to be
	Error   string      `json:"error,omitempty"`
}

// reload reads the file again, and applies it if it is right.
func (r *filed) reload() {
	file, err := r.file.read()
	var done fleet.Applied
	if err == nil {
		done, err = r.apply(file)
	}
	line := configLine{Event: "config", T: r.b.now(), File: r.file.path, Applied: []string{}}
	for _, change := range done {
		line.Applied = append(line.Applied, change.String())
		r.b.s.complain("%s: %v", r.file.path, change)
	}
	switch {
	case err != nil && done == nil:
		line.Error = err.Error()
		r.b.s.complain("%s was not applied, and all goes on as it was: %v", r.file.path, err)
	case err != nil:
		line.Error = err.Error()
		r.b.s.complain("%s could not be applied in whole: %v", r.file.path, err)
	case done == nil:
		r.b.s.complain("%s was read again: nothing is different", r.file.path)
	}
	r.note(line, done)
	if r.b.json {
		text, err := json.Marshal(line)
		if err != nil {
			panic(err) // texts and a number
		}
		r.b.out.put(append(text, '\n'), never)
	}
}

// note records the reading on the timelines of the proxies of the file: with what was
// done to each, or with why nothing was.
func (r *filed) note(line configLine, done fleet.Applied) {
	did := map[string]string{}
	for _, change := range done {
		did[change.Proxy] = change.Words()
	}
	for _, p := range r.proxies.Filed() {
		fields := []timeline.Field{{Name: "file", Value: line.File}}
		name := "config applied"
		if words := did[p.Name()]; words != "" {
			fields = append(fields, timeline.Field{Name: "did", Value: words})
		}
		if line.Error != "" {
			name = "config refused"
			if done != nil {
				name = "config applied in part"
			}
			first, _, _ := strings.Cut(line.Error, "\n")
			fields = append(fields, timeline.Field{Name: "error", Value: first})
		}
		p.Timeline().Note(name, fields...)
	}
}
