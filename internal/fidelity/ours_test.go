//go:build linux

package fidelity

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// ours starts a faultproxy with the preset.
func (sub subject) ours(tb testing.TB, upstream string, s setup) box {
	tb.Helper()
	text := sub.preset
	if s.ours != "" {
		text += "," + s.ours
	}
	preset, err := middlebox.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	p := &faultproxy.Proxy{Upstream: "ws://" + upstream, TLS: s.real["tls"] != ""}
	p.StartIn(unheard{tb})
	if err := p.Use(preset); err != nil {
		tb.Fatal(err)
	}
	if s.real["noupgrade"] != "" {
		if err := p.Add(faultproxy.Rule{Name: "unconfigured", On: faultproxy.Requested, Do: faultproxy.Unconfigured()}); err != nil {
			tb.Fatal(err)
		}
	}
	return box{addr: strings.TrimPrefix(strings.TrimPrefix(p.URL, "wss://"), "ws://"), happen: func(l lifecycle) error {
		what, after, _ := strings.Cut(l.does, " ")
		switch what {
		case "nothing":
			return nil
		case "reload":
			return p.Add(preset.Reload()...)
		case "shutdown":
			return p.Add(preset.Shutdown()...)
		case "drain":
			d, err := time.ParseDuration(after)
			return errors.Join(err, p.Add(preset.Drain(d)...))
		}
		return fmt.Errorf("%s does not say what the preset is asked for", l.name)
	}}
}

// unheard keeps a proxy's timeline, which has megabytes of floods, out of the log.
type unheard struct{ testing.TB }

func (unheard) Failed() bool { return false }
