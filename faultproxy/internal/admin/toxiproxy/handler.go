// Package toxiproxy serves the API of Toxiproxy 2.12 on a fleet, for its clients in
// every language: the same routes, bodies, statuses and words. What is different is on
// purpose and listed in EXCEPTIONS.md; most of it is a 400 where Toxiproxy panics.
package toxiproxy

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/toxics"
)

// Version is the one whose API this is. Clients look at it.
const Version = "2.12.0"

// Patterns are those of the routes, for a mux.
var Patterns = []string{"/version", "/proxies", "/populate", "/reset", "/proxies/{proxy}", "/proxies/{proxy}/toxics", "/proxies/{proxy}/toxics/{toxic}"}

// server is the API of a fleet.
type server struct {
	fleet *fleet.Fleet

	mu   sync.Mutex // one change at a time, as for the clients of Toxiproxy
	sets map[*fleet.Proxy]*set
}

// Handler serves the API of a fleet at Patterns.
func Handler(f *fleet.Fleet) http.Handler {
	s := &server{fleet: f, sets: map[*fleet.Proxy]*set{}}
	mux := http.NewServeMux()
	for pattern, methods := range map[string]map[string]http.HandlerFunc{
		"/version":                        {"GET": s.version},
		"/proxies":                        {"GET": s.list, "POST": s.create},
		"/populate":                       {"POST": s.populate},
		"/reset":                          {"POST": s.reset},
		"/proxies/{proxy}":                {"GET": s.show, "POST": s.update, "PATCH": s.update, "DELETE": s.remove},
		"/proxies/{proxy}/toxics":         {"GET": s.toxics, "POST": s.addToxic},
		"/proxies/{proxy}/toxics/{toxic}": {"GET": s.showToxic, "POST": s.updateToxic, "PATCH": s.updateToxic, "DELETE": s.removeToxic},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, methods[r.Method]) })
	}
	return mux
}

// serve answers on a route; do is nil for a method that it has not.
func (s *server) serve(w http.ResponseWriter, r *http.Request, do http.HandlerFunc) {
	if do == nil {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	var id [10]byte
	_, _ = rand.Read(id[:])
	w.Header().Set("X-Toxiproxy-Request-Id", hex.EncodeToString(id[:]))
	if strings.HasPrefix(r.UserAgent(), "Mozilla/") {
		http.Error(w, "User agent not allowed", http.StatusForbidden)
		return
	}
	// A client that is slow to send or to read holds nobody else up.
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, refuse(http.StatusBadRequest, "bad request body: "+err.Error()))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	a := &answer{header: w.Header()}
	s.mu.Lock()
	do(a, r)
	s.mu.Unlock()
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// answer is one that is kept until it may be sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.body.Write(b)
}

func (s *server) version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	_, _ = io.WriteString(w, `{"version": "`+Version+"\"}\n")
}

// reply answers with a value.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	raw, _ := json.Marshal(v) // of our own types
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// apiError is a refusal, in Toxiproxy's words.
type apiError struct {
	Text   string `json:"error"`
	Status int    `json:"status"`
}

func (e *apiError) Error() string { return e.Text }

func refuse(status int, text string) *apiError { return &apiError{text, status} }

var (
	errNoProxy   = refuse(http.StatusNotFound, "proxy not found")
	errNoToxic   = refuse(http.StatusNotFound, "toxic not found")
	errProxyName = refuse(http.StatusConflict, "proxy already exists")
	errToxicName = refuse(http.StatusConflict, "toxic already exists")
	errStream    = refuse(http.StatusBadRequest, "stream was invalid, can be either upstream or downstream")
	errType      = refuse(http.StatusBadRequest, "invalid toxic type")
)

// fail answers with an error, with the content type that Toxiproxy's have.
func fail(w http.ResponseWriter, e *apiError) {
	raw, _ := json.Marshal(e)
	http.Error(w, string(raw), e.Status)
}

// read decodes a body.
func read(r *http.Request, v any) *apiError {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		return refuse(http.StatusBadRequest, "bad request body: "+err.Error())
	}
	return nil
}

// of finds the proxy that the path names, and its toxics.
func (s *server) of(r *http.Request) (*fleet.Proxy, *set, *apiError) {
	p, err := s.fleet.Get(r.PathValue("proxy"))
	if err != nil {
		return nil, nil, errNoProxy
	}
	return p, s.set(p), nil
}

// set returns the toxics of a proxy, and forgets those of proxies that are gone.
func (s *server) set(p *fleet.Proxy) *set {
	for other := range s.sets {
		if now, err := s.fleet.Get(other.Name()); err != nil || now != other {
			delete(s.sets, other)
		}
	}
	if s.sets[p] == nil {
		s.sets[p] = &set{proxy: p}
	}
	return s.sets[p]
}

// toxicList is toxics as JSON, never null.
func toxicList(list []toxics.Toxic) []toxics.Toxic {
	if list == nil {
		return []toxics.Toxic{}
	}
	return list
}
