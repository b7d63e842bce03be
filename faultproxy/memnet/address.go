package memnet

import (
	"net"
	"strconv"
	"strings"
)

const (
	firstListenPort = 20000
	firstDialPort   = 49152 // RFC 6335 section 6: dynamic ports are 49152–65535
	listenPorts     = firstDialPort - firstListenPort
	dialPorts       = 65536 - firstDialPort
)

// loopback is where a host that is not an address of its own lives.
var loopback = net.IPv4(127, 0, 0, 1)

// splitAddress returns the host and the port of a "tcp" address.
func splitAddress(network, address string) (host string, port int, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return "", 0, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	if service != "" {
		if port, err = strconv.Atoi(service); err != nil {
			return "", 0, &net.AddrError{Err: "port is not a number", Addr: address}
		}
	}
	if port < 0 || port > 65535 {
		return "", 0, &net.AddrError{Err: "invalid port", Addr: service}
	}
	return host, port, nil
}

// canonicalHost gives every spelling of a host the same form, which is empty
// if it names no host in particular.
func canonicalHost(host string) string {
	if ip := net.ParseIP(host); ip != nil {
		switch {
		case ip.IsUnspecified():
			return ""
		case ip.Equal(loopback), ip.Equal(net.IPv6loopback):
			return "localhost"
		}
		return ip.String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// listenAddr picks the address of a new listener; n.mu is held. The port
// stays 0 if none is free.
func (n *Network) listenAddr(host string, port int) *net.TCPAddr {
	if port == 0 {
		port = n.freePort()
	}
	ip := net.ParseIP(host)
	if ip == nil {
		switch name := canonicalHost(host); name {
		case "":
			ip = net.IPv6unspecified
		case "localhost":
			ip = loopback
		default:
			ip = n.nameIP(name)
		}
	}
	return &net.TCPAddr{IP: ip, Port: port}
}

// freePort returns the next port for a listener that asked for none, 0 if all
// are taken; n.mu is held.
func (n *Network) freePort() int {
	for range listenPorts {
		port := firstListenPort + n.listened%listenPorts
		n.listened++
		if len(n.listeners[port]) == 0 {
			return port
		}
	}
	return 0
}

// nameIP returns the address of a name that is listened on; n.mu is held.
func (n *Network) nameIP(host string) net.IP {
	ip, ok := n.names[host]
	if !ok {
		serial := len(n.names) + 1
		ip = net.IPv4(10, byte(serial>>16), byte(serial>>8), byte(serial))
		if n.names == nil {
			n.names = make(map[string]net.IP)
		}
		n.names[host] = ip
	}
	return ip
}

// dialerAddr returns the local address of the next dial; n.mu is held.
// Every dial of a Network gets another one.
func (n *Network) dialerAddr() *net.TCPAddr {
	host := 1 + n.dialled/dialPorts
	addr := &net.TCPAddr{
		IP:   net.IPv4(127, byte(host>>16), byte(host>>8), byte(host)),
		Port: firstDialPort + n.dialled%dialPorts,
	}
	n.dialled++
	return addr
}

// dialledAddr is the address that a dial of a canonical host reaches; l is the
// listener there, or nil.
func dialledAddr(l *Listener, host string, port int) *net.TCPAddr {
	if l != nil && l.host != "" {
		return l.addr
	}
	ip := net.ParseIP(host)
	if ip == nil {
		ip = loopback
	}
	return &net.TCPAddr{IP: ip, Port: port}
}
