package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// flagGroups are the headings of the flags in the help.
var flagGroups = []kong.Group{
	{Key: "path", Title: "Where it stands:"},
	{Key: "fault", Title: "What it breaks (D is a duration such as 1500ms or 1m30s; @D is D after the connection opened):"},
	{Key: "server", Title: "What it does:"},
	{Key: "admin", Title: "How it is watched and told what to do:"},
	{Key: "output", Title: "What it tells:"},
	{Key: "ctl", Title: "Which faultproxy:"},
}

// runCmd is `faultproxy run`.
type runCmd struct {
	Config single `short:"c" group:"path" placeholder:"FILE" help:"Run the proxies of a YAML or JSON file, instead of the one that flags describe; see below."`
	Watch  bool   `group:"path" default:"true" negatable:"" help:"Read that file again whenever it changes, and do what it says then. SIGHUP has it read at once. Default: ${default}."`

	Listen       string      `group:"path" placeholder:"ADDR" default:"127.0.0.1:8080" help:"Where clients connect. Port 0 takes any free one. Default: ${default}."`
	Upstream     upstreamURL `group:"path" placeholder:"URL" help:"Where connections go: a ws, wss, http or https URL, or tcp://HOST:PORT for any stream of bytes, which may turn out to be a WebSocket. Default: an embedded echo server, which answers pings and the text ping."`
	PreserveHost bool        `group:"path" help:"Pass Host and Origin on as the client sent them."`
	TLS          bool        `group:"path" name:"tls" help:"Serve wss, with a certificate made for this run."`
	Compression  string      `group:"path" enum:"pass,no-takeover,strip" default:"no-takeover" help:"What to do about permessage-deflate: ${enum}. no-takeover has each message compressed on its own, so that it can be read here and matched by rules; pass leaves it to client and server. Default: ${default}."`
	Insecure     bool        `group:"path" help:"Do not verify the upstream's certificate."`
	UpstreamCA   string      `group:"path" name:"upstream-ca" placeholder:"FILE" help:"Trust the certificates in this PEM file for the upstream, instead of the system's."`

	Preset      single      `group:"fault" placeholder:"NAME[,SETTING=VALUE]" complete:"preset" help:"Behave like a real middlebox, such as nginx, or haproxy,idle=1m. faultproxy presets lists them, faultproxy presets NAME its settings."`
	IdleTimeout duration    `group:"fault" placeholder:"D" help:"Close both sides, without a Close frame, when no byte arrived from either for D. With --preset: its setting idle."`
	Lifetime    duration    `group:"fault" placeholder:"D" help:"Close both sides, without a Close frame, D after opening."`
	DropPongs   bool        `group:"fault" help:"Drop pongs toward the client: protocol pongs and the text pong."`
	Close       []closing   `group:"fault" sep:"none" placeholder:"CODE[:REASON]@D" help:"Close both sides with a Close frame."`
	Reset       []moment    `group:"fault" sep:"none" placeholder:"@D" help:"Reset both sides."`
	Silence     []moment    `group:"fault" sep:"none" placeholder:"@D" help:"From then on the client receives nothing, on a connection that stays open."`
	Reject      []rejection `group:"fault" sep:"none" placeholder:"STATUS[xTIMES]" help:"Answer upgrades with an HTTP status, the first TIMES or all."`
	Latency     *spread     `group:"fault" placeholder:"D[±D]" help:"Delay everything, in both directions. +- is also understood."`
	Rule        []string    `group:"fault" sep:"none" placeholder:"YAML" help:"Any rule, or a list of them; see above. May be given more than once."`
	Rules       []string    `group:"fault" sep:"none" placeholder:"FILE" help:"The rules in a YAML or JSON file, before those of --rule. May be given more than once."`
	Scenario    single      `group:"fault" placeholder:"FILE" help:"Play the scenario in a YAML or JSON file: phases of rules and presets, from now on."`
	Seed        uint64      `group:"fault" placeholder:"N" help:"Decide all chance. Default: drawn, and printed."`

	adminFlags
	output

	behaves *middlebox.Preset  // nil: like none
	outage  *scenario.Scenario // nil: none
}

