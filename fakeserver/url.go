package fakeserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// ByURL does what the URL of each attempt says, so that a test in any language says it
// where it connects: ws://127.0.0.1:41234/close?code=4001&after=2s. [URLs] has them
// all. An unknown path is answered 404, an unknown or wrong parameter 400, both with a
// body that says what would be right; neither is a failure, nor is it one that nobody
// came. Over plain HTTP, / shows what there is.
var ByURL = makeByURL()

// URLs says in words what [ByURL] understands.
const URLs = `  /                                   echo; pings are answered
  /close?code=4001&reason=bye&after=2s
                                      echo, then a Close (default: 1000, at once)
  /drop?how=rst&after=2s              echo, then no Close but fin, rst, half-close, freeze,
                                      go-dark or stop-reading (default: fin, at once)
  /silent?after=5s                    echo, then go dark: bytes are swallowed, nothing
                                      comes back, TCP stays open (default: at once)
  /mute?after=3&dialect=text          answer so many beats and no more, echo the rest
                                      (default: no beat; the dialects protocol and text)
  /slow?delay=2s                      that long before the 101, then echo (default: 1s)
  /hang                               never answer the upgrade
  /reject?status=503&retry-after=5&body=later
                                      refuse the upgrade (default: 503)
  /redirect?to=ws://127.0.0.1:9001/   answer 302
  /session/DIALECT                    open as the protocol does, answer its beats, and beat
                                      if its servers do; what follows the name is ignored
  /beat/DIALECT?every=5s              echo, and send the server's beats (default: as often
                                      as implementations of the protocol do, or 5s)

What opens may be combined: delay=D before the 101, every=D for the server's beats, mute=N
to answer N beats and no more, and after=D (default: at once) with one of close=CODE
(and reason=TEXT), drop=HOW or silent=true. So /session/phoenix?delay=1s&mute=3&close=1012&after=1m.
DIALECT is protocol, text, text:BEAT/ANSWER, json:KEY=BEAT/ANSWER, engine.io, phoenix,
graphql-transport-ws, signalr, mqtt, stomp or actioncable.
`

func makeByURL() Handler {
	h := Choose("by URL", func(req *http.Request) Handler {
		h, status, err := byURL(req)
		if err != nil {
			return Handler{text: fmt.Sprintf("RejectWith(%d)", status), before: []HandshakeStep{wrongURL{status, err.Error()}}}
		}
		return h
	})
	h.text, h.source = "ByURL", source{}
	h.pages = map[string][]Answer{"/": {Respond(http.StatusOK, "A fake WebSocket server, which does what the URL says:\n\n"+URLs)}}
	for _, name := range heartbeat.Names() {
		d, err := heartbeat.Parse(name)
		if err != nil {
			continue // words in capitals, to be filled in
		}
		for _, page := range d.HTTP {
			h.pages["/session/"+name+page.Path] = answersOf(page)
		}
	}
	return h
}

// wrongURL refuses an attempt whose URL means nothing.
type wrongURL struct {
	status int
	why    string
}

func (w wrongURL) String() string { return fmt.Sprintf("Reject(%d)", w.status) }

func (w wrongURL) shake(a *attempt) bool {
	a.s.fail(a.c.num, "URL", errors.New(w.why))
	a.reply(answer{status: w.status, body: "fakeserver: " + w.why + "\n"})
	return false
}

// urlPaths are the first parts of paths, for suggestions.
var urlPaths = []string{"/", "/close", "/drop", "/silent", "/mute", "/slow", "/hang", "/reject", "/redirect", "/session/DIALECT", "/beat/DIALECT"}

// byURL is the handler that the URL of a request asks for. The error says why there is
// none, and the status goes with it.
func byURL(req *http.Request) (h Handler, status int, err error) {
	name, rest, nested := strings.Cut(strings.Trim(req.URL.Path, "/"), "/")
	q := &query{path: req.URL.Path, values: req.URL.Query()}
	if nested && name != "session" && name != "beat" {
		name += "/" + rest
	}
	switch name {
	case "hang":
		h = Stall()
	case "reject":
		h = q.rejects()
	case "redirect":
		to := q.line("to")
		if to == "" {
			q.blame("to says where: /redirect?to=ws://127.0.0.1:9001/")
		}
		h = RedirectTo(to)
	case "", "echo", "close", "drop", "silent", "mute", "slow":
		h = q.echoes(name)
	case "session", "beat":
		d, known := dialectOf(rest, name == "session")
		if !known {
			return h, http.StatusNotFound, fmt.Errorf("%s: want a dialect behind /%s/; known: %s", req.URL.Path, name, strings.Join(heartbeat.Names(), ", "))
		}
		h = q.speaks(name, d)
	default:
		meant := schema.Suggest("/"+name, urlPaths)
		if meant != "" {
			meant = "did you mean " + meant + "? "
		}
		return h, http.StatusNotFound, fmt.Errorf("there is no %s here; %sknown: %s. A plain GET of / explains them", req.URL.Path, meant, strings.Join(urlPaths, ", "))
	}
	if q.unknown(); len(q.wrong) > 0 {
		return h, http.StatusBadRequest, errors.New(strings.Join(q.wrong, "; "))
	}
	if flaws := h.check(); len(flaws) > 0 {
		err := flaws[0]
		var f flaw
		if errors.As(err, &f) {
			err = f.why
		}
		return h, http.StatusBadRequest, fmt.Errorf("%s: %w", req.URL.Path, err)
	}
	return h, 0, nil
}

// dialectOf is the dialect that a path names. Behind the name of a session may follow
// what its clients add, such as Phoenix's /websocket.
func dialectOf(path string, more bool) (heartbeat.Dialect, bool) {
	if path == "" {
		return heartbeat.Dialect{}, false
	}
	if d, err := heartbeat.Parse(path); err == nil {
		return d, true
	}
	if i := strings.LastIndexByte(path, '/'); more && i > 0 {
		return dialectOf(path[:i], true)
	}
	return heartbeat.Dialect{}, false
}

// theirs are the parameters that the clients of dialects add by themselves.
func theirs(dialect string) []string {
	kind, _, _ := strings.Cut(dialect, ":")
	return slices.Clone(map[string][]string{
		"engine.io": {"EIO", "transport", "t", "sid", "b64"},
		"phoenix":   {"vsn", "token"},
		"signalr":   {"id", "access_token"},
	}[kind])
}
