package port

import (
	"net"
	"syscall"
)

// errHang says why a TCP port cannot hang: it can.
var errHang error

// setBacklog changes how many connections wait to be accepted: listen(2) again.
func setBacklog(l *net.TCPListener, n int) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) }); err != nil {
		return err
	}
	return failed
}

// reserve binds an address without listening on it, so that nobody else is given
// its port and dials are refused. The function it returns gives it up.
func reserve(addr net.Addr) (release func()) {
	a, ok := addr.(*net.TCPAddr)
	if !ok || a.IP.To4() == nil {
		return nil
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	sa := &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())}
	if syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) != nil || syscall.Bind(fd, sa) != nil {
		_ = syscall.Close(fd)
		return nil
	}
	return func() { _ = syscall.Close(fd) }
}
