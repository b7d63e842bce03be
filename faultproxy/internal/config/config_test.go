package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/internal/certificate"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// tree reads YAML.
func tree(t *testing.T, doc string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// files reads the files of a folder.
func files(dir string) config.Files {
	return config.Files{
		Dir: dir,
		Rules: func(path string) ([]faultproxy.Rule, error) {
			v, err := readYAML(path)
			if err != nil {
				return nil, err
			}
			return faultproxy.ParseRules(v)
		},
		Scenario: func(path string) (scenario.Scenario, error) {
			v, err := readYAML(path)
			if err != nil {
				return scenario.Scenario{}, err
			}
			return scenario.Parse(v)
		},
	}
}

func readYAML(path string) (v any, err error) {
	doc, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(doc, &v)
	}
	return v, err
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// decode reads a configuration file, and what is wrong with it.
func decode(t *testing.T, doc string, with config.Files) (f config.File, problems string) {
	t.Helper()
	if err := schema.Decode(tree(t, doc), func(n schema.Node) { f = config.Decode(n, with) }); err != nil {
		problems = err.Error()
	}
	return f, problems
}

func TestEverything(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "rules.yaml", "- {name: a, on: {frame: {op: pong}}, do: drop}\n- {name: b, do: {latency: 1s}}\n")
	write(t, dir, "outage.yaml", "phases: [{at: 0s, name: healthy}]\n")
	var named []string
	with := files(dir)
	with.Named = func(path string) { named = append(named, filepath.Base(path)) }
	f, problems := decode(t, `
seed: 7
proxies:
  - name: api
    listen: :8080
    upstream: wss://example.test/socket
    enabled: false
    tls: true
    upstream_tls: {insecure: true}
    preserve_host: true
    compression: strip
    seed: "11"
    preset: nginx,idle=10s
    rules: rules.yaml
    record: ./api.jsonl
  - name: feed
    scenario: outage.yaml
    rules: {do: {latency: 100ms}}
`, with)
	if problems != "" {
		t.Fatal(problems)
	}
	if f.Seed != 7 || len(f.Proxies) != 2 {
		t.Fatalf("got %+v", f)
	}
	api, feed := f.Proxies[0], f.Proxies[1]
	if len(api.Rules) != 2 || api.Preset.String() != "nginx,idle=10s" {
		t.Errorf("the rules are %v, the preset %v", api.Rules, api.Preset)
	}
	api.Rules, api.Preset = nil, nil
	want := config.Proxy{Name: "api", Listen: ":8080", Upstream: "wss://example.test/socket", Disabled: true, TLS: true,
		UpstreamTLS: config.UpstreamTLS{Insecure: true}, PreserveHost: true, Compression: faultproxy.Strip, Seed: 11,
		Record: filepath.Join(dir, "api.jsonl")}
	if !reflect.DeepEqual(api, want) {
		t.Errorf("got  %+v\nwant %+v", api, want)
	}
	if feed.Scenario == nil || feed.Scenario.Phases[0].Name != "healthy" || len(feed.Rules) != 1 || feed.Listen != config.DefaultListen {
		t.Errorf("got %+v", feed)
	}
	if got := strings.Join(named, " "); got != "rules.yaml outage.yaml" {
		t.Errorf("the files named are %s", got)
	}
}

func TestTheExample(t *testing.T) {
	text, err := os.ReadFile("../../../examples/heartbreak.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if f, problems := decode(t, string(text), files("../../../examples")); problems != "" || len(f.Proxies) != 2 {
		t.Errorf("%d proxies, %s", len(f.Proxies), problems)
	}
}

