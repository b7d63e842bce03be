package admin

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// download sends a document under a name.
func download(w http.ResponseWriter, p *fleet.Proxy, mime, extension string, write func(io.Writer) error) {
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", p.Name()+extension))
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	_ = write(w) // who asked has left
}

func (s *Server) recording(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	download(w, p, jsonlMime, ".jsonl", func(w io.Writer) error {
		return p.Timeline().WriteJSONL(w, timeline.Extra{Key: "url", Value: p.URL()})
	})
}

func (s *Server) reportHTML(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	download(w, p, "text/html; charset=utf-8", ".html", func(w io.Writer) error {
		return report.HTML(w, report.Named{Name: p.Name(), Viewer: p.Timeline()})
	})
}

func (s *Server) archive(w http.ResponseWriter, _ *http.Request, p *fleet.Proxy) {
	download(w, p, "application/json", ".har", func(w io.Writer) error {
		return report.HAR(w, report.Named{Name: p.Name(), Viewer: p.Timeline()})
	})
}

func (s *Server) diagram(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var of timeline.Viewer = p.Timeline()
	extension := ".svg"
	if text := r.URL.Query().Get("conn"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || p.Timeline().Conn(n).Len() == 0 {
			failed(w, bad(http.StatusNotFound, "conn=%s: there is no such connection", text))
			return
		}
		of, extension = p.Timeline().Conn(n), fmt.Sprintf("-%d.svg", n)
	}
	download(w, p, "image/svg+xml", extension, func(w io.Writer) error { return report.SVG(w, of) })
}
