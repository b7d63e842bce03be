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
// that [Named] knows, and settings that [Preset.With] does.
func Parse(text string) (Preset, error) {
	name, rest, more := strings.Cut(text, ",")
	p, err := Named(strings.TrimSpace(name))
	for err == nil && more {
		var each string
		each, rest, more = strings.Cut(rest, ",")
		key, value, set := strings.Cut(each, "=")
		if key, value = strings.TrimSpace(key), strings.TrimSpace(value); !set {
			return Preset{}, fmt.Errorf("preset %q: %q says no value; want NAME=VALUE such as idle=10s; it has %s", p.Name, key, p.has())
		}
		p, err = p.With(key, value)
	}
	return p, err
}
