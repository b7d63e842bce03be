package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// problem is the body of every refusal (RFC 9457).
type problem struct {
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail"`
	Problems []wrong `json:"problems,omitempty"`
}

// wrong is one thing that is wrong in a body.
type wrong struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// refuse answers with a problem.
func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	writeProblem(w, problem{Status: status, Detail: fmt.Sprintf(format, args...)})
}

func writeProblem(w http.ResponseWriter, p problem) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = writeJSON(w, p)
}

// failed answers with what an error deserves.
func failed(w http.ResponseWriter, err error) {
	var bad *badRequest
	var found schema.Problems
	var tooLarge *http.MaxBytesError
	var port *fleet.ListenError
	text := strings.TrimPrefix(err.Error(), "faultproxy: ")
	switch {
	case errors.As(err, &bad):
		refuse(w, bad.status, "%s", text)
	case errors.As(err, &found):
		p := problem{Status: http.StatusUnprocessableEntity, Detail: text}
		for _, each := range found {
			p.Problems = append(p.Problems, wrong(each))
		}
		writeProblem(w, p)
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, fleet.ErrNotFound):
		refuse(w, http.StatusNotFound, "%s; GET /v1/proxies lists them", text)
	case errors.Is(err, fleet.ErrExists), errors.As(err, &port):
		refuse(w, http.StatusConflict, "%s", text)
	case errors.Is(err, fleet.ErrClosed):
		refuse(w, http.StatusServiceUnavailable, "%s", text)
	default:
		refuse(w, http.StatusUnprocessableEntity, "%s", text)
	}
}

// badRequest is an error with a status of its own.
type badRequest struct {
	status int
	text   string
}

func (e *badRequest) Error() string { return e.text }

func bad(status int, format string, args ...any) error {
	return &badRequest{status, fmt.Sprintf(format, args...)}
}

// reply answers with a value.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = writeJSON(w, v) // who asked has left
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// body reads the JSON of a request; empty is null.
func body(r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, bad(http.StatusBadRequest, "the body is no JSON: %v, at byte %d", err, syntax.Offset)
		}
		return nil, bad(http.StatusBadRequest, "the body is no JSON: it ends too soon")
	}
	if dec.More() {
		return nil, bad(http.StatusBadRequest, "the body is no JSON: something follows its value, at byte %d", dec.InputOffset())
	}
	return v, nil
}

// decode reads the body of a request as a document.
func decode(r *http.Request, fn func(schema.Node)) error {
	tree, err := body(r)
	if err != nil {
		return err
	}
	return schema.Decode(tree, fn)
}

// notServed answers what no route does.
func notServed(w http.ResponseWriter, r *http.Request, routes []route) {
	var allowed []string
	for _, other := range routes {
		mux := http.NewServeMux()
		mux.HandleFunc(other.path, func(http.ResponseWriter, *http.Request) {})
		if _, pattern := mux.Handler(r); pattern == other.path {
			allowed = append(allowed, other.method)
		}
	}
	if len(allowed) == 0 {
		refuse(w, http.StatusNotFound, "nothing is at %s; GET /v1/openapi.json describes what there is", r.URL.Path)
		return
	}
	slices.Sort(allowed)
	allow := strings.Join(slices.Compact(allowed), ", ")
	w.Header().Set("Allow", allow)
	refuse(w, http.StatusMethodNotAllowed, "%s does not work here, but %s", r.Method, allow)
}
