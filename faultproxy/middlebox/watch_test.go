package middlebox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// seen is what one end of a connection saw.
type seen struct {
	words string
	after time.Duration // when it ended; 0: it did not
}

// watch reads from one end until it ends or the limit is over, then writes to it, and
// says what was to see.
func watch(c net.Conn, limit time.Duration) seen {
	begun := time.Now()
	_ = c.SetReadDeadline(begun.Add(limit))
	got, err := readAll(c)
	_ = c.SetReadDeadline(time.Time{})
	s := seen{after: time.Since(begun)}
	said := ""
	switch code := closeCode(got); {
	case len(got) == 0:
	case code > 0:
		said = fmt.Sprintf("Close %d, ", code)
	case bytes.HasPrefix(got, []byte("HTTP/1.1 500 ")):
		said = "an HTTP 500 in its stream, "
	default:
		said = fmt.Sprintf("%q, ", got)
	}
	switch {
	case isTimeout(err):
		return seen{words: said + "nothing"}
	case err != nil:
		s.words = said + "RST"
	default:
		s.words = said + "FIN" + afterFIN(c)
	}
	if closeCode(got) > 0 {
		// Its answer to the Close is a write, that may draw the RST before the FIN is read.
		s.words = strings.TrimSuffix(s.words, " to writes")
		if s.words == said+"RST" {
			s.words = said + "FIN, RST"
		}
	}
	return s
}

// readAll reads to the end, without what the other end's own watch writes, and answers
// a Close.
func readAll(c net.Conn) (got []byte, err error) {
	buf := make([]byte, 64<<10)
	for err == nil {
		var n int
		n, err = c.Read(buf)
		got = bytes.ReplaceAll(append(got, buf[:n]...), []byte(ping), nil)
		if n > 0 && closeCode(got) > 0 {
			_, _ = c.Write(got)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return got, err
}

// closeCode is the code of the Close frame that bytes begin with, masked or not; 0 if
// they do not.
func closeCode(b []byte) int {
	switch {
	case len(b) < 4 || b[0] != 0x88:
		return 0
	case b[1] < 0x80:
		return int(b[2])<<8 | int(b[3])
	case len(b) < 8:
		return 0
	}
	return int(b[6]^b[2])<<8 | int(b[7]^b[3])
}

// afterFIN says what writes to a connection show that has sent its FIN.
func afterFIN(c net.Conn) string {
	time.Sleep(5 * time.Millisecond)
	if _, err := c.Write([]byte(ping)); isReset(err) {
		return ", RST"
	}
	time.Sleep(time.Millisecond)
	if _, err := c.Write([]byte(ping)); isReset(err) {
		return ", RST to writes"
	}
	return ""
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// watchBoth watches both ends at once.
func (s *scene) watchBoth(client, upstream net.Conn, limit time.Duration) (seen, seen) {
	theirs := make(chan seen)
	go func() { theirs <- watch(upstream, limit) }()
	ours := watch(client, limit)
	return ours, <-theirs
}

// look says what one end sees now: bytes, an end, or nothing.
func look(c net.Conn) string {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer c.SetReadDeadline(time.Time{})
	buf := make([]byte, 64)
	n, err := c.Read(buf)
	switch {
	case n > 0:
		return string(buf[:n])
	case isTimeout(err):
		return "nothing"
	case errors.Is(err, io.EOF):
		return "FIN"
	}
	return "RST"
}

func reset(s *scene, c net.Conn) {
	s.Helper()
	if err := c.(*memnet.Conn).SetLinger(0); err != nil {
		s.Fatal(err)
	}
	_ = c.Close()
}

func halfClose(s *scene, c net.Conn) {
	s.Helper()
	if err := c.(*memnet.Conn).CloseWrite(); err != nil {
		s.Fatal(err)
	}
}
