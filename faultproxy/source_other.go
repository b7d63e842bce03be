//go:build !unix

package faultproxy

import "net"

type rawReader interface {
	Read(func(fd uintptr) bool) error
}

func newSource(c net.Conn) *source {
	w, _ := c.(waiter)
	return &source{conn: c, wait: w}
}

func (s *source) readRaw() ([]byte, error) { return s.fill() }
