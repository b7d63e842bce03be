package fakeserver

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Answer is an answer to a plain HTTP request; see [Respond]. It prints as the call
// that made it.
type Answer struct {
	text string
	ans  answer
}

// Respond answers a plain HTTP request with a status (200 to 599; any other becomes
// 500, and the body says so) and a body. {ws} and {http} in
// the body, and in header values, stand for the address that the client used.
// Unless a [Header] says otherwise a body that looks like JSON is application/json,
// any other text/plain.
func Respond(status int, body string, details ...Detail) Answer {
	a := makeAnswer(status, details)
	a.body = body
	if why := a.wrong(); why != nil {
		a.status, a.body = http.StatusInternalServerError, fmt.Sprintf("fakeserver: Respond: %v\n", why)
	}
	return Answer{withDetails("Respond(%s", fmt.Sprintf("%d, %q", status, body), details), a}
}

// String returns the call that made the answer.
func (a Answer) String() string { return a.text }

// endpoint is a path that is answered over plain HTTP, guarded by the server's mutex.
type endpoint struct {
	answers []Answer
	served  int
}

// HTTP answers plain requests to a path on the server's port, whatever their method:
// the n-th request gets the n-th answer, the last one stays. Called again for a path
// it begins anew. Each request has a connection of its own, which ends with the
// answer. Without answers the path is forgotten; paths that nobody scripted
// get 426. It may be called before Start and at any time after.
func (s *Server) HTTP(path string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	if len(answers) == 0 {
		delete(s.pages, rooted(path))
		return
	}
	s.pages[rooted(path)] = &endpoint{answers: answers}
}

// rooted is a path as it is in a request.
func rooted(path string) string { return "/" + strings.TrimPrefix(path, "/") }

// plain answers a request that is no upgrade.
func (s *Server) plain(w http.ResponseWriter, req *http.Request) {
	ans := s.page(req)
	s.record(timeline.Record{Kind: timeline.KindHTTP, Fields: []timeline.Field{
		{Name: "method", Value: req.Method}, {Name: "target", Value: req.RequestURI}, {Name: "status", Value: strconv.Itoa(ans.status)}}})
	body := expand(req, ans.body)
	for _, f := range ans.header {
		w.Header().Add(f.name, expand(req, f.value))
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", contentType(body))
	}
	w.WriteHeader(ans.status)
	_, _ = io.WriteString(w, body) // a client that left does not miss it
}

// page returns the answer that is due.
func (s *Server) page(req *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.ProtoMajor != 1 {
		return answer{status: http.StatusHTTPVersionNotSupported, header: []field{{"Connection", "close"}},
			body: "fakeserver: WebSocket over HTTP/1.1 only (RFC 6455 section 4.1), this is " + req.Proto + "\n"}
	}
	if p := s.pages[req.URL.Path]; p != nil {
		a := p.answers[min(p.served, len(p.answers)-1)]
		p.served++
		return a.ans
	}
	known := ""
	if len(s.pages) > 0 {
		known = "; " + strings.Join(slices.Sorted(maps.Keys(s.pages)), ", ") + " are"
	}
	return answer{status: http.StatusUpgradeRequired,
		header: []field{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}},
		body:   fmt.Sprintf("fakeserver: %s is not scripted for plain HTTP%s. This is a WebSocket server\n", req.URL.Path, known)}
}
