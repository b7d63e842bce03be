package config

import (
	"net"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// File is a configuration file.
type File struct {
	Seed    uint64 // of proxies that bring none; 0: drawn
	Proxies []Proxy
}

// Decode reads a configuration file: a map such as
//
//	seed: 7
//	proxies:
//	  - name: api
//	    listen: 127.0.0.1:8080
//	    upstream: ws://127.0.0.1:9000
//	    preset: nginx
//	    rules: [{on: {frame: {op: pong}}, do: {late: 5s}}]
//	  - name: feed
//	    listen: 127.0.0.1:8081
//	    upstream: ws://127.0.0.1:9001
//	    scenario: outage.yaml
//
// or a list of proxies as Toxiproxy's own files are. What is wrong is recorded at the
// node, and the result is then of no use.
func Decode(n schema.Node, files Files) File {
	if _, list := n.Value().([]any); list {
		return File{Proxies: decodeToxiproxy(n)}
	}
	n.Only("seed", "proxies")
	f := File{Seed: decodeSeed(n.At("seed"))}
	list := n.Required("proxies").List()
	for _, each := range list {
		p := DecodeProxy(each, FromFile(files))
		if !each.Failed() {
			p.Rehearse(func(rule int, err error) { blame(each, rule, err) })
		}
		f.Proxies = append(f.Proxies, p)
	}
	f.distinct(list)
	return f
}

// distinct checks that proxies do not share what only one can have.
func (f File) distinct(list []schema.Node) {
	for _, once := range []struct {
		key, complaint string
		of             func(Proxy) string
	}{
		{"name", "%[2]s is called %[1]q already; call this one otherwise", func(p Proxy) string { return p.Name }},
		{"listen", "%[2]s listens on %[1]s already; choose another port, or 127.0.0.1:0 for any free one", Proxy.fixed},
		{"record", "%[2]s is recorded to %[1]s already; choose another file", func(p Proxy) string { return p.Record }},
	} {
		first := map[string]string{}
		for i, n := range list {
			value := once.of(f.Proxies[i])
			if earlier, again := first[value]; again && value != "" {
				n.At(once.key).Fail(once.complaint, value, earlier)
			} else {
				first[value] = n.Path() + "." + once.key
			}
		}
	}
}

// fixed is the address it listens on, with the port that it then has; empty if that is
// any free one.
func (d Proxy) fixed() string {
	addr, err := net.ResolveTCPAddr("tcp", d.Listen)
	if err != nil || addr.Port == 0 {
		return ""
	}
	return addr.String()
}

// decodeToxiproxy reads a file of Toxiproxy, in which unknown keys mean nothing.
func decodeToxiproxy(n schema.Node) (f []Proxy) {
	list := n.List()
	for _, each := range list {
		each.Keys() // which complains if it is no map
		enabled := each.At("enabled")
		p := Proxy{
			Name:        decodeName(each.Required("name")),
			Listen:      DefaultListen,
			Upstream:    decodeHostPort(each.Required("upstream")),
			Disabled:    enabled.Exists() && !enabled.Bool(),
			Compression: faultproxy.NoTakeover,
		}
		if listen := each.At("listen"); !listen.IsNull() && listen.Value() != "" {
			p.Listen = DecodeListen(listen)
		}
		f = append(f, p)
	}
	File{Proxies: f}.distinct(list)
	return f
}

// decodeHostPort reads an upstream of Toxiproxy, which is any TCP server.
func decodeHostPort(n schema.Node) string {
	text := n.String()
	if n.Failed() {
		return ""
	}
	if strings.Contains(text, "://") {
		n.Fail("%q: in a list, which is a file of Toxiproxy, an upstream is HOST:PORT; for URLs write a map: {proxies: […]}", text)
		return ""
	}
	if _, _, err := net.SplitHostPort(text); err != nil {
		n.Fail("%q: want HOST:PORT such as 127.0.0.1:9000", text)
		return ""
	}
	return "tcp://" + text
}
