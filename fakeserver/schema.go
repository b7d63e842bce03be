package fakeserver

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Parse reads a server from a tree as YAML and JSON decoders make it. Set the other
// fields, such as Listener, and start it. A document says what handlers there are, and
// what else a server does:
//
//	handlers:                                  # in order, one for each connection
//	  - {reject: {status: 503, headers: {Retry-After: 1}}, times: 2}
//	  - script:
//	      - session: graphql-transport-ws
//	      - {wait-for: {json: {path: type, value: subscribe}}, times: 2}
//	      - send: '{"type":"next","id":"1"}'
//	      - pause: 200ms
//	      - close: {code: 1012, reason: restart}
//	  - echo                                   # the last one serves the rest
//	after_last: repeat-last                    # or refuse-rest, or fail
//	routes:
//	  - {path: /chat*, query: {room: ""}, header: {}, subprotocol: "", handlers: [silent]}
//	http:                                      # plain requests; the n-th gets the n-th answer
//	  /open: [{status: 200, body: '{"url":"{ws}/link"}', headers: {}}]
//	subprotocols: [v2, v1]
//	compression: true
//
// A list alone is one of handlers. Each is
//
//   - echo, silent, stall or by-url (see [ByURL]);
//   - a list of steps, or script: and one;
//   - reject: a status, or {status, headers, body}; redirect: a location;
//   - handshake: a list of what happens before the 101;
//
// and may have times, for and until beside it. Steps have the names of the functions:
//
//   - expect: a match, as in a rule; wait-for: a match or an event. Both with times.
//     Events are opened, next-conn, {ended: 1}, {noted: NAME}, {reported: NAME},
//     {fired: RULE}; {beats: DIALECT} and {answers: DIALECT} are matches;
//   - send: a text, a frame as in a rule such as {op: ping}, or several of them, in one
//     write; send-raw: a text or {hex: "81"}; reply: a text; pause: 200ms;
//   - repeat: steps, with times if it has an end; a list of steps is a script within;
//   - session: DIALECT; beat: DIALECT or {dialect: DIALECT, every: 5s}; answer-beats:
//     DIALECT or {dialect: DIALECT, policy: …}, of never, wrong, twice, {late: 2s},
//     {every-nth: 2}, {stop-after: 3}, one or a list;
//   - on: a match or event, with do: steps; every: 5s with do; when-idle: 60s with do,
//     and counts: to-server, to-client or both (default); ignore: a match;
//   - close: a code, or {code, reason}; fin, half-close, reset, freeze, go-dark,
//     stop-reading, echo-close, echo, silent;
//   - handshake, first: a list of reject, redirect, pause, send-raw, reset, fin, half-close,
//     freeze, go-dark, {require-header: {name, value}}, {require-subprotocol: NAME},
//     {require-bearer: TOKEN}, {require-basic: {user, password}}, and accept-with:
//     {headers, subprotocol, extension, compression, body, wrong_accept, without_upgrade}.
//
// What is wrong is returned all at once, with the path of each problem; so is what could
// never work. What goes wrong later names its step by that path.
func Parse(tree any) (*Server, error) {
	var s *Server
	err := schema.Decode(tree, func(n schema.Node) { s = Decode(n, nil) })
	return s, err
}

// Decode is [Parse] for a part of a larger document. place says where a path of it is,
// such as "story.yaml:7:5", for [Failure]; nil for the path itself. What is wrong is
// recorded at the node, and the result is then of no use.
func Decode(n schema.Node, place func(path string) string) *Server {
	d := &document{place: place, nodes: map[source]schema.Node{}}
	s := &Server{}
	switch {
	case n.IsNull():
		n.Fail(noHandlers)
		return s
	case !isMap(n):
		s.Handlers = d.handlers(n)
		return s
	}
	n.Only("handlers", "after_last", "routes", "http", "subprotocols", "compression")
	s.Handlers = d.handlers(n.At("handlers"))
	s.AfterLast = EndPolicy(max(0, slices.Index(endPolicies, n.At("after_last").Enum(endPolicies...))))
	for _, each := range n.At("routes").OneOrMany() {
		s.Routes = append(s.Routes, d.route(each))
	}
	pages := n.At("http")
	for _, path := range pages.Keys() {
		var answers []Answer
		for _, each := range pages.At(path).OneOrMany() {
			answers = append(answers, decodeAnswer(each))
		}
		if len(answers) == 0 {
			pages.At(path).Fail("want an answer such as {status: 200, body: hello}, or a list of them, got nothing")
		}
		s.HTTP(path, answers...)
	}
	if list := n.At("subprotocols"); !list.IsNull() {
		s.Subprotocols = []string{} // an empty list is none, and not any
	}
	for _, each := range n.At("subprotocols").OneOrMany() {
		s.Subprotocols = append(s.Subprotocols, each.String())
	}
	s.Compression = n.At("compression").Bool()
	return s
}