func TestWrong(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "rules.yaml", "- {on: accepted, do: drop}\n- {do: refuse, tims: 3}\n")
	write(t, dir, "empty.pem", "")
	for name, c := range map[string]struct{ doc, want string }{
		"a key":           {`{proxys: []}`, "proxys: unknown key \"proxys\"; did you mean \"proxies\"? known: seed, proxies\nproxies: missing, but required"},
		"a key below":     {`proxies: [{name: a, upstrem: x}]`, `proxies[0].upstrem: unknown key "upstrem"; did you mean "upstream"?`},
		"no name":         {`proxies: [{listen: ":1"}]`, `proxies[0].name: missing, but required`},
		"two of a name":   {`proxies: [{name: a}, {name: b}, {name: a}]`, `proxies[2].name: proxies[0].name is called "a" already; call this one otherwise`},
		"two of a port":   {`proxies: [{name: a, listen: "127.0.0.1:81"}, {name: b, listen: "localhost:81"}]`, `proxies[1].listen: proxies[0].listen listens on 127.0.0.1:81 already; choose another port, or 127.0.0.1:0 for any free one`},
		"no folder":       {`proxies: [{name: a, record: nowhere/r}]`, `proxies[0].record: there is no folder ` + filepath.Join(dir, "nowhere") + `: make it, or choose another file`},
		"two recordings":  {`proxies: [{name: a, record: x/../r}, {name: b, record: r}]`, `proxies[1].record: proxies[0].record is recorded to ` + filepath.Join(dir, "r") + ` already; choose another file`},
		"two rules":       {`proxies: [{name: a, rules: [{name: r, do: refuse}, {name: r, do: refuse}]}]`, `proxies[0].rules[1].name: proxies[0].rules[0] is called "r" already`},
		"any port twice":  {`proxies: [{name: a, listen: "127.0.0.1:0"}, {name: b, listen: "127.0.0.1:0"}]`, ``},
		"no such file":    {`proxies: [{name: a, scenario: nowhere.yaml}]`, `proxies[0].scenario: open ` + filepath.Join(dir, "nowhere.yaml")},
		"rules elsewhere": {`proxies: [{name: a, rules: rules.yaml}]`, "proxies[0].rules: [0]: rule \"drop\": \"drop\" needs a frame and \"accepted\" has none; hang it on a frame match, or use silence or discard\n  [1].tims: unknown key"},
		"no certificate":  {`proxies: [{name: a, tls: {cert: empty.pem, key: empty.pem}}]`, `are no certificate and its key`},
		"no key":          {`proxies: [{name: a, tls: {cert: empty.pem}}]`, `proxies[0].tls.key: missing, but required`},
		"no authority":    {`proxies: [{name: a, upstream_tls: {ca: empty.pem}}]`, `proxies[0].upstream_tls.ca: ` + filepath.Join(dir, "empty.pem") + ` holds no PEM certificate`},
		"ca and insecure": {`proxies: [{name: a, upstream_tls: {insecure: true, ca: empty.pem}}]`, `proxies[0].upstream_tls: insecure verifies nothing`},
		"two toxics":      {`proxies: [{name: a, toxics: [{type: noop}, {type: latency, attributes: {latency: 1}}, {type: latency}]}]`, `proxies[0].toxics[2]: proxies[0].toxics[1] is called "latency_downstream" already`},
		"no such toxic":   {`proxies: [{name: a, toxics: [{type: latensy}]}]`, `proxies[0].toxics[0].type: unknown value "latensy"; did you mean "latency"?`},
		"rule and toxic":  {`proxies: [{name: a, rules: {name: x, do: refuse}, toxics: [{name: x, type: latency}]}]`, `proxies[0]: rule "x": there is one of this name`},
		"two presets":     {`proxies: [{name: a, preset: nginx, scenario: {preset: caddy, phases: [{at: 0s, name: x}]}}]`, `proxies[0].scenario: it has a preset of its own`},
		"needs TLS":       {`proxies: [{name: a, rules: [{do: {latency: 1s}}, {do: {bad-certificate: expired}}]}]`, `proxies[0].rules[1]: rule "bad-certificate": "bad-certificate expired"`},
		"later":           {`proxies: [{name: a, scenario: {phases: [{at: 0s, name: x, reload: true}]}}]`, `proxies[0].scenario: scenario: x: phase "x": nothing to reload`},
		"later, TLS":      {`proxies: [{name: a, scenario: {phases: [{at: 0s, name: x, rules: {do: {bad-certificate: expired}}}]}}]`, `proxies[0]: rule "x/bad-certificate"`},
		"an upstream":     {`proxies: [{name: a, upstream: "127.0.0.1:9"}]`, `proxies[0].upstream: "127.0.0.1:9" is no URL`},
		"no map":          {`proxies: [a]`, `proxies[0]: want a map, got the text "a"`},
		"nothing":         {`null`, `proxies: missing, but required`},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := decode(t, c.doc, files(dir))
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestToxics(t *testing.T) {
	f, problems := decode(t, `proxies: [{name: a, rules: [{do: refuse}], toxics: [{type: latency, stream: upstream, toxicity: 0.5, attributes: {latency: 100, jitter: 20}}]}]`, files(""))
	if problems != "" {
		t.Fatal(problems)
	}
	want := faultproxy.Rule{Name: "latency_upstream", Conns: faultproxy.Conns{Percent: 50},
		Do: faultproxy.Latency{Delay: 100 * time.Millisecond, Jitter: 20 * time.Millisecond, Dir: frame.ToServer}}
	if rules := f.Proxies[0].Rules; len(rules) != 2 || !reflect.DeepEqual(rules[1], want) {
		t.Errorf("got %v, want refuse and %v", rules, want)
	}
}

func TestToxiproxysOwnFile(t *testing.T) {
	f, problems := decode(t, `[
	  {"name": "web", "listen": "[::]:1080", "upstream": "web:80", "enabled": true, "extra": 1},
	  {"name": "db", "upstream": "127.0.0.1:3306", "enabled": false}]`, config.Files{})
	if problems != "" {
		t.Fatal(problems)
	}
	want := []config.Proxy{
		{Name: "web", Listen: "[::]:1080", Upstream: "tcp://web:80", Compression: faultproxy.NoTakeover},
		{Name: "db", Listen: config.DefaultListen, Upstream: "tcp://127.0.0.1:3306", Disabled: true, Compression: faultproxy.NoTakeover},
	}
	if !reflect.DeepEqual(f.Proxies, want) {
		t.Errorf("got  %+v\nwant %+v", f.Proxies, want)
	}
	_, problems = decode(t, `[{name: a, upstream: "ws://b:1"}, {name: a, upstream: b}, x]`, config.Files{})
	for _, want := range []string{
		`[0].upstream: "ws://b:1": in a list, which is a file of Toxiproxy, an upstream is HOST:PORT`,
		`[1].upstream: "b": want HOST:PORT`, `[1].name: [0].name is called "a" already`, `[2]: want a map`,
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("got\n%s\nwithout\n%s", problems, want)
		}
	}
}

