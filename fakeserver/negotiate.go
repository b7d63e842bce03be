package fakeserver

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// negotiate lets gorilla answer the upgrade, and catches its answer.
func (a *attempt) negotiate() (status int, fields []field, body string) {
	up := a.s.upgrader
	up.Subprotocols = a.s.Subprotocols
	if offered := websocket.Subprotocols(a.req); up.Subprotocols == nil && len(offered) > 0 {
		up.Subprotocols = offered[:1]
	}
	if a.accept.compression != nil {
		up.EnableCompression = *a.accept.compression
	}
	w := &catcher{Conn: a.c.conn, header: make(http.Header)}
	if _, err := up.Upgrade(w, a.req, nil); err != nil {
		a.s.fail(a.c.num, "handshake", err)
		status, body = w.status, "fakeserver: "+err.Error()+"\n"
		if v := w.header.Get("Sec-Websocket-Version"); v != "" {
			fields = append(fields, field{"Sec-WebSocket-Version", v})
		}
		return status, fields, body
	}
	for line := range strings.SplitSeq(strings.TrimSpace(w.written.String()), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			fields = append(fields, field{name, value})
		}
	}
	return http.StatusSwitchingProtocols, fields, ""
}

// edit makes the 101 what the handler wants.
func (a *attempt) edit(fields []field) []field {
	var out []field
	for _, f := range fields {
		switch {
		case a.accept.noUpgrade && f.name == "Upgrade",
			a.accept.sub != nil && f.name == "Sec-WebSocket-Protocol",
			has(a.accept.header, f.name):
			continue
		case a.accept.wrongAccept && f.name == "Sec-WebSocket-Accept":
			f.value = "bm90IHRoZSBhbnN3ZXIgdG8ga2V5" // base64, but of no SHA-1
		}
		out = append(out, f)
	}
	if a.accept.sub != nil && *a.accept.sub != "" {
		out = append(out, field{"Sec-WebSocket-Protocol", *a.accept.sub})
	}
	for _, f := range a.accept.header {
		out = append(out, field{f.name, expand(a.req, f.value)})
	}
	return out
}

func value(fields []field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// catcher is the connection and the response that gorilla's Upgrader writes to.
type catcher struct {
	net.Conn
	header  http.Header
	status  int
	written bytes.Buffer
}

func (w *catcher) Header() http.Header         { return w.header }
func (w *catcher) WriteHeader(status int)      { w.status = status }
func (w *catcher) Write(b []byte) (int, error) { return w.written.Write(b) }

// Hijack hands out the catcher itself. What the client sent early stays with the
// attempt: gorilla would refuse it.
func (w *catcher) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w, bufio.NewReadWriter(bufio.NewReaderSize(w, 16), bufio.NewWriterSize(w, 512)), nil
}
