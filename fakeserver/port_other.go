//go:build !linux

package fakeserver

import (
	"errors"
	"net"
)

func setBacklog(*net.TCPListener, int) error {
	return errors.New("a TCP port can hang on Linux only: use InMemory")
}

// reserve does nothing: another program may be given the port meanwhile.
func reserve(net.Addr) (release func()) { return nil }
