package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// duration is a span of time above zero.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := parseDuration(string(text))
	if err == nil && v == 0 {
		err = errors.New("want a time above zero")
	}
	*d = duration(v)
	return err
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d >= 0:
		return d, nil
	case err == nil:
		return 0, fmt.Errorf("%s is negative", text)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("%s needs a unit, such as %[1]ss or %[1]sms", text)
	}
	return 0, fmt.Errorf("%q is no duration; want one such as 30s, 1500ms or 1m30s", text)
}

// single is a text that may be given once.
type single string

func (s *single) UnmarshalText(text []byte) error {
	switch {
	case *s != "":
		return fmt.Errorf("given twice: %s, and %s", *s, text)
	case len(text) == 0:
		return errors.New("want something, got nothing")
	}
	*s = single(text)
	return nil
}

// moment is @D: a time after a connection opened.
type moment time.Duration

func (m *moment) UnmarshalText(text []byte) error {
	rest, ok := strings.CutPrefix(string(text), "@")
	if !ok {
		return fmt.Errorf("%q: want @ and the time after opening, such as @30s", text)
	}
	d, err := parseDuration(rest)
	*m = moment(d)
	return err
}

// closing is CODE[:REASON]@D.
type closing struct {
	close faultproxy.Close
	at    time.Duration
}

func (c *closing) UnmarshalText(text []byte) error {
	i := strings.LastIndexByte(string(text), '@')
	if i < 0 {
		return fmt.Errorf("%q: want CODE[:REASON]@D, such as 1012:restart@30s", text)
	}
	at, err := parseDuration(string(text[i+1:]))
	if err != nil {
		return err
	}
	number, reason, _ := strings.Cut(string(text[:i]), ":")
	code, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return fmt.Errorf("%q: the close code %q is no number from 0 to 65535", text, number)
	}
	c.at, c.close = at, faultproxy.CloseWith(frame.CloseCode(code), reason)
	return c.close.Validate()
}

// rejection is STATUS[xTIMES].
type rejection struct{ status, times int }

func (r *rejection) UnmarshalText(text []byte) error {
	status, times, limited := strings.Cut(string(text), "x")
	var err error
	if r.status, err = strconv.Atoi(status); err != nil {
		return fmt.Errorf("%q: want STATUS[xTIMES], such as 503 or 503x2", text)
	}
	if limited {
		if r.times, err = strconv.Atoi(times); err != nil || r.times < 1 {
			return fmt.Errorf("%q: how often is %q; want a number from 1, such as 503x2", text, times)
		}
	}
	return faultproxy.RejectWith(r.status).Validate()
}

// spread is D[±D].
type spread struct{ mean, jitter time.Duration }

func (s *spread) UnmarshalText(text []byte) (err error) {
	mean, jitter, spreads := strings.Cut(strings.Replace(string(text), "+-", "±", 1), "±")
	if s.mean, err = parseDuration(mean); err == nil && spreads {
		s.jitter, err = parseDuration(jitter)
	}
	return err
}

// upstreamURL is where connections go.
type upstreamURL string

func (u *upstreamURL) UnmarshalText(text []byte) error {
	*u = upstreamURL(text)
	shown := timeline.RedactURL(string(text))
	parsed, err := url.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%q is no URL; want one such as ws://127.0.0.1:9000/socket", shown)
	}
	switch parsed.Scheme {
	case "ws", "wss", "http", "https", "tcp":
	default:
		return fmt.Errorf("%q: want a ws, wss, http, https or tcp URL such as ws://127.0.0.1:9000/socket", shown)
	}
	if parsed.Hostname() == "" {
		return fmt.Errorf("%q names no host; want a URL such as ws://127.0.0.1:9000/socket", shown)
	}
	if parsed.Scheme == "tcp" && (parsed.Port() == "" || parsed.Path != "" || parsed.RawQuery != "" || parsed.User != nil) {
		return fmt.Errorf("%q: want a tcp URL of host and port only, such as tcp://127.0.0.1:9000", shown)
	}
	return nil
}
