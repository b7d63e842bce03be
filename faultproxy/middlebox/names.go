package middlebox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// presets makes every preset, in the order in which they are listed: programs, what
// orchestrates them, clouds, the network.
var presets = []func() Preset{
	Nginx, HAProxy, HAProxyTCP, Apache, Caddy, CaddyOld, Lighttpd, Squid, Varnish, H2O, GoReverseProxy,
	Traefik, Envoy, IngressNginx,
	ALB, NLB, NATGateway, APIGateway, CloudFront, GCPLoadBalancer, AzureLoadBalancer, AzureFrontDoor, Cloudflare, Heroku, FlyIO,
	Conntrack, HomeNAT, StrictFirewall,
}

// All returns every preset with its default settings: programs first, then clouds, then
// the network.
func All() []Preset {
	all := make([]Preset, len(presets))
	for i, preset := range presets {
		all[i] = preset()
	}
	return all
}

// Names lists the names that [Named] knows, in the order of [All].
func Names() []string {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return names
}

// Named returns the preset of that name with its default settings.
func Named(name string) (Preset, error) {
	all := All()
	if i := slices.IndexFunc(all, func(p Preset) bool { return p.Name == name }); i >= 0 {
		return all[i], nil
	}
	meant := ";"
	if s := schema.Suggest(name, Names()); s != "" {
		meant = fmt.Sprintf("; did you mean %q?", s)
	}
	return Preset{}, fmt.Errorf("unknown preset %q%s known: %s", name, meant, strings.Join(Names(), ", "))
}

// Parse returns the preset that a text such as "nginx" or "nginx,idle=10s" names: a name
// that [Named] knows, and settings that [Preset.With] does, each once.
func Parse(text string) (Preset, error) {
	name, rest, more := strings.Cut(text, ",")
	if name = strings.TrimSpace(name); name == "" {
		return Preset{}, fmt.Errorf("%q does not begin with the name of a preset; want one such as nginx, or nginx,idle=10s; known: %s", text, strings.Join(Names(), ", "))
	}
	p, err := Named(name)
	given := map[string]bool{}
	for err == nil && more {
		var each string
		each, rest, more = strings.Cut(rest, ",")
		key, value, set := strings.Cut(each, "=")
		switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); {
		case !set:
			return Preset{}, fmt.Errorf("preset %q: %q says no value; want NAME=VALUE such as idle=10s; it has %s", p.Name, key, p.has())
		case given[key]:
			return Preset{}, fmt.Errorf("preset %q: %s is given twice; leave one out", p.Name, key)
		}
		given[key] = true
		p, err = p.With(key, value)
	}
	return p, err
}
