package faultproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
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
			r.Out.URL.RawQuery = r.In.URL.RawQuery // even where it cannot be parsed
			r.SetURL(&upstream)
			r.SetXForwarded()
			if p.TLSConfig != nil { // which the server behind the channel cannot see
				r.Out.Header.Set("X-Forwarded-Proto", "https")
			}
			if p.PreserveHost {
				r.Out.Host = r.In.Host
			}
		},
		ErrorHandler: p.unreached,
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.endHTTP = cancel
	p.http = &http.Server{BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: silent, ReadHeaderTimeout: headTimeout, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if !p.enter() {
				panic(http.ErrAbortHandler)
			}
			defer p.leave()
			proxy.ServeHTTP(&recordingWriter{ResponseWriter: w, p: p, r: r}, r)
		})}
	p.http.SetKeepAlivesEnabled(false)
	p.running++
	go func() {
		defer p.leave()
		_ = p.http.Serve(p.httpIn)
	}()
}

// stopHTTP ends all exchanges; those that switched protocols end by their context,
// since http.Server.Close does not know them any more.
func (p *Proxy) stopHTTP() {
	_ = p.http.Close()
	p.endHTTP()
}

// unreached answers for an upstream that did not.
func (p *Proxy) unreached(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // the client left, or the proxy closes
		p.fail(0, "plain HTTP", fmt.Errorf("%s %s: the client left before the upstream answered", r.Method, r.URL.RequestURI()))
		panic(http.ErrAbortHandler)
	}
	why := fmt.Errorf("cannot reach the upstream %s: %w", timeline.RedactURL(p.Upstream), err)
	p.fail(0, "plain HTTP", why)
	a := &p.conduct().Incomplete
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		a = &p.conduct().Unreachable
	}
	if a.After > 0 && !p.pause(a.After) || a.Bare {
		panic(http.ErrAbortHandler)
	}
	page := a.page(why.Error())
	maps.Copy(w.Header(), page.Header)
	if !page.has("Content-Type") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(cmp.Or(a.Status, http.StatusBadGateway))
	_, _ = io.WriteString(w, page.Body)
}

// recordingWriter records an exchange before its answer is sent.
type recordingWriter struct {
	http.ResponseWriter
	p *Proxy
	r *http.Request
}

func (w *recordingWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.p.mu.Lock()
		w.p.plain++
		w.p.mu.Unlock()
		w.p.Timeline.Append(timeline.Record{At: w.p.Timeline.Now(), Kind: timeline.KindHTTP, Fields: []timeline.Field{
			{Name: "method", Value: w.r.Method}, {Name: "target", Value: w.r.URL.RequestURI()},
			{Name: "status", Value: strconv.Itoa(status)}}})
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach Flush and Hijack.
func (w *recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