// endPolicies are the names of the policies, in their order.
var endPolicies = []string{"repeat-last", "refuse-rest", "fail"}

const (
	maxCount   = math.MaxInt32
	noHandlers = "want handlers, such as [{reject: 503}, echo], got nothing"
)

// document is one that is being read.
type document struct {
	place func(path string) string
	nodes map[source]schema.Node // what handlers and steps come from
}

// at is the source of what is made at a node.
func (d *document) at(n schema.Node) source {
	s := source{path: n.Path(), place: n.Path()}
	switch {
	case d.place != nil:
		s.place = d.place(s.path)
	case s.path == "":
		s.place = "the document"
	}
	d.nodes[s] = n
	return s
}

// check records what of a handler could never work.
func (d *document) check(n schema.Node, h Handler) {
	if n.Failed() {
		return
	}
	for _, err := range h.check() {
		var f flaw
		if !errors.As(err, &f) {
			n.Fail("%v", err)
			continue
		}
		at, known := d.nodes[f.at]
		if !known {
			at = n
		}
		at.Fail("%s: %v", f.what, f.why)
	}
}

func (d *document) route(n schema.Node) Route {
	n.Only("path", "header", "query", "subprotocol", "handlers")
	r := Route{
		Path:        n.At("path").String(),
		Header:      decodeWanted(n.At("header")),
		Query:       decodeWanted(n.At("query")),
		Subprotocol: n.At("subprotocol").String(),
		Handlers:    d.handlers(n.Required("handlers")),
	}
	if r.Path != "" && r.Path[0] != '/' {
		n.At("path").Fail("want a path that begins with a slash, such as /chat or /chat*, got %q", r.Path)
	}
	return r
}

// decodeWanted reads what headers or parameters must be; nothing is any value.
func decodeWanted(n schema.Node) map[string]string {
	var wanted map[string]string
	for _, name := range n.Keys() {
		if wanted == nil {
			wanted = map[string]string{}
		}
		wanted[name] = ""
		if value := n.At(name); !value.IsNull() {
			wanted[name] = decodeValue(value)
		}
	}
	return wanted
}

// decodeValue reads a text; a whole number stands for itself.
func decodeValue(n schema.Node) string {
	switch n.Value().(type) {
	case int, int64, uint64, float64:
		return strconv.Itoa(n.Int())
	}
	return n.String()
}

// oneWord returns the only one of the words that a map has as a key, with its value.
// Beside each may stand other keys.
func oneWord(n schema.Node, words []string, beside map[string][]string) (string, schema.Node) {
	var found []string
	for _, key := range n.Keys() { // which says so if it is no map
		if slices.Contains(words, key) {
			found = append(found, key)
		}
	}
	if !isMap(n) {
		return "", n
	}
	if len(found) != 1 {
		return n.OneOf(words...)
	}
	n.Only(append([]string{found[0]}, beside[found[0]]...)...)
	return found[0], n.At(found[0])
}

func isMap(n schema.Node) bool {
	switch n.Value().(type) {
	case map[string]any, map[any]any:
		return true
	}
	return false
}

// nothingBehind blames what stands behind a word that needs nothing.
func nothingBehind(word string, n schema.Node) {
	if len(n.Keys()) > 0 {
		n.Fail("%s needs nothing: want {} or just %s", word, fmt.Sprintf("%q", word))
	}
}
