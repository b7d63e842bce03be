package admin

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// proxyView is a proxy as it is shown.
type proxyView struct {
	Name        string        `json:"name"`
	Enabled     bool          `json:"enabled"`
	Listen      string        `json:"listen"`
	URL         string        `json:"url,omitempty"`
	Upstream    string        `json:"upstream"`
	TLS         bool          `json:"tls"`
	Compression string        `json:"compression"`
	Seed        uint64        `json:"seed"`
	Preset      string        `json:"preset,omitempty"`
	Scenario    *scenarioView `json:"scenario,omitempty"`
	Rules       []ruleView    `json:"rules"`
	Connections countsView    `json:"connections"`
	Now         float64       `json:"now"`        // seconds since its timeline began
	LastEvent   int           `json:"last_event"` // the number of the newest event
}

type countsView struct {
	Open  int `json:"open"`
	Ended int `json:"ended"`
}

// scenarioView is a scenario under way.
type scenarioView struct {
	Name   string   `json:"name,omitempty"`
	Phases []string `json:"phases"`
	Phase  string   `json:"phase,omitempty"` // the one it is in; empty: in none
}

func viewProxy(p *fleet.Proxy) proxyView {
	doc, engine := p.Doc(), p.Engine()
	v := proxyView{
		Name: p.Name(), Enabled: p.Enabled(), Listen: p.Listen(), URL: p.URL(), Upstream: timeline.RedactURL(engine.Upstream),
		TLS: engine.TLS || engine.TLSConfig != nil, Compression: compressionName(engine.Compression), Seed: engine.Seed,
		Preset: presetName(doc.Preset), Rules: viewRules(p),
		Connections: countsView{Open: len(engine.Conns()), Ended: p.Tracker().Ended()},
		Now:         p.Timeline().Now().Seconds(), LastEvent: p.Timeline().Last(),
	}
	if s := p.Scenario(); s != nil {
		v.Scenario = &scenarioView{Name: s.Name, Phase: p.Tracker().Phase()}
		for _, phase := range s.Phases {
			v.Scenario.Phases = append(v.Scenario.Phases, phase.Name)
		}
	}
	return v
}

func compressionName(c faultproxy.Compression) string {
	for name, value := range config.Compressions {
		if value == c {
			return name
		}
	}
	return ""
}

func presetName(p *middlebox.Preset) string {
	if p == nil {
		return ""
	}
	return p.String()
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	proxies := s.Fleet.All()
	open := 0
	for _, p := range proxies {
		open += len(p.Engine().Conns())
	}
	reply(w, http.StatusOK, map[string]any{"status": "ok", "version": s.Version, "proxies": len(proxies), "connections": open})
}

func (s *Server) listProxies(w http.ResponseWriter, _ *http.Request) {
	list := []proxyView{}
	for _, p := range s.Fleet.All() {
		list = append(list, viewProxy(p))
	}
	reply(w, http.StatusOK, map[string]any{"proxies": list})
}

func (s *Server) createProxy(w http.ResponseWriter, r *http.Request) {
	var d config.Proxy
	if err := decode(r, func(n schema.Node) { d = config.DecodeProxy(n, config.FromAPI) }); err != nil {
		failed(w, err)
		return
	}
	p, err := s.Fleet.Create(d)
	if err != nil {
		failed(w, err)
		return
	}
	w.Header().Set("Location", "/v1/proxies/"+p.Name())
	reply(w, http.StatusCreated, viewProxy(p))
}

func (s *Server) getProxy(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	reply(w, http.StatusOK, viewProxy(p))
}

func (s *Server) changeProxy(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var listen, upstream string
	var enabled *bool
	err := decode(r, func(n schema.Node) {
		n.Only("listen", "upstream", "enabled")
		if at := n.At("listen"); !at.IsNull() {
			listen = config.DecodeListen(at)
		}
		if at := n.At("upstream"); !at.IsNull() {
			upstream = config.DecodeUpstream(at)
		}
		if at := n.At("enabled"); !at.IsNull() {
			on := at.Bool()
			enabled = &on
		}
	})
	if err == nil {
		err = p.Move(listen, upstream)
	}
	if err == nil && enabled != nil {
		err = p.SetEnabled(*enabled)
	}
	s.shown(w, p, err)
}

// shown answers with the proxy, or with what went wrong.
func (s *Server) shown(w http.ResponseWriter, p *fleet.Proxy, err error) {
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, http.StatusOK, viewProxy(p))
}

func (s *Server) removeProxy(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	if err := s.Fleet.Remove(p.Name()); err != nil {
		failed(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) port(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	engine := p.Engine()
	do := map[string]func() error{"refuse": engine.Refuse, "hang": engine.Hang, "resume": engine.Resume}[r.PathValue("action")]
	if do == nil {
		failed(w, bad(http.StatusNotFound, "a port can refuse, hang or resume, not %s", r.PathValue("action")))
		return
	}
	if err := do(); err != nil {
		failed(w, bad(http.StatusConflict, "%v", err))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) setPreset(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var preset *middlebox.Preset
	err := decode(r, func(n schema.Node) {
		n.Only("preset")
		preset = config.DecodePreset(n.Required("preset"))
	})
	if err == nil {
		err = p.Behave(preset)
	}
	s.shown(w, p, err)
}

func (s *Server) removePreset(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	s.shown(w, p, p.Behave(nil))
}

func (s *Server) playScenario(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var outage scenario.Scenario
	err := decode(r, func(n schema.Node) { outage = scenario.Decode(n) })
	if err == nil {
		err = p.Play(outage)
	}
	s.shown(w, p, err)
}

func (s *Server) stopScenario(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	p.StopScenario()
	s.shown(w, p, nil)
}

// presetView is a middlebox as it is shown.
type presetView struct {
	Name     string        `json:"name"`
	Version  string        `json:"version,omitempty"` // that was measured
	Summary  string        `json:"summary"`
	Source   string        `json:"source"`
	Settings []settingView `json:"settings"`
}

type settingView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Own   string `json:"own,omitempty"` // the middlebox's own name of it
	About string `json:"about"`
}

func (s *Server) presets(w http.ResponseWriter, _ *http.Request) {
	list := []presetView{}
	for _, p := range middlebox.All() {
		v := presetView{Name: p.Name, Version: p.Version, Summary: p.Summary, Source: p.Source, Settings: []settingView{}}
		for _, set := range p.Settings() {
			v.Settings = append(v.Settings, settingView{set.Name, set.Value, set.Own, set.About})
		}
		list = append(list, v)
	}
	reply(w, http.StatusOK, map[string]any{"presets": list})
}
