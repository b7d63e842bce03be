package adminclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Events says which events of a proxy are wanted.
type Events struct {
	Proxy string
	Since int    // only those behind this number
	Conn  int    // only those of this connection; 0: all
	Kinds string // only those kinds, separated by commas; empty: all
}

// query is what is behind the path.
func (e Events) query() string {
	q := url.Values{"since": {strconv.Itoa(e.Since)}}
	if e.Conn != 0 {
		q.Set("conn", strconv.Itoa(e.Conn))
	}
	if e.Kinds != "" {
		q.Set("kind", e.Kinds)
	}
	return Path("proxies", e.Proxy, "events") + "?" + q.Encode()
}

// stillness is how long a stream may say nothing before it counts as broken: the server
// sends a comment every 15 s.
const stillness = 45 * time.Second

// Read calls tell with the line of every event that there is, in order, and returns.
func (c *Client) Read(ctx context.Context, of Events, tell func(line []byte) error) error {
	resp, err := c.open(ctx, http.MethodGet, of.query(), nil, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil:
			return c.unreachable(err)
		}
		if err := tell(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
}

// Follow calls tell with the line of every event that there is and that comes, in order.
// It connects again, behind the last event told, whenever the stream breaks, says so by
// broke, and gives up when nobody has answered for as long as retry, or was never there.
// It returns nil when the context ends, and else why it gave up, or tell's error.
func (c *Client) Follow(ctx context.Context, of Events, retry time.Duration, broke func(error), tell func(line []byte) error) error {
	pause, answered, lost := firstPause, false, time.Time{}
	for {
		began := false
		err := c.stream(ctx, &of, answered, tell, func() { began = true })
		var own *tellError
		var refused *Problem
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &own):
			return own.error
		case errors.As(err, &refused), !began && !answered:
			return err
		}
		if began {
			answered, pause, lost = true, firstPause, time.Now()
			broke(err)
		}
		if time.Since(lost) >= retry {
			return err
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		case <-ctx.Done():
			return nil
		}
	}
}

// How long to wait before the stream is asked for again.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// tellError is an error of who is told.
type tellError struct{ error }

// stream reads a stream until it ends, and moves Since along. began is called when the
// server has answered.
func (c *Client) stream(ctx context.Context, of *Events, again bool, tell func([]byte) error, began func()) error {
	if again {
		if err := c.rewind(ctx, of); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	still := time.AfterFunc(stillness, cancel)
	defer still.Stop()
	resp, err := c.open(ctx, http.MethodGet, of.query(), nil, http.Header{"Accept": {"text/event-stream"}})
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	began()
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	for id := of.Since; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return c.unreachable(err)
		}
		still.Reset(stillness)
		if text, ok := strings.CutPrefix(line, "id: "); ok {
			id, _ = strconv.Atoi(strings.TrimSpace(text))
		} else if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := tell([]byte(strings.TrimSuffix(text, "\n"))); err != nil {
				return &tellError{err}
			}
			of.Since = id
		}
	}
}

// rewind begins at the first event if the proxy has not so many: it is a new one of the
// same name.
func (c *Client) rewind(ctx context.Context, of *Events) error {
	raw, err := c.Do(ctx, http.MethodGet, Path("proxies", of.Proxy), nil)
	if err != nil {
		return err
	}
	var now struct {
		Last int `json:"last_event"`
	}
	if err := json.Unmarshal(raw, &now); err == nil && now.Last < of.Since {
		of.Since = 0
	}
	return nil
}
