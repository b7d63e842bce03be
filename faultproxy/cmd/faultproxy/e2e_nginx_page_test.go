package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	nginxVersion = regexp.MustCompile(`nginx/[0-9][0-9.]*`)
	pageDate     = regexp.MustCompile(`Date: [A-Z][a-z]{2}, [^\r\n]* GMT`)
	pageLength   = regexp.MustCompile(`Content-Length: [0-9]+`)
)

// page asks for an upgrade and returns the whole answer in the form normalPage
// gives it, and the time it took.
func page(addr, path string) (string, time.Duration, error) {
	c, err := net.DialTimeout("tcp", addr, watchLimit)
	if err != nil {
		return "", 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(watchLimit)); err != nil {
		return "", 0, err
	}
	begun := time.Now()
	if _, err := fmt.Fprintf(c, upgradeRequest, path); err != nil {
		return "", 0, err
	}
	var raw bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(c, &raw)), &http.Request{Method: http.MethodGet})
	if err != nil {
		return "", 0, fmt.Errorf("%w, after %q", err, raw.String())
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return "", 0, fmt.Errorf("%w, after %q", err, raw.String())
	}
	took := time.Since(begun)
	return normalPage(raw.String()), took, nil
}

// normalPage is an answer without what may differ between two nginx: the version,
// the date, the order of the headers, and Connection, for the proxy ends the TCP
// connection after every refusal where nginx keeps it.
func normalPage(s string) string {
	s = nginxVersion.ReplaceAllString(s, "nginx/VERSION")
	s = pageDate.ReplaceAllString(s, "Date: DATE")
	s = pageLength.ReplaceAllString(s, "Content-Length: LENGTH")
	head, body, _ := strings.Cut(s, "\r\n\r\n")
	status, rest, _ := strings.Cut(head, "\r\n")
	headers := slices.DeleteFunc(strings.Split(rest, "\r\n"), func(line string) bool {
		return strings.HasPrefix(line, "Connection: ")
	})
	slices.Sort(headers)
	return strings.Join(append([]string{status}, headers...), "\n") + "\n\n" + strings.ReplaceAll(body, "\r\n", "\\r\\n\n")
}
