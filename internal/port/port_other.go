//go:build !linux

package port

import (
	"errors"
	"net"
)

// errHang says why a TCP port cannot hang.
var errHang = errors.New("a TCP port can hang on Linux only: use InMemory")

func setBacklog(*net.TCPListener, int) error { return errHang }

// reserve does nothing: another program may be given the port meanwhile.
func reserve(net.Addr) (release func()) { return nil }
