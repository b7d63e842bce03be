package admin

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// diagnosisView is why a connection ended.
type diagnosisView struct {
	Number     int        `json:"number"`
	Ended      bool       `json:"ended"`
	EndedBy    string     `json:"ended_by,omitempty"`
	How        string     `json:"how,omitempty"`
	Close      *closeView `json:"close,omitempty"`
	Cause      causeView  `json:"cause"`
	Unanswered int        `json:"unanswered"`
	Deliberate string     `json:"deliberate,omitempty"` // which rule had a hand in it
	Text       string     `json:"text"`                 // all that in words
}

func viewDiagnosis(r diagnosis.Report) diagnosisView {
	v := diagnosisView{
		Number: r.Conn, Ended: r.Ended, Unanswered: len(r.Unanswered), Deliberate: r.Deliberate, Text: r.String(),
		Cause: causeView{string(r.Cause.ID), r.Cause.Text, r.Cause.Confidence.String(), r.Cause.Advice},
	}
	if r.Ended {
		v.EndedBy, v.How = r.EndedBy.String(), r.How.String()
	}
	if r.Reported {
		v.Close = &closeView{r.CloseEvent.Code, r.CloseEvent.Reason, r.CloseEvent.WasClean, r.CloseEvent.Error}
	}
	return v
}

// now is the timeline of a proxy as far as it goes.
func now(p *fleet.Proxy) diagnosis.Source {
	return diagnosis.AsOf(p.Timeline().At(0), p.Timeline().Now())
}

func (s *Server) diagnoseConn(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	n, err := number(r, p)
	if err == nil && p.Timeline().Conn(n).Len() == 0 {
		err = noConn(n, p)
	}
	if err != nil {
		failed(w, err)
		return
	}
	if err := p.Tracker().Await(r.Context(), p.Timeline().Last()); err != nil {
		return // who asked has left
	}
	if c, ok := p.Tracker().Conn(n); ok && c.Report != nil {
		reply(w, http.StatusOK, viewDiagnosis(*c.Report))
		return
	}
	reply(w, http.StatusOK, viewDiagnosis(diagnosis.Diagnose(now(p), n)))
}

func (s *Server) diagnose(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	list := []diagnosisView{}
	for _, r := range diagnosis.All(now(p)) {
		list = append(list, viewDiagnosis(r))
	}
	reply(w, http.StatusOK, map[string]any{"diagnoses": list})
}

// findingView is what the recording says about one rule of good behaviour.
type findingView struct {
	Rule     string `json:"rule"`
	Verdict  string `json:"verdict"`
	Conn     int    `json:"conn,omitempty"`
	Text     string `json:"text"`
	Measured string `json:"measured,omitempty"`
	Expected string `json:"expected,omitempty"`
	Evidence []int  `json:"evidence,omitempty"` // numbers of events
	Source   string `json:"source,omitempty"`
	Advice   string `json:"advice,omitempty"`
}

func (s *Server) findings(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	tree, err := body(r)
	var policy diagnosis.Policy
	if err == nil && tree != nil {
		policy, err = diagnosis.ParsePolicy(tree)
	}
	if err != nil {
		failed(w, err)
		return
	}
	list := []findingView{}
	broken := false
	for _, f := range diagnosis.Findings(now(p), policy) {
		broken = broken || f.Verdict == diagnosis.Broken
		list = append(list, findingView{string(f.Rule), f.Verdict.String(), f.Conn, f.Text, f.Measured, f.Expected, f.Evidence, f.Source, f.Advice})
	}
	reply(w, http.StatusOK, map[string]any{"broken": broken, "findings": list})
}
