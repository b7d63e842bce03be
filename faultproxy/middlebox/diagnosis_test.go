package middlebox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// presetOf names the preset of what the diagnosis knows a timer of.
var presetOf = map[string]string{
	"nginx": "nginx", "AWS ALB": "aws-alb", "Apache httpd": "apache", "Apache httpd on Debian": "apache,idle=5m", "ingress-nginx": "ingress-nginx",
	"Varnish": "varnish", "Heroku router": "heroku", "Cloudflare": "cloudflare", "Azure Load Balancer": "azure-lb",
	"Azure Load Balancer with TCP Reset": "azure-lb,tcp-reset=on", "h2o": "h2o", "Envoy": "envoy", "Azure Front Door": "azure-front-door",
	"AWS NLB": "aws-nlb", "AWS NAT gateway": "aws-nat-gateway", "AWS API Gateway": "aws-api-gateway", "Squid": "squid", "Linux conntrack": "conntrack",
	"HAProxy": "haproxy", "lighttpd": "lighttpd", "CloudFront": "cloudfront", "Caddy": "caddy", "GCP external HTTP(S) load balancer": "gcp-lb",
	"AWS Classic ELB": "", // no preset: nobody should start with one
}

// notDiagnosed are timers that the diagnosis does not know: not the product's own number,
// or the same as another's.
var notDiagnosed = []string{
	"haproxy client", "haproxy server", "haproxy-tcp idle", "caddy-2.6 read", "home-nat idle", "strict-firewall idle",
}

// What a preset does and what the diagnosis takes for its doing are the same.
func TestTheDiagnosisKnowsTheTimers(t *testing.T) {
	known := slices.Clone(notDiagnosed)
	for _, d := range diagnosis.KnownTimeouts() {
		text, ok := presetOf[d.Name]
		if !ok {
			t.Errorf("the diagnosis knows a timer of %s, and there is no preset; name it in presetOf", d.Name)
		}
		if text == "" {
			continue
		}
		p := parse(t, text)
		i := slices.IndexFunc(p.Timers, func(timer middlebox.Timer) bool {
			return timer.Lifetime == (d.Kind == diagnosis.LifetimeTimer) && timer.Setting == d.Setting
		})
		if i < 0 {
			t.Errorf("%s: the preset %s has no %v timer %q", d.Name, p.Name, d.Kind, d.Setting)
			continue
		}
		timer := p.Timers[i]
		known = append(known, p.Name+" "+timer.Name)
		agree(t, d, p, timer)
	}
	for _, p := range middlebox.All() {
		for _, timer := range p.Timers {
			if !slices.Contains(known, p.Name+" "+timer.Name) {
				t.Errorf("%s: the diagnosis does not know the timer %s", p.Name, timer.Name)
			}
		}
	}
}

func agree(t *testing.T, d diagnosis.Timeout, p middlebox.Preset, timer middlebox.Timer) {
	t.Helper()
	if d.Default != timer.For {
		t.Errorf("%s: the preset's %s is %v, and %v for the diagnosis", p.Name, timer.Name, timer.For, d.Default)
	}
	byEither := timer.ResetBy == 0 && !timer.Lifetime
	if d.ResetBy != timer.ResetBy && !(byEither && d.ResetBy.String() == "both") {
		t.Errorf("%s: %s is restarted by %v, and by %v for the diagnosis", p.Name, timer.Name, timer.ResetBy, d.ResetBy)
	}
	early, late := max(timer.Early, timer.Lazy)-timer.Delay, timer.Delay+timer.Late
	if end, ok := timer.Do.(faultproxy.End); ok {
		late += end.Gap
	}
	if early > d.Early || late > d.Late+50*time.Millisecond {
		t.Errorf("%s: %s fires up to %v early and %v late, which for the diagnosis is %v and %v", p.Name, timer.Name, early, late, d.Early, d.Late)
	}
	measured := false
	for _, e := range p.Events() {
		measured = measured || e.Name == timer.Name && e.Basis == middlebox.Measured
	}
	if d.Verified && !measured || measured && !d.Verified && p.Name != "conntrack" { // its error was not measured
		t.Errorf("%s: %s is measured: %v, and for the diagnosis: %v", p.Name, timer.Name, measured, d.Verified)
	}
	if shows := showsOf(timer.Do); d.Shows != shows && (d.Shows != diagnosis.ShowsUnsure || measured) {
		t.Errorf("%s: %s shows %v, and %v for the diagnosis", p.Name, timer.Name, shows, d.Shows)
	}
}

// showsOf is what the diagnosis calls what a client sees.
func showsOf(do faultproxy.Fault) diagnosis.Shows {
	switch do := do.(type) {
	case faultproxy.Forget:
		return diagnosis.ShowsNothing
	case faultproxy.Close:
		return diagnosis.ShowsClose
	case faultproxy.End:
		if do.Client == faultproxy.RST {
			return diagnosis.ShowsRST
		}
		return diagnosis.ShowsFIN
	}
	return diagnosis.ShowsUnsure
}
