package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// whose chooses one proxy's part of a recording.
type whose struct {
	Proxy string `placeholder:"NAME" help:"Only what happened to the proxy of this name: the output of several has it all, and each numbers its own connections."`
}

// part returns a recording without the lines of other proxies than the chosen one, which
// are left empty, so that lines keep their numbers. What has the events of several
// proxies is refused where none was chosen.
func (w whose) part(in io.Reader, file string) (io.Reader, error) {
	doc, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	names, of := owners(doc)
	switch {
	case w.Proxy == "" && len(names) > 1:
		return nil, badUsage("%s has what happened to several proxies; choose one with --proxy: %s", file, strings.Join(names, ", "))
	case w.Proxy == "":
		return bytes.NewReader(doc), nil
	case !slices.Contains(names, w.Proxy):
		return nil, badUsage("--proxy: %s has nothing of a proxy %q; it has that of %s", file, w.Proxy, cmp.Or(strings.Join(names, ", "), "none"))
	}
	var part bytes.Buffer
	i := 0
	for line := range bytes.Lines(doc) {
		if of[i] == "" || of[i] == w.Proxy {
			part.Write(line)
		} else {
			part.WriteByte('\n')
		}
		i++
	}
	return &part, nil
}

// owners returns the names of the proxies that a recording has events of, and for each
// line whose it is; empty for what is no event.
func owners(doc []byte) (names, of []string) {
	unnamed := defaultName
	for line := range bytes.Lines(doc) {
		var l struct{ Event, Proxy string }
		if json.Unmarshal(line, &l) != nil {
			of = append(of, "")
			continue
		}
		if l.Event == "ready" {
			unnamed = cmp.Or(l.Proxy, unnamed)
		}
		if _, err := timeline.ParseKind(l.Event); err != nil {
			of = append(of, "")
			continue
		}
		name := cmp.Or(l.Proxy, unnamed)
		of = append(of, name)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, of
}
