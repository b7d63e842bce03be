// Package adminclient asks the admin API of a running faultproxy: requests with their
// token, refusals as errors, and the stream of events over every break of its line.
package adminclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Patience is how long Do waits for an answer if its context does not end sooner.
const Patience = 30 * time.Second

// Client asks one server. Its zero value is not ready: set Base, or use New. It may be
// used by several goroutines.
type Client struct {
	Base  *url.URL     // of the server, such as http://127.0.0.1:8474
	Token string       // empty: none
	HTTP  *http.Client // nil: one without proxies and without a time limit
}

// New makes a client of the server at an address: a URL, or HOST:PORT.
func New(address, token string) (*Client, error) {
	text := address
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%q is no address of an admin API; want one such as http://127.0.0.1:8474, as faultproxy run prints it", address)
	}
	u.Path = ""
	return &Client{Base: u, Token: token}, nil
}

// direct asks without a proxy: what is asked is on this machine, or named on purpose.
var direct = &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}}

// Problem is a refusal of the server.
type Problem struct {
	Status   int    `json:"status"`
	Detail   string `json:"detail"` // what is wrong, where, and what to do
	Problems []struct {
		Path string `json:"path"`
		Text string `json:"text"`
	} `json:"problems"` // each thing that is wrong in a body, with its place there
}

// Error returns the detail, which names the places in a body, too.
func (p *Problem) Error() string { return p.Detail }

// ErrUnreachable is what an error wraps if nobody answered.
var ErrUnreachable = errors.New("no admin API answers there")

// Path is the path of an address below /v1: its parts, escaped.
func Path(parts ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String()
}

// Do sends a request and returns the body of the answer, which may be empty. The body
// sent is the JSON of a value; nil is none. A refusal is a [*Problem]; without an answer,
// or within no Patience, the error wraps [ErrUnreachable].
func (c *Client) Do(ctx context.Context, method, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	return c.DoUntil(ctx, method, path, body)
}

// DoUntil is Do that waits as long as its context lasts.
func (c *Client) DoUntil(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("this cannot be sent: %w", err)
		}
		sent = bytes.NewReader(raw)
	}
	resp, err := c.open(ctx, method, path, sent, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s broke off in the middle of its answer: %w", c.Base, err)
	}
	return raw, nil
}

// open sends a request. The answer is no refusal, and its body has to be closed.
func (c *Client) open(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Base.String()+path, body)
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	by := c.HTTP
	if by == nil {
		by = direct
	}
	resp, err := by.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, c.refusal(resp)
	}
	return resp, nil
}

// unreachable says who did not answer, and why.
func (c *Client) unreachable(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err // without method and URL
	}
	return fmt.Errorf("%w: %s: %w", ErrUnreachable, c.Base, err)
}

// refusal reads a refusal, and closes the body.
func (c *Client) refusal(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	p := &Problem{}
	if resp.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(raw, p) != nil {
		return fmt.Errorf("%w: %s answered %s, as no faultproxy does", ErrUnreachable, c.Base, resp.Status)
	}
	p.Status = resp.StatusCode
	return p
}
