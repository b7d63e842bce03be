package admin

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// route is one thing that can be asked.
type route struct {
	method, path string
	about        string // in a sentence
	takes        string // the schema of the body, of the OpenAPI document; empty: none
	gives        string // and of the answer
	status       int    // of the answer
	serve        http.HandlerFunc
	query        []query
}

// query is a parameter behind the path.
type query struct{ name, kind, about string }

var (
	ofEvents = []query{
		{"since", "integer", "Only events behind this number."},
		{"conn", "integer", "Only those of this connection."},
		{"kind", "string", "Only those of these kinds, separated by commas."},
		{"follow", "boolean", "Go on with what happens."},
	}
	ofConns   = []query{{"state", "string", "open leaves out those that are not; all is the default."}}
	ofDiagram = []query{{"conn", "integer", "Only this connection."}}
)

// routes are all of them.
func (s *Server) routes() []route {
	of := s.ofProxy
	return []route{
		{"GET", "/v1/health", "Says that the program is up. Needs no token.", "", "Health", 200, s.health, nil},
		{"GET", "/v1/openapi.json", "This document.", "", "", 200, s.openAPI, nil},
		{"GET", "/v1/schema.json", "The JSON schema of rules, scenarios and the configuration file; their parts are below $defs.", "", "", 200, s.schema, nil},
		{"GET", "/v1/presets", "The middleboxes a proxy can behave like.", "", "Presets", 200, s.presets, nil},

		{"GET", "/v1/proxies", "All proxies, in the order in which they were made.", "", "Proxies", 200, s.listProxies, nil},
		{"POST", "/v1/proxies", "Makes a proxy and starts it. On an error there is none.", "NewProxy", "Proxy", 201, s.createProxy, nil},
		{"GET", "/v1/proxies/{proxy}", "One proxy, with its rules.", "", "Proxy", 200, of(s.getProxy), nil},
		{"PATCH", "/v1/proxies/{proxy}", "Enables or disables a proxy, or moves it to another address or upstream, which ends its connections.", "ProxyChange", "Proxy", 200, of(s.changeProxy), nil},
		{"DELETE", "/v1/proxies/{proxy}", "Ends a proxy and its connections.", "", "", 204, of(s.removeProxy), nil},
		{"POST", "/v1/proxies/{proxy}/port/{action}", "Makes the port refuse or hang while connections live on, or resume.", "", "", 204, of(s.port), nil},
		{"PUT", "/v1/proxies/{proxy}/preset", "Behaves like another middlebox.", "PresetChoice", "Proxy", 200, of(s.setPreset), nil},
		{"DELETE", "/v1/proxies/{proxy}/preset", "Behaves like no middlebox.", "", "Proxy", 200, of(s.removePreset), nil},
		{"PUT", "/v1/proxies/{proxy}/scenario", "Plays a scenario from now on, in the place of the one under way.", "Scenario", "Proxy", 200, of(s.playScenario), nil},
		{"DELETE", "/v1/proxies/{proxy}/scenario", "Ends the scenario under way, and takes back the phase it is in.", "", "Proxy", 200, of(s.stopScenario), nil},

		{"GET", "/v1/proxies/{proxy}/rules", "The rules in force, in the order in which they are asked.", "", "Rules", 200, of(s.listRules), nil},
		{"POST", "/v1/proxies/{proxy}/rules", "Adds a rule, or a list of rules: all or none.", "NewRules", "Rules", 201, of(s.addRules), nil},
		{"DELETE", "/v1/proxies/{proxy}/rules", "Removes all rules but those of a preset.", "", "Removed", 200, of(s.removeRules), nil},
		{"GET", "/v1/proxies/{proxy}/rules/{rule}", "One rule, and what it has done so far.", "", "Rule", 200, of(s.getRule), nil},
		{"PUT", "/v1/proxies/{proxy}/rules/{rule}", "Puts a rule in the place of the one of that name, or behind the others.", "NewRule", "Rule", 200, of(s.putRule), nil},
		{"DELETE", "/v1/proxies/{proxy}/rules/{rule}", "Removes a rule. What it still does is taken back.", "", "", 204, of(s.removeRule), nil},

		{"GET", "/v1/proxies/{proxy}/connections", "The connections, those that ended included; state=open leaves them out.", "", "Connections", 200, of(s.listConns), ofConns},
		{"POST", "/v1/proxies/{proxy}/connections/{action}", "Does something to all open connections.", "Action", "Acted", 202, of(s.actOnAll), nil},
		{"GET", "/v1/proxies/{proxy}/connections/{conn}", "One connection: its number, or latest.", "", "Connection", 200, of(s.getConn), nil},
		{"POST", "/v1/proxies/{proxy}/connections/{conn}/{action}", "Does something to a connection.", "Action", "Acted", 202, of(s.actOnOne), nil},
		{"GET", "/v1/proxies/{proxy}/connections/{conn}/diagnosis", "Why the connection ended, or how it is.", "", "Diagnosis", 200, of(s.diagnoseConn), nil},
		{"GET", "/v1/proxies/{proxy}/diagnosis", "Why each connection ended.", "", "Diagnoses", 200, of(s.diagnose), nil},
		{"POST", "/v1/proxies/{proxy}/findings", "Judges the clients by the rules of good behaviour and a policy.", "Policy", "Findings", 200, of(s.findings), nil},

		{"GET", "/v1/proxies/{proxy}/events", "What happened, as JSON lines; with Accept: text/event-stream, or follow=true, also what happens.", "", "Event", 200, of(s.events), ofEvents},
		{"POST", "/v1/proxies/{proxy}/wait", "Waits until something has happened often enough.", "Wait", "Waited", 200, of(s.wait), nil},
		{"POST", "/v1/proxies/{proxy}/notes", "Puts a note on the timeline, to wait for what happens behind it.", "Note", "Noted", 201, of(s.note), nil},
		{"GET", "/v1/proxies/{proxy}/recording.jsonl", "The recording, for faultproxy explain, report and replay.", "", "", 200, of(s.recording), nil},
		{"GET", "/v1/proxies/{proxy}/report.html", "A page about the recording, in one file.", "", "", 200, of(s.reportHTML), nil},
		{"GET", "/v1/proxies/{proxy}/archive.har", "An HTTP Archive, for a browser's developer tools.", "", "", 200, of(s.archive), nil},
		{"GET", "/v1/proxies/{proxy}/diagram.svg", "Sequence diagrams; of one connection with conn=N.", "", "", 200, of(s.diagram), ofDiagram},
		{"GET", "/v1/changes", "Server-sent events: one whenever a proxy was made, changed or ended.", "", "", 200, s.changes, nil},
	}
}

// ofProxy gives a handler the proxy that the path names.
func (s *Server) ofProxy(serve func(http.ResponseWriter, *http.Request, *fleet.Proxy)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.Fleet.Get(r.PathValue("proxy"))
		if err != nil {
			failed(w, err)
			return
		}
		serve(w, r, p)
	}
}
