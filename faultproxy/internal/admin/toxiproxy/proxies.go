package toxiproxy

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/toxics"
)

// proxyView is a proxy as Toxiproxy shows it.
type proxyView struct {
	Name     string         `json:"name"`
	Listen   string         `json:"listen"`
	Upstream string         `json:"upstream"`
	Enabled  bool           `json:"enabled"`
	Toxics   []toxics.Toxic `json:"toxics"`
}

func (s *server) view(p *fleet.Proxy) proxyView {
	return proxyView{p.Name(), p.Listen(), address(p.Engine().Upstream), p.Enabled(), toxicList(s.set(p).list())}
}

// address is the host and port of an upstream.
func address(upstream string) string {
	u, err := url.Parse(upstream)
	if err != nil {
		return upstream
	}
	if u.Port() != "" {
		return u.Host
	}
	port := map[string]string{"wss": "443", "https": "443"}[u.Scheme]
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (s *server) list(w http.ResponseWriter, _ *http.Request) {
	all := map[string]proxyView{}
	for _, p := range s.fleet.All() {
		all[p.Name()] = s.view(p)
	}
	reply(w, http.StatusOK, all)
}

// wanted is what a request says of a proxy.
type wanted struct {
	Name     string `json:"name"`
	Listen   string `json:"listen"`
	Upstream string `json:"upstream"`
	Enabled  bool   `json:"enabled"`
}

// wrong is what is missing, or cannot be; nil if nothing is.
func (v wanted) wrong() *apiError {
	switch {
	case v.Name == "":
		return refuse(http.StatusBadRequest, "missing required field: name")
	case v.Upstream == "":
		return refuse(http.StatusBadRequest, "missing required field: upstream")
	}
	if err := config.CheckName(v.Name); err != nil {
		return refuse(http.StatusBadRequest, "name: "+err.Error())
	}
	return wrongUpstream(v.Upstream)
}

func wrongUpstream(addr string) *apiError {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && (host == "" || port == "") {
		err = fmt.Errorf("address %s: want a host and a port", addr)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "upstream: "+err.Error())
	}
	return nil
}

// make makes the proxy.
func (s *server) make(v wanted) (*fleet.Proxy, *apiError) {
	d := config.Proxy{Name: v.Name, Listen: v.Listen, Upstream: "tcp://" + v.Upstream, Disabled: !v.Enabled}
	if d.Listen == "" {
		d.Listen = config.DefaultListen
	}
	p, err := s.fleet.Create(d)
	if err != nil {
		return nil, failed(err)
	}
	return p, nil
}

// failed is the error of what could not be done, in the words of the system where there
// are some.
func failed(err error) *apiError {
	var port *fleet.ListenError
	switch {
	case errors.Is(err, fleet.ErrExists):
		return errProxyName
	case errors.Is(err, fleet.ErrNotFound):
		return errNoProxy
	case errors.As(err, &port):
		return refuse(http.StatusInternalServerError, port.Err.Error())
	}
	return refuse(http.StatusInternalServerError, err.Error())
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	v := wanted{Enabled: true}
	e := read(r, &v)
	if e == nil {
		e = v.wrong()
	}
	var p *fleet.Proxy
	if e == nil {
		p, e = s.make(v)
	}
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusCreated, s.view(p))
}

func (s *server) show(w http.ResponseWriter, r *http.Request) {
	p, _, e := s.of(r)
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusOK, s.view(p))
}

func (s *server) update(w http.ResponseWriter, r *http.Request) {
	p, _, e := s.of(r)
	if e != nil {
		fail(w, e)
		return
	}
	now := s.view(p)
	v := wanted{Listen: now.Listen, Upstream: now.Upstream, Enabled: now.Enabled}
	if e = read(r, &v); e == nil {
		e = wrongUpstream(v.Upstream)
	}
	if e == nil {
		e = change(p, now, v)
	}
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusOK, s.view(p))
}

// change makes a proxy what is wanted of it.
func change(p *fleet.Proxy, now proxyView, v wanted) *apiError {
	upstream := ""
	if v.Upstream != now.Upstream {
		upstream = "tcp://" + v.Upstream
	}
	if _, err := net.ResolveTCPAddr("tcp", v.Listen); err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	if err := p.Move(v.Listen, upstream); err != nil {
		return failed(err)
	}
	if v.Enabled != p.Enabled() {
		if err := p.SetEnabled(v.Enabled); err != nil {
			return failed(err)
		}
	}
	return nil
}

func (s *server) remove(w http.ResponseWriter, r *http.Request) {
	p, _, e := s.of(r)
	if e == nil {
		if err := s.fleet.Remove(p.Name()); errors.Is(err, fleet.ErrNotFound) {
			e = errNoProxy
		}
	}
	if e != nil {
		fail(w, e)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) reset(w http.ResponseWriter, _ *http.Request) {
	for _, p := range s.fleet.All() {
		if err := p.SetEnabled(true); err != nil {
			fail(w, failed(err))
			return
		}
		s.set(p).clear()
	}
	w.WriteHeader(http.StatusNoContent)
}

// populated is the answer of populate: an error of its own, and what was made.
type populated struct {
	*apiError
	Proxies []proxyView `json:"proxies"`
}

func (s *server) populate(w http.ResponseWriter, r *http.Request) {
	var list []struct {
		wanted
		Enabled *bool `json:"enabled"`
	}
	answer := populated{apiError: read(r, &list)}
	for i := range list {
		list[i].wanted.Enabled = list[i].Enabled == nil || *list[i].Enabled
		if e := list[i].wrong(); e != nil && answer.apiError == nil {
			answer.apiError = refuse(e.Status, fmt.Sprintf("%s at proxy %d", e.Text, i+1))
		}
	}
	for i := 0; i < len(list) && answer.apiError == nil; i++ {
		p, e := s.one(list[i].wanted)
		if e != nil {
			answer.apiError = e
			break
		}
		answer.Proxies = append(answer.Proxies, s.view(p))
	}
	status := http.StatusCreated
	if answer.apiError != nil {
		status = answer.Status
	}
	reply(w, status, answer)
}

// one makes a proxy of a list, or finds it as it is wanted.
func (s *server) one(v wanted) (*fleet.Proxy, *apiError) {
	p, err := s.fleet.Get(v.Name)
	if err != nil {
		return s.make(v)
	}
	now := s.view(p)
	if now.Upstream == v.Upstream && sameListen(v.Listen, now.Listen) {
		return p, nil
	}
	if v.Listen == "" {
		v.Listen = config.DefaultListen
	}
	if e := change(p, now, v); e != nil { // then it is as it was
		return nil, e
	}
	s.set(p).clear()
	return p, nil
}

func sameListen(asked, have string) bool {
	a, err := net.ResolveTCPAddr("tcp", asked)
	return asked == have || err == nil && a.String() == have
}