func TestARequestNamesNoFiles(t *testing.T) {
	for key, value := range map[string]any{
		"record": "x", "rules": "x", "scenario": "x", "tls": map[string]any{"cert": "x", "key": "x"}, "upstream_tls": map[string]any{"ca": "x"},
	} {
		err := schema.Decode(map[string]any{"name": "a", "upstream": "ws://h", key: value}, func(n schema.Node) { config.DecodeProxy(n, config.FromAPI) })
		if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "a request cannot name files") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	authority, err := certificate.NewAuthority("a test")
	if err != nil {
		t.Fatal(err)
	}
	cert, key := issued(t, authority)
	write(t, dir, "cert.pem", cert)
	write(t, dir, "key.pem", key)
	f, problems := decode(t, `proxies: [{name: a, tls: {cert: cert.pem, key: key.pem}, upstream: "wss://h", upstream_tls: {ca: cert.pem}}]`, files(dir))
	if problems != "" {
		t.Fatal(problems)
	}
	p, err := f.Proxies[0].Build()
	if err != nil {
		t.Fatal(err)
	}
	if p.TLSConfig == nil || len(p.TLSConfig.Certificates) != 1 || p.UpstreamTLS.RootCAs == nil {
		t.Errorf("got %+v, %+v", p.TLSConfig, p.UpstreamTLS)
	}
}

func TestRehearsalSaysAll(t *testing.T) {
	d := config.Proxy{Name: "a", Rules: []faultproxy.Rule{
		{Do: faultproxy.Latency{Delay: time.Second}}, {Do: faultproxy.Drop{}}, {Name: "x"},
	}}
	told := map[int]error{}
	d.Rehearse(func(rule int, err error) { told[rule] = errors.Join(told[rule], err) })
	if len(told) != 1 || !strings.Contains(told[-1].Error(), `rule "drop"`) || !strings.Contains(told[-1].Error(), `rule "x"`) {
		t.Errorf("got %v", told)
	}
}
