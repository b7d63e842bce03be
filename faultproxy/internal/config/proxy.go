// Package config reads what describes proxies: the file of faultproxy run -c and the
// bodies of the admin API, which have the same keys and the same complaints.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/toxics"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Proxy describes a proxy.
type Proxy struct {
	Name         string
	Listen       string // HOST:PORT
	Upstream     string // a URL; empty: the embedded echo server
	Disabled     bool   // it accepts no connection until it is enabled
	TLS          bool   // serve wss
	Certificate  Certificate
	UpstreamTLS  UpstreamTLS
	PreserveHost bool
	Compression  faultproxy.Compression
	Seed         uint64             // 0: that of the run
	Preset       *middlebox.Preset  // nil: none
	Rules        []faultproxy.Rule  // those of toxics last
	Scenario     *scenario.Scenario // nil: none
	Record       string             // the file of its recording; empty: none
}

// Certificate is what a proxy shows its clients. The zero value is one that is made for
// the run, by an authority of its own.
type Certificate struct {
	Cert, Key       string // the names of the files
	CertPEM, KeyPEM string // what they hold
}

// UpstreamTLS says how an upstream's certificate is verified. The zero value is as
// usual.
type UpstreamTLS struct {
	Insecure bool   // not at all
	CA       string // the name of a PEM file of what to trust instead of the system's roots
	PEM      string // what it holds
}

// DefaultListen is where a proxy listens that does not say where: any free port.
const DefaultListen = "127.0.0.1:0"

var proxyKeys = []string{"name", "listen", "upstream", "enabled", "tls", "upstream_tls", "preserve_host", "compression", "seed", "preset", "rules", "toxics", "scenario", "record"}

// Origin is where a document comes from.
type Origin struct{ files *Files }

// FromAPI is a request, which may not name files of this machine.
var FromAPI = Origin{}

// FromFile is a configuration file, which may.
func FromFile(f Files) Origin { return Origin{&f} }

// DecodeProxy reads a proxy from a part of a document. What is wrong is recorded at the
// node, and the result is then of no use.
func DecodeProxy(n schema.Node, from Origin) Proxy {
	if n.Only(proxyKeys...); n.Failed() && n.At("name").IsNull() {
		return Proxy{} // it is no map, or one of something else
	}
	p := Proxy{
		Name:         decodeName(n.Required("name")),
		Listen:       DefaultListen,
		Disabled:     n.At("enabled").Exists() && !n.At("enabled").Bool(),
		UpstreamTLS:  from.upstreamTLS(n.At("upstream_tls")),
		PreserveHost: n.At("preserve_host").Bool(),
		Seed:         decodeSeed(n.At("seed")),
		Record:       from.toWrite(n.At("record")),
	}
	p.TLS, p.Certificate = from.tls(n.At("tls"))
	if listen := n.At("listen"); !listen.IsNull() {
		p.Listen = DecodeListen(listen)
	}
	if upstream := n.At("upstream"); !upstream.IsNull() {
		p.Upstream = DecodeUpstream(upstream)
	} else if from.files == nil {
		n.Required("upstream")
	}
	p.Compression = faultproxy.NoTakeover
	if c := n.At("compression"); !c.IsNull() {
		p.Compression = Compressions[c.Enum("pass", "no-takeover", "strip")]
	}
	if preset := n.At("preset"); !preset.IsNull() {
		p.Preset = DecodePreset(preset)
	}
	p.Rules = append(from.rules(n.At("rules")), decodeToxics(n.At("toxics"))...)
	if outage := n.At("scenario"); !outage.IsNull() {
		s := from.scenario(outage)
		p.Scenario = &s
		if p.Preset != nil && s.Preset != nil {
			outage.Fail("it has a preset of its own, %v, and the proxy has one, %v: leave one of them out", s.Preset, p.Preset)
		}
	}
	return p
}

// decodeToxics reads toxics of Toxiproxy, as the rules that do what they do.
func decodeToxics(n schema.Node) (rules []faultproxy.Rule) {
	names := map[string]string{}
	for _, each := range n.List() {
		t := toxics.Decode(each)
		if earlier, again := names[t.Name]; again && !each.Failed() {
			each.Fail("%s is called %q already; give this one a name of its own", earlier, t.Name)
		}
		names[t.Name] = each.Path()
		if !each.Failed() {
			rules = append(rules, t.Rules()...)
		}
	}
	return rules
}

// Compressions are what a proxy may do about permessage-deflate, by name.
var Compressions = map[string]faultproxy.Compression{
	"pass": faultproxy.Pass, "no-takeover": faultproxy.NoTakeover, "strip": faultproxy.Strip,
}

// decodeName reads a name.
func decodeName(n schema.Node) string {
	name := n.String()
	if !n.Failed() {
		if err := CheckName(name); err != nil {
			n.Fail("%v", err)
		}
	}
	return name
}

// CheckName refuses what cannot stand in the path of a URL, as the name of a proxy does.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("want a name")
	case name == "." || name == ".." || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == '/' || r == '\\' || r == '?' || r == '#' || r == '%' || r == 0x7f
	}):
		return fmt.Errorf("%q cannot stand in the path of a URL, as the name of a proxy does; want up to 100 letters, digits, and marks such as - and _", name)
	}
	return nil
}

// DecodeListen reads an address to listen on.
func DecodeListen(n schema.Node) string {
	addr := n.String()
	if n.Failed() {
		return addr
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		n.Fail("%q: want HOST:PORT such as 127.0.0.1:8080, or :8080 for all interfaces", addr)
	} else if v, err := strconv.Atoi(port); err != nil || v < 0 || v > 65535 {
		n.Fail("%q: the port is %q; want 0 (any free one) to 65535", addr, port)
	}
	return addr
}

// DecodeUpstream reads where connections go.
func DecodeUpstream(n schema.Node) string {
	text := n.String()
	if n.Failed() {
		return text
	}
	shown := timeline.RedactURL(text)
	u, err := url.Parse(text)
	switch {
	case err != nil:
		n.Fail("%q is no URL; want one such as ws://127.0.0.1:9000/socket", shown)
	case u.Scheme != "ws" && u.Scheme != "wss" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tcp":
		n.Fail("%q: want a ws, wss, http, https or tcp URL such as ws://127.0.0.1:9000/socket", shown)
	case u.Hostname() == "":
		n.Fail("%q names no host; want a URL such as ws://127.0.0.1:9000/socket", shown)
	case u.Scheme == "tcp" && (u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil):
		n.Fail("%q: want a tcp URL of host and port only, such as tcp://127.0.0.1:9000", shown)
	}
	return text
}

// DecodePreset reads a middlebox and its settings, such as nginx,idle=10s.
func DecodePreset(n schema.Node) *middlebox.Preset {
	text := n.String()
	if n.Failed() {
		return nil
	}
	preset, err := middlebox.Parse(text)
	if err != nil {
		n.Fail("%v", err)
		return nil
	}
	return &preset
}

// maxSeed is the largest number that every JSON decoder reads as it was written.
const maxSeed = 1<<53 - 1

// decodeSeed reads a seed, which may be a text, as recordings have it.
func decodeSeed(n schema.Node) uint64 {
	if text, ok := n.Value().(string); ok {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			n.Fail("%q is no seed; want a number from 0", text)
		}
		return seed
	}
	return uint64(n.IntIn(0, maxSeed))
}
