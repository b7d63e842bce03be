package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"
)

// checkListen refuses what cannot be an address to listen on.
func checkListen(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return badUsage("%s %s: want HOST:PORT such as 127.0.0.1:8080, or :8080 for all interfaces", flag, addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return badUsage("%s %s: the port is %q; want 0 (any free one) to 65535", flag, addr, port)
	}
	return nil
}

// listen opens the port that a flag asks for.
func listen(flag, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: another program has this port; stop it, or take any free port with %s 127.0.0.1:0", addr, flag)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("cannot listen on %s: not permitted; ports below 1024 need root, %s 127.0.0.1:0 takes any free one", addr, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s: this machine has no such address; 127.0.0.1 always works", addr)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}
