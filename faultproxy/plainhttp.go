package faultproxy

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Requests that are no upgrade go to an ordinary reverse proxy, so that pages and
// lookups on the same port work.

// channelListener is a net.Listener that is handed its connections.
type channelListener struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *channelListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *channelListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *channelListener) Addr() net.Addr { return l.addr }

// hand gives a connection to the server; false means that it is closing.
func (l *channelListener) hand(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		return false
	}
}

// prefixConn is a connection some of whose bytes were read already.
type prefixConn struct {
	net.Conn
	pre []byte
}

func (c *prefixConn) Read(b []byte) (int, error) {
	if len(c.pre) > 0 {
		n := copy(b, c.pre)
		c.pre = c.pre[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (p *Proxy) startHTTP() {
	p.httpIn = &channelListener{addr: p.Listener.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
	silent := log.New(io.Discard, "", 0)
	transport := &http.Transport{DialContext: p.Dial, DisableKeepAlives: true, DisableCompression: true}
	if p.UpstreamTLS != nil {
		transport.TLSClientConfig = p.UpstreamTLS.Clone()
	}
	upstream := *p.target.url
	upstream.Scheme = p.target.httpScheme()
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		ErrorLog:  silent,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&upstream)
			r.SetXForwarded()
			if p.PreserveHost {
				r.Out.Host = r.In.Host
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("faultproxy: cannot reach the upstream %s: %v", timeline.RedactURL(p.Upstream), err), http.StatusBadGateway)
		},
	}
	p.http = &http.Server{ErrorLog: silent, ReadHeaderTimeout: headTimeout, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
			proxy.ServeHTTP(sw, r)
			p.mu.Lock()
			p.plain++
			p.mu.Unlock()
			p.Timeline.Append(timeline.Record{At: p.Timeline.Now(), Kind: timeline.KindHTTP, Fields: []timeline.Field{
				{Name: "method", Value: r.Method}, {Name: "target", Value: r.URL.RequestURI()},
				{Name: "status", Value: strconv.Itoa(sw.status)}}})
		})}
	p.http.SetKeepAlivesEnabled(false)
	p.running++
	go func() {
		defer p.leave()
		_ = p.http.Serve(p.httpIn)
	}()
}

func (p *Proxy) stopHTTP() { _ = p.http.Close() }

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach Flush.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
