package fakeserver

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// EndPolicy says what becomes of upgrade attempts when every handler has had its
// share. A last handler with neither Times, Until nor For has had it after one.
type EndPolicy uint8

// The policies.
const (
	RepeatLast EndPolicy = iota // the last handler serves them
	RefuseRest                  // they are answered 503
	FailTest                    // they are answered 503, and are failures
)

// String returns the name.
func (p EndPolicy) String() string {
	return [...]string{"RepeatLast", "RefuseRest", "FailTest"}[min(p, FailTest)]
}

// Route has handlers for the attempts that fit it. Every field that is set must fit.
type Route struct {
	Path        string            // the URL's path; with "*" at its end all that begin so
	Header      map[string]string // these headers, with these values; "" for any value
	Query       map[string]string // these query parameters, likewise
	Subprotocol string            // one of those the client offers
	Handlers    []Handler         // at least one
}

// String returns what fits the route, such as `/chat ?room=1 v1.json`.
func (r Route) String() string {
	var parts []string
	if r.Path != "" {
		parts = append(parts, r.Path)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		parts = append(parts, name+": "+r.Header[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		parts = append(parts, "?"+name+"="+r.Query[name])
	}
	if r.Subprotocol != "" {
		parts = append(parts, "subprotocol "+r.Subprotocol)
	}
	if len(parts) == 0 {
		return "any attempt"
	}
	return strings.Join(parts, " ")
}

func (r Route) fits(req *http.Request) bool {
	if prefix, ok := strings.CutSuffix(r.Path, "*"); ok && !strings.HasPrefix(req.URL.Path, prefix) ||
		!ok && r.Path != "" && r.Path != req.URL.Path {
		return false
	}
	for name, want := range r.Header {
		got := req.Header.Values(name)
		if strings.EqualFold(name, "Host") {
			got = []string{req.Host}
		}
		if len(got) == 0 || want != "" && !slices.Contains(got, want) {
			return false
		}
	}
	query := req.URL.Query()
	for name, want := range r.Query {
		if got, ok := query[name]; !ok || want != "" && !slices.Contains(got, want) {
			return false
		}
	}
	return r.Subprotocol == "" || slices.Contains(websocket.Subprotocols(req), r.Subprotocol)
}

// queue hands out a list of handlers, under the server's mutex.
type queue struct {
	route    *Route // nil for those of Server.Handlers
	handlers []Handler
	at       int           // the handler whose turn it is
	served   int           // attempts it has had
	since    time.Duration // when it had its first
	seq      int           // where the timeline then was
	implied  bool          // nobody asked for these handlers
}

// makeQueues makes the server's queues. The mutex is held.
func (s *Server) makeQueues() {
	for i := range s.Routes {
		s.queues = append(s.queues, &queue{route: &s.Routes[i], handlers: s.Routes[i].Handlers})
	}
	q := &queue{handlers: s.Handlers}
	if len(q.handlers) == 0 {
		q.handlers, q.implied = []Handler{Echo}, true
	}
	s.queues = append(s.queues, q)
}

// choose returns the handler of an attempt; ok is false if none is left for it.
// The mutex is held.
func (s *Server) choose(req *http.Request) (h Handler, ok bool) {
	var q *queue
	for _, q = range s.queues {
		if q.route == nil || q.route.fits(req) {
			break
		}
	}
	for last := len(q.handlers) - 1; q.spent(s.View()); {
		if q.at == last {
			if s.AfterLast != RepeatLast && !q.implied {
				return Handler{}, false
			}
			break
		}
		q.at, q.served = q.at+1, 0
	}
	if q.served++; q.served == 1 {
		q.since, q.seq = s.Timeline.Now(), s.Timeline.Last()+1
	}
	return q.handlers[q.at], true
}

// spent reports whether the handler whose turn it is has had its share.
func (q *queue) spent(view *timeline.View) bool {
	h := q.handlers[q.at]
	switch {
	case q.served == 0:
		return false
	case h.times > 0 && q.served >= h.times:
		return true
	case h.timed && view.Now()-q.since >= h.span:
		return true
	case h.waits:
		for e := range view.From(q.seq).All() {
			q.seq = e.Seq + 1
			if timeline.Selects(h.until, e) {
				return true
			}
		}
	}
	return !h.waits && !h.timed && h.times == 0
}

// unreached collects the handlers that no attempt came for. A server that nobody
// asked anything of its only handlers for is not accused for the default ones.
func (s *Server) unreached() {
	s.mu.Lock()
	var list []Failure
	for _, q := range s.queues {
		from := q.at + 1
		if q.served == 0 {
			from = q.at
		}
		if q.implied {
			continue
		}
		for i := from; i < len(q.handlers); i++ {
			if q.handlers[i].optional || q.handlers[i].pages != nil { // ByURL is there for whoever comes
				continue
			}
			where := ""
			if q.route != nil {
				where = fmt.Sprintf(" of route %v", *q.route)
			}
			list = append(list, Failure{unfinished: true, Text: fmt.Sprintf(
				"handler %d%s, %v, was never reached: the server saw %s in all", i+1, where, q.handlers[i], attempts(s.attempts)),
			}.from(q.handlers[i].source))
		}
	}
	s.mu.Unlock()
	for _, f := range list {
		s.failed(f)
	}
}

func attempts(n int) string {
	if n == 1 {
		return "1 upgrade attempt"
	}
	return fmt.Sprintf("%d upgrade attempts", n)
}