// Help is shown below the flags.
func (*runCmd) Help() string {
	return `Examples:

  faultproxy run                                           echo server behind ws://127.0.0.1:8080
  faultproxy run --upstream ws://127.0.0.1:9000 --preset nginx
  faultproxy run --idle-timeout 10s --record out.jsonl     then: faultproxy explain out.jsonl
  faultproxy run --close 1012:restart@30s --reject 503x2   a restart, and two refusals
  faultproxy run --rule '{on: {frame: {op: pong, dir: to-client}}, do: {late: 5s}, times: 3}'
  faultproxy run -c heartbreak.yaml                        several proxies; faultproxy check heartbreak.yaml

A rule says when (on), what (do), and as far as needed for which connections and how often:

  on      accepted, request, response, opened, {elapsed: 30s}, {every: 30s}, {idle: 60s},
          {idle: {after: 60s, late: 1s}} (up to 1 s late by chance; also early, and of elapsed),
          {at: 30s} (of the proxy's time), {frame: {op: text, dir: to-server, contains: hello}}
  do      on a frame: drop, {late: 2s}, reorder, duplicate, {replace: {with: {text: no}}}, corrupt,
          {truncate: 3}, {split: 3}, {coalesce: 3}, {malform: {rsv: 2}}, {forge: phoenix}
          on a frame or a time: {inject: {frame: {op: ping}}}, {inject-bytes: junk}, {end: rst},
          {close: {code: 1012, reason: restart}}, {silence: to-client}, forget, discard, freeze
          on nothing: {latency: 100ms±20ms}, {rate: 56kbit/s}, {slice: {size: 1, pause: 20ms}},
          {limit: 1000}, discard-bytes, reset-peer, {slow-close: 5s}
          in the handshake: {reject: 503}, {redirect: "wss://b/"}, {delay: 1s}, hang, cut, strip-deflate,
          {request-headers: {remove: Upgrade}}, {response-headers: {set: {X: y}}}
          on accepted: refuse, hang, {delay: 1s}, {bad-certificate: expired}, cut-tls
          on any of them, and on at: {down: {for: 5s, hang: true, drop: fin}}
  conns   2, "2-4", "30%", {every: 3, path: /ws, header: {X-User: ann}}
  name, skip, times, one_in, spare, count, after, for, expect: fired, final: true

A file of --config has proxies, each with a name, and as far as needed listen, upstream, enabled,
tls, upstream_tls, preserve_host, compression, seed, preset, rules, toxics, scenario and record:

  proxies:
    - {name: api, listen: "127.0.0.1:8080", upstream: "ws://127.0.0.1:9000", preset: nginx}
    - {name: feed, listen: "127.0.0.1:8081", upstream: "ws://127.0.0.1:9001", scenario: outage.yaml}

faultproxy schema prints its JSON schema, for editors. A change of the file takes effect while the
proxies run; one that is wrong is pointed out, and all goes on as it was.

Exit status: 0 after SIGINT, SIGTERM or --ttl, once all connections are closed; 1 if it cannot
listen, if the recording is incomplete, or if a rule with "expect: fired" never fired; 2 if the
command line, or a file that it names, is wrong.`
}

// Run runs the proxy until the session ends.
func (c *runCmd) Run(s *session) error {
	if err := c.adminFlags.check(); err != nil {
		return err
	}
	if c.Config != "" {
		return c.runFile(s)
	}
	proxy, err := c.proxy()
	if err != nil {
		return err
	}
	listener, err := listen("--listen", c.Listen)
	if err != nil {
		return err
	}
	if c.Upstream == "" {
		echo, err := startEcho()
		if err != nil {
			return err
		}
		defer echo.close()
		proxy.Upstream = echo.url()
	}
	record, err := c.recording()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel, b := c.open(s, proxy.Timeline)
	defer cancel()
	authority := &authorityFile{}
	defer authority.remove()
	others := &announcer{b: b, authority: authority, spoken: defaultName}
	proxies := &fleet.Fleet{Seed: c.Seed, Opened: others.announce}
	if _, err := proxies.Adopt(c.description(proxy), proxy, listener); err != nil {
		return err
	}
	api, err := c.serve(proxies)
	if err != nil {
		return errors.Join(err, proxies.Close())
	}
	defer api.end()
	if err := authority.add(proxy.AuthorityPEM()); err != nil {
		return errors.Join(err, proxies.Close())
	}
	ready := readyLine(proxy.Timeline, proxy.URL, authority, api.fields()...)
	if err := b.tell(&teller{tl: proxy.Timeline, recording: record, ready: ready}, nil); err != nil {
		return errors.Join(err, proxies.Close())
	}
	b.begin(ready, c.greeting(proxy, authority, api))
	<-ctx.Done()
	api.end()
	err = proxies.Close()
	return errors.Join(err, b.end(proxy.Summary()))
}

// defaultName is the name of the proxy that the flags describe.
const defaultName = "default"

// description is what the admin API shows of the proxy.
func (c *runCmd) description(p *faultproxy.Proxy) config.Proxy {
	return config.Proxy{Name: defaultName, Listen: c.Listen, Upstream: p.Upstream, TLS: c.TLS, PreserveHost: c.PreserveHost,
		Compression: p.Compression, Seed: p.Seed, Preset: c.behaves, Scenario: c.outage}
}

