package admin

import (
	"net/http"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// ruleView is a rule as it is shown.
type ruleView struct {
	Name   string `json:"name"`
	Text   string `json:"text"`           // in a line
	Rule   any    `json:"rule,omitempty"` // as documents write it; missing if it has Go functions
	Preset bool   `json:"preset"`         // it is the middlebox's
	Seen   int    `json:"seen"`           // how often its trigger came
	Fired  int    `json:"fired"`          // how often it acted
}

func viewRules(p *fleet.Proxy) []ruleView {
	engine := p.Engine()
	boxed := engine.Box().Rules
	list := []ruleView{}
	for _, s := range engine.Rules() {
		preset := slices.ContainsFunc(boxed, func(r faultproxy.Rule) bool { return r.Name == s.Rule.Name })
		list = append(list, viewRule(s, preset))
	}
	return list
}

func viewRule(s faultproxy.Status, preset bool) ruleView {
	v := ruleView{Name: s.Rule.Name, Preset: preset, Seen: s.Seen, Fired: s.Fired}
	if tree, err := s.Rule.Tree(); err == nil {
		v.Rule = tree
	}
	s.Rule.Name = ""
	v.Text = s.Rule.String()
	return v
}

func (s *Server) listRules(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	reply(w, http.StatusOK, map[string]any{"rules": viewRules(p)})
}

func (s *Server) addRules(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	tree, err := body(r)
	var rules []faultproxy.Rule
	if err == nil {
		rules, err = faultproxy.ParseRules(tree)
	}
	var added []ruleView
	if err == nil {
		added, err = addAll(p, rules)
	}
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, http.StatusCreated, map[string]any{"rules": added})
}

// addAll adds rules, and returns them as they are in force, with their names.
func addAll(p *fleet.Proxy, rules []faultproxy.Rule) ([]ruleView, error) {
	before := viewRules(p)
	if err := p.Engine().Add(rules...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(viewRules(p), func(v ruleView) bool {
		return slices.ContainsFunc(before, func(old ruleView) bool { return old.Name == v.Name })
	}), nil
}

func (s *Server) removeRules(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	names := []string{}
	for _, own := range p.Own() {
		names = append(names, own.Rule.Name)
	}
	p.Engine().Remove(names...)
	reply(w, http.StatusOK, map[string]any{"removed": names})
}

// rule finds the rule that the path names.
func rule(p *fleet.Proxy, r *http.Request) (ruleView, error) {
	name := r.PathValue("rule")
	for _, v := range viewRules(p) {
		if v.Name == name {
			return v, nil
		}
	}
	return ruleView{}, bad(http.StatusNotFound, "there is no rule %q; GET /v1/proxies/%s/rules lists them", name, p.Name())
}

func (s *Server) getRule(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	v, err := rule(p, r)
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, http.StatusOK, v)
}

func (s *Server) putRule(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	name := r.PathValue("rule")
	var rule faultproxy.Rule
	err := decode(r, func(n schema.Node) {
		rule = faultproxy.DecodeRule(n)
		if rule.Name != "" && rule.Name != name {
			n.At("name").Fail("the rule's name is %q here and %q in the address; leave this one out", rule.Name, name)
		}
	})
	if err == nil {
		rule.Name = name
		err = p.Engine().Replace(rule)
	}
	if err != nil {
		failed(w, err)
		return
	}
	s.getRule(w, r, p)
}

func (s *Server) removeRule(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	v, err := rule(p, r)
	if err != nil {
		failed(w, err)
		return
	}
	p.Engine().Remove(v.Name)
	w.WriteHeader(http.StatusNoContent)
}
