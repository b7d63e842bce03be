package main

import (
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// adminFlags are where the admin API and the dashboard are served.
type adminFlags struct {
	Admin      string `group:"admin" placeholder:"ADDR" help:"Serve the admin API and the dashboard there; off serves neither. Port 0 takes any free one. Default: 127.0.0.1:8474, or any free port if that is taken."`
	AdminToken string `group:"admin" placeholder:"TOKEN" env:"FAULTPROXY_ADMIN_TOKEN" help:"What requests to the admin API have to bring. Needed where other machines can reach it."`
}

// check refuses what cannot be an address.
func (f *adminFlags) check() error {
	if f.Admin == "" || f.Admin == "off" {
		return nil
	}
	if err := checkListen("--admin", f.Admin); err != nil {
		return err
	}
	addr, err := net.ResolveTCPAddr("tcp", f.Admin)
	if err != nil {
		return badUsage("--admin %s: %w", f.Admin, err)
	}
	if err := admin.CheckAddress(addr, f.AdminToken); err != nil {
		return badUsage("--admin %s: %w", f.Admin, err)
	}
	return nil
}

// serve serves the API of a fleet; nil if it is off.
func (f *adminFlags) serve(proxies *fleet.Fleet) (*adminServer, error) {
	if f.Admin == "off" {
		return nil, nil
	}
	l, err := f.listen()
	if err != nil {
		return nil, err
	}
	a := &adminServer{Server: admin.Server{Fleet: proxies, Version: version(), Token: f.AdminToken}, url: "http://" + reachable(l.Addr())}
	return a, a.Serve(l)
}

// listen opens the port. The usual one may be taken by another faultproxy, or by
// Toxiproxy; only who asked for it cares.
func (f *adminFlags) listen() (net.Listener, error) {
	if f.Admin != "" {
		return listen("--admin", f.Admin)
	}
	l, err := net.Listen("tcp", admin.DefaultAddress)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}

// adminServer is the API that is served.
type adminServer struct {
	admin.Server
	url string
}

// end stops serving; of a nil server, which is off, nothing.
func (a *adminServer) end() {
	if a != nil {
		_ = a.Close()
	}
}

// dashboard is the address of the page.
func (a *adminServer) dashboard() string { return a.url + "/" }

// fields are what the ready line says of it; nothing if it is off.
func (a *adminServer) fields() []timeline.Extra {
	if a == nil {
		return nil
	}
	return []timeline.Extra{{Key: "admin", Value: a.url}, {Key: "dashboard", Value: a.dashboard()}}
}

// reachable is an address that a client on this machine can use.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		_, port, _ := strings.Cut(addr.String(), "]:")
		return net.JoinHostPort("localhost", port)
	}
	return addr.String()
}