// proxy makes the proxy that the flags describe. Nothing is opened yet.
func (c *runCmd) proxy() (*faultproxy.Proxy, error) {
	if err := checkListen("--listen", c.Listen); err != nil {
		return nil, err
	}
	upstreamTLS, err := c.upstreamTLS()
	if err != nil {
		return nil, err
	}
	p := &faultproxy.Proxy{
		Upstream:     string(c.Upstream),
		Timeline:     timeline.New(),
		Seed:         c.Seed,
		TLS:          c.TLS,
		UpstreamTLS:  upstreamTLS,
		PreserveHost: c.PreserveHost,
		Compression:  compressions[c.Compression],
	}
	preset, err := c.preset()
	if err != nil {
		return nil, err
	}
	c.behaves = preset
	if preset != nil && c.Scenario == "" {
		if err := p.Use(*preset); err != nil {
			return nil, badUsage("--preset: %w", err)
		}
	}
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	if err := p.Add(rules...); err != nil {
		return nil, badUsage("%w", err)
	}
	if c.Scenario == "" {
		return p, nil
	}
	outage, err := readScenario(string(c.Scenario))
	if err != nil {
		return nil, err
	}
	switch {
	case preset == nil:
	case outage.Preset != nil:
		return nil, badUsage("--preset: the scenario has a preset of its own, %v: leave one of them out", outage.Preset)
	default:
		outage.Preset = preset
	}
	if err := outage.Check(p); err != nil {
		return nil, badUsage("--scenario: %s: %w", c.Scenario, err)
	}
	c.outage = &outage
	return p, nil
}

// preset is that of the flags; nil is none.
func (c *runCmd) preset() (*middlebox.Preset, error) {
	if c.Preset == "" {
		return nil, nil
	}
	preset, err := middlebox.Parse(string(c.Preset))
	if err != nil {
		return nil, badUsage("--preset: %w", err)
	}
	if c.IdleTimeout > 0 {
		if preset, err = preset.With("idle", time.Duration(c.IdleTimeout).String()); err != nil {
			return nil, badUsage("--idle-timeout: %w", err)
		}
	}
	return &preset, nil
}

var compressions = map[string]faultproxy.Compression{
	"pass": faultproxy.Pass, "no-takeover": faultproxy.NoTakeover, "strip": faultproxy.Strip,
}

// rules are those of the flags, in the order in which they stand in the help, and
// then those given as such.
func (c *runCmd) rules() ([]faultproxy.Rule, error) {
	var rules []faultproxy.Rule
	if d := time.Duration(c.IdleTimeout); d > 0 && c.Preset == "" {
		rules = append(rules, faultproxy.IdleTimeout(d))
	}
	if d := time.Duration(c.Lifetime); d > 0 {
		rules = append(rules, faultproxy.Lifetime(d))
	}
	if c.DropPongs {
		rules = append(rules, faultproxy.DropPongs())
	}
	after := func(d time.Duration, do faultproxy.Fault) {
		rules = append(rules, faultproxy.Rule{On: faultproxy.Elapsed(d), Do: do})
	}
	for _, each := range c.Close {
		after(each.at, each.close)
	}
	for _, at := range c.Reset {
		after(time.Duration(at), faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST})
	}
	for _, at := range c.Silence {
		after(time.Duration(at), faultproxy.Silence{Dir: frame.ToClient})
	}
	for _, each := range c.Reject {
		rules = append(rules, faultproxy.Rule{Times: each.times, Do: faultproxy.RejectWith(each.status)})
	}
	if c.Latency != nil {
		rules = append(rules, faultproxy.Rule{Do: faultproxy.Latency{Delay: c.Latency.mean, Jitter: c.Latency.jitter}})
	}
	for _, path := range c.Rules {
		more, err := readRules(path)
		if err != nil {
			return nil, err
		}
		rules = append(rules, more...)
	}
	for _, doc := range c.Rule {
		more, err := parseRules(doc)
		if err != nil {
			return nil, err
		}
		rules = append(rules, more...)
	}
	return rules, nil
}

// upstreamTLS is how the upstream is verified; nil is as usual.
func (c *runCmd) upstreamTLS() (*tls.Config, error) {
	switch {
	case c.Insecure && c.UpstreamCA != "":
		return nil, badUsage("--insecure verifies nothing and --upstream-ca says what to trust: use one of them")
	case c.Insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case c.UpstreamCA == "":
		return nil, nil
	}
	pem, err := os.ReadFile(c.UpstreamCA)
	if err != nil {
		return nil, badUsage("--upstream-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, badUsage("--upstream-ca: %s holds no PEM certificate", c.UpstreamCA)
	}
	return &tls.Config{RootCAs: roots}, nil
}
