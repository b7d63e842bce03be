package report

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

type harTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// harEntry is a connection.
type harEntry struct {
	Started    string         `json:"startedDateTime"`
	Time       float64        `json:"time"` // ms
	Request    harRequest     `json:"request"`
	Response   harResponse    `json:"response"`
	Cache      struct{}       `json:"cache"`
	Timings    harTimings     `json:"timings"`
	Connection string         `json:"connection"` // its number
	Comment    string         `json:"comment"`
	Type       string         `json:"_resourceType"`
	Initiator  map[string]any `json:"_initiator"`
	Messages   []harMessage   `json:"_webSocketMessages"`
	ServerSide []harMessage   `json:"_serverSideMessages,omitempty"`

	start, began   time.Time // of the recording, and of the connection
	answered, last time.Time
}

type harRequest struct {
	Method      string     `json:"method"`
	URL         string     `json:"url"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []struct{} `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Query       []harPair  `json:"queryString"`
	HeadersSize int        `json:"headersSize"` // -1: not known
	BodySize    int        `json:"bodySize"`
}

type harResponse struct {
	Status      int        `json:"status"` // 0: there was none
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []struct{} `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
	Error       string     `json:"_error,omitempty"`
}

type harContent struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
}

// harTimings are in ms; -1 is what a recording does not tell.
type harTimings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// newEntry begins the entry of a connection with its first event.
func newEntry(start time.Time, first timeline.Event) *harEntry {
	began := start.Add(first.At)
	return &harEntry{
		Started: began.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		Request: harRequest{Method: http.MethodGet, HTTPVersion: "HTTP/1.1", Cookies: []struct{}{}, Headers: []harPair{}, Query: []harPair{}, HeadersSize: -1, BodySize: 0},
		Response: harResponse{HTTPVersion: "HTTP/1.1", Cookies: []struct{}{}, Headers: []harPair{}, HeadersSize: -1, BodySize: -1,
			Content: harContent{MimeType: "x-unknown"}},
		Timings:    harTimings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1},
		Connection: strconv.Itoa(first.Conn), Type: "websocket", Initiator: map[string]any{"type": "other"}, Messages: []harMessage{},
		start: start, began: began, last: began,
	}
}

// see takes the next event of the connection.
func (e *harEntry) see(ev timeline.Event) {
	e.last = e.start.Add(ev.At)
	switch ev.Kind {
	case timeline.KindRequest:
		if ev.OfClient() || e.Request.URL == "" {
			e.request(ev)
		}
	case timeline.KindResponse:
		if ev.OfClient() {
			e.answered = e.last
			e.response(ev)
		}
	case timeline.KindFrame:
		m := messageOf(e.start, ev)
		if ev.OfClient() {
			e.Messages = append(e.Messages, m)
		} else {
			e.ServerSide = append(e.ServerSide, m)
		}
	}
}

func (e *harEntry) request(ev timeline.Event) {
	target := ev.Field("target")
	e.Request.Headers = e.Request.Headers[:0]
	for _, f := range ev.Fields {
		switch f.Name {
		case "method":
			e.Request.Method = f.Value
		case "target":
		default:
			e.Request.Headers = append(e.Request.Headers, harPair{headerName(f.Name), f.Value})
		}
	}
	host := ev.Field("host")
	if host == "" {
		host = "unknown.invalid" // RFC 2606
	}
	e.Request.URL = target
	if !strings.Contains(target, "://") {
		e.Request.URL = "ws://" + host + target
	}
	e.Request.Query = e.Request.Query[:0]
	if _, query, found := strings.Cut(target, "?"); found {
		for _, pair := range strings.Split(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			e.Request.Query = append(e.Request.Query, harPair{unescaped(name), unescaped(value)})
		}
	}
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (e *harEntry) response(ev timeline.Event) {
	e.Response.Status, _ = strconv.Atoi(ev.Field("status"))
	e.Response.StatusText = http.StatusText(e.Response.Status)
	e.Response.Headers = e.Response.Headers[:0]
	for _, f := range ev.Fields {
		if f.Name != "status" {
			e.Response.Headers = append(e.Response.Headers, harPair{headerName(f.Name), f.Value})
		}
	}
	e.Response.RedirectURL = ev.Field("location")
}

// headerName is the header that a field is about.
func headerName(field string) string {
	switch field {
	case "subprotocol":
		return "Sec-WebSocket-Protocol"
	case "extensions":
		return "Sec-WebSocket-Extensions"
	}
	name := textproto.CanonicalMIMEHeaderKey(field)
	return strings.Replace(name, "Websocket", "WebSocket", 1)
}

// finish says what became of the connection.
func (e *harEntry) finish(r diagnosis.Report, recording string) {
	ms := func(from, to time.Time) float64 { return float64(to.Sub(from).Microseconds()) / 1000 }
	e.Time = ms(e.began, e.last)
	e.Timings.Wait = e.Time
	if !e.answered.IsZero() {
		e.Timings.Wait, e.Timings.Receive = ms(e.began, e.answered), ms(e.answered, e.last)
	} else {
		e.Response.Error = r.Cause.Text
	}
	if e.Request.URL == "" {
		e.Request.URL = "ws://unknown.invalid/"
	}
	e.Comment = r.String()
	if recording != "" {
		e.Comment = recording + ", " + e.Comment
	}
}
