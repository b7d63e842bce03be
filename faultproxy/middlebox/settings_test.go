package middlebox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		show func(middlebox.Preset) any
		want any
	}{
		{"nginx", func(p middlebox.Preset) any { return p.Timers[0].For }, time.Minute},
		{"nginx,idle=10s", func(p middlebox.Preset) any { return p.Timers[0].For }, 10 * time.Second},
		{" nginx , idle = 10s , send=off", func(p middlebox.Preset) any { return p.Behavior.SendTimeout }, time.Duration(0)},
		{"nginx,idle=0", func(p middlebox.Preset) any { return p.Timers[0].For }, time.Duration(0)},
		{"nginx,reload=0s", func(p middlebox.Preset) any { return p.OnReload.Survive }, false},
		{"ingress-nginx,reload=off", func(p middlebox.Preset) any { return p.OnReload.Survive }, true},
		{"h2o,handshake=5s", func(p middlebox.Preset) any { return p.Behavior.HandshakeTimeout }, 5 * time.Second},
		{"lighttpd,write=2s", func(p middlebox.Preset) any { return p.Behavior.SendTimeout }, 3 * time.Second},
		{"aws-alb,client-end=rst", func(p middlebox.Preset) any { return p.Timers[0].Do },
			faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FullClose}},
		{"azure-lb,tcp-reset=on,client-end=rst", func(p middlebox.Preset) any { return p.Timers[0].Do },
			faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}},
		{"azure-lb,client-end=rst,tcp-reset=off", func(p middlebox.Preset) any { return p.Timers[0].Do },
			faultproxy.Forget{Client: faultproxy.RST, Server: faultproxy.Silent}},
		{"nginx,idle=2562047h", func(p middlebox.Preset) any { return p.Timers[0].For }, 2562047 * time.Hour},
	} {
		p, err := middlebox.Parse(c.text)
		if err != nil || c.show(p) != c.want {
			t.Errorf("%s: got %v, %v; want %v", c.text, c.show(p), err, c.want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     `"" does not begin with the name of a preset; want one such as nginx, or nginx,idle=10s; known: nginx, `,
		" ,idle=10s":                           `" ,idle=10s" does not begin with the name of a preset; `,
		"haproxi,idle=1s":                      `unknown preset "haproxi"; did you mean "haproxy"? known: nginx, `,
		"nginx,":                               `preset "nginx": "" says no value; want NAME=VALUE such as idle=10s; it has idle=1m0s, send=1m0s, reload=off, client-end=full-close, server-end=full-close`,
		"nginx,idle":                           `preset "nginx": "idle" says no value; want NAME=VALUE such as idle=10s; it has idle=1m0s, `,
		"nginx,idel=10s":                       `preset "nginx" has no setting "idel"; did you mean "idle"? it has idle=1m0s, `,
		"go-reverseproxy,idle=10s":             `preset "go-reverseproxy" has no setting "idle"; it has handshake=off`,
		"fly,idle=10s":                         `preset "fly" has no setting "idle"; it has none`,
		"nginx,idle=10":                        `preset "nginx": idle=10 is no time; want one such as idle=30s, or idle=off`,
		"nginx,idle=-1s":                       `preset "nginx": idle=-1s is no time; `,
		"nginx,idle=9999999h":                  `preset "nginx": idle=9999999h is too long: at most 2562047h, or idle=off`,
		"nginx,idle=2562047h1s":                `preset "nginx": idle=2562047h1s is too long: at most 2562047h`,
		"nginx,idle=9999999x":                  `preset "nginx": idle=9999999x is no time; `,
		"nginx,idle=1s,idle=2s":                `preset "nginx": idle is given twice; leave one out`,
		"nginx,proxy_read_timeout=1s":          `preset "nginx" has no setting "proxy_read_timeout"; did you mean "idle" (nginx's proxy_read_timeout)? it has idle=1m0s, `,
		"nginx,proxy_send_timeout=1s":          `preset "nginx" has no setting "proxy_send_timeout"; did you mean "send" (nginx's proxy_send_timeout)?`,
		"apache,timeout=1s":                    `preset "apache" has no setting "timeout"; did you mean "idle" (apache's Timeout)?`,
		"azure-lb,tcp-reset=on,client-end=fin": `preset "azure-lb": client-end=fin, but tcp-reset=on ends both sides with rst; leave one of the two out`,
		"nginx,shutdown=1s":                    `preset "nginx" has no setting "shutdown"`,
		"squid,shutdown=soon":                  `preset "squid": shutdown=soon is no time; `,
		"aws-alb,client-end=bang":              `preset "aws-alb": client-end=bang; want keep, half-close, fin, full-close, rst, fin-rst or silent`,
		"aws-nlb,server-end=fin":               `preset "aws-nlb": server-end=fin: forget: whoever forgot a connection cannot end it with fin; want rst or silent`,
		"azure-lb,tcp-reset=maybe":             `preset "azure-lb": tcp-reset=maybe; want off or on`,
	} {
		if _, err := middlebox.Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got  %v\nwant %s", text, err, want)
		}
	}
}

// Every setting takes its own value, and a copy's is not the original's.
func TestEverySettingCanBeSet(t *testing.T) {
	for _, p := range middlebox.All() {
		seen := map[string]bool{}
		for _, s := range p.Settings() {
			if seen[s.Name] || s.Name == "" || s.About == "" {
				t.Errorf("%s: setting %+v", p.Name, s)
			}
			seen[s.Name] = true
			same, err := p.With(s.Name, s.Value)
			if err != nil {
				t.Errorf("%s: %s does not take its own value: %v", p.Name, s.Name, err)
			}
			if got := valueOf(same, s.Name); got != s.Value {
				t.Errorf("%s: %s=%s became %s", p.Name, s.Name, s.Value, got)
			}
			other := map[bool]string{true: "rst", false: "3s"}[strings.HasSuffix(s.Name, "-end")]
			if s.Name == "tcp-reset" {
				other = "on"
			}
			changed, err := p.With(s.Name, other)
			if err != nil || valueOf(changed, s.Name) != other {
				t.Errorf("%s: %s=%s gave %s, %v", p.Name, s.Name, other, valueOf(changed, s.Name), err)
			}
			if valueOf(p, s.Name) != s.Value {
				t.Errorf("%s: %s of a copy went into the original", p.Name, s.Name)
			}
			if err := (&faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}).Use(changed); err != nil {
				t.Errorf("%s: with %s=%s: %v", p.Name, s.Name, other, err)
			}
		}
	}
}

func valueOf(p middlebox.Preset, setting string) string {
	for _, s := range p.Settings() {
		if s.Name == setting {
			return s.Value
		}
	}
	return ""
}
