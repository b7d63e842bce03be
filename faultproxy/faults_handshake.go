package faultproxy

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Refuse resets a TCP connection as it is accepted, before a byte is read.
type Refuse struct{}

// Stages of Refuse: accept.
func (Refuse) Stages() Stage { return StageAccept }

// Apply refuses the connection.
func (Refuse) Apply(p *Plan) { p.Refuse() }

func (Refuse) String() string { return "refuse" }

// Reject answers an upgrade request with a plain HTTP response and ends the TCP
// connection after it. At Requested the upstream is not asked at all.
type Reject struct {
	Status int         // 200 to 599; 0 is 503
	Header http.Header // sent besides Content-Length and Connection: close
	Body   string
}

// RejectWith rejects with a status and its standard text as the body.
func RejectWith(status int) Reject { return Reject{Status: status} }

// Stages of Reject: the request, or the upstream's response.
func (Reject) Stages() Stage { return StageRequest | StageResponse }

// Apply rejects the upgrade.
func (f Reject) Apply(p *Plan) { p.Reject(f.status(), f.Header, f.Body) }

// Validate refuses a status that would not reject, and impossible headers.
func (f Reject) Validate() error {
	if s := f.status(); s < 200 || s > 599 {
		return fmt.Errorf("reject: status is %d; want 200 to 599 (a 1xx answer does not end a handshake)", f.Status)
	}
	for k, vs := range f.Header {
		if strings.ContainsAny(k, " :\r\n") || k == "" || strings.ContainsAny(strings.Join(vs, ""), "\r\n") {
			return fmt.Errorf("reject: header %q cannot be sent", k)
		}
	}
	return nil
}

func (f Reject) status() int {
	if f.Status == 0 {
		return http.StatusServiceUnavailable
	}
	return f.Status
}

func (f Reject) String() string { return fmt.Sprintf("reject %d", f.status()) }

// Delay holds the handshake: at Requested the request, at Responded the answer.
type Delay struct{ By, Jitter time.Duration }

// Stages of Delay: the request, or the upstream's response.
func (Delay) Stages() Stage { return StageRequest | StageResponse }

// Apply delays the handshake.
func (f Delay) Apply(p *Plan) { p.Delay(p.Jitter(f.By, f.Jitter)) }

// Validate refuses negative times.
func (f Delay) Validate() error { return nonNegative("delay", f.By, f.Jitter) }

func (f Delay) String() string { return "delay " + withJitter(f.By, f.Jitter) }

// Hang leaves the client waiting: hung on Accepted, nothing is answered; on Requested
// the upstream is not asked; on Responded its answer does not go on. It ends when
// the client goes, or the proxy closes.
type Hang struct{}

// Stages of Hang: accept, the request, or the upstream's response.
func (Hang) Stages() Stage { return StageAccept | StageRequest | StageResponse }

// Apply hangs the handshake.
func (Hang) Apply(p *Plan) { p.Hang() }

func (Hang) String() string { return "hang" }
