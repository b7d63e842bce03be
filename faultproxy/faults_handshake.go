package faultproxy

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
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
	return sendable("reject", f.Header)
}

// sendable refuses headers that are none.
func sendable(what string, h http.Header) error {
	for _, k := range slices.Sorted(maps.Keys(h)) {
		if strings.ContainsAny(k, " :\r\n") || k == "" || strings.ContainsAny(strings.Join(h[k], ""), "\r\n") {
			return fmt.Errorf("%s: header %q cannot be sent", what, k)
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

// Delay holds the handshake: at Accepted the proxy reads nothing for so long (a server
// that is slow to accept, behind a kernel that is not), at Requested it holds the
// request, at Responded the answer.
type Delay struct{ By, Jitter time.Duration }

// Stages of Delay: accept, the request, or the upstream's response.
func (Delay) Stages() Stage { return StageAccept | StageRequest | StageResponse }

// Apply delays the handshake.
func (f Delay) Apply(p *Plan) { p.Delay(p.Jitter(f.By, f.Jitter)) }

// Validate refuses negative times.
func (f Delay) Validate() error { return nonNegative("delay", f.By, f.Jitter) }

func (f Delay) String() string { return "delay " + withJitter(f.By, f.Jitter) }

// Redirect answers an upgrade request with a redirection (RFC 9110 section 15.4). RFC
// 6455 section 4.1 lets clients follow it; browsers do not.
type Redirect struct {
	Location string // a URL, or a path
	Status   int    // 300 to 399; 0 is 302
}

// Stages of Redirect: the request, or the upstream's response.
func (Redirect) Stages() Stage { return StageRequest | StageResponse }

// Apply redirects the client.
func (f Redirect) Apply(p *Plan) {
	p.Reject(f.status(), http.Header{"Location": {f.Location}}, "")
}

// Validate refuses a status that does not redirect, and a Location that is no URL.
func (f Redirect) Validate() error {
	if s := f.status(); s < 300 || s > 399 {
		return fmt.Errorf("redirect: status is %d; want 300 to 399", f.Status)
	}
	if _, err := url.Parse(f.Location); err != nil || f.Location == "" {
		return fmt.Errorf("redirect: the location %q is no URL", f.Location)
	}
	return sendable("redirect", http.Header{"Location": {f.Location}})
}

func (f Redirect) status() int {
	if f.Status == 0 {
		return http.StatusFound
	}
	return f.Status
}

func (f Redirect) String() string { return fmt.Sprintf("redirect %d to %s", f.status(), f.Location) }

// Cut ends the client's TCP connection in the middle of the handshake. At Requested
// nothing was answered and the upstream is not asked; at Responded the client has the
// first After bytes of the upstream's answer (its head; at most all of that).
type Cut struct {
	After int
	// How is FIN, HalfClose, FullClose or RST. Zero (Keep) is FIN.
	How Ending
}

// Stages of Cut: the request, or the upstream's response.
func (Cut) Stages() Stage { return StageRequest | StageResponse }

// Apply cuts the handshake.
func (f Cut) Apply(p *Plan) { p.Cut(f.After, f.How) }

// Validate refuses what does not end, and a negative number.
func (f Cut) Validate() error {
	if f.How > RST {
		return fmt.Errorf("cut: %v does not end the connection; use fin, half-close, full-close or rst, or the fault hang", f.How)
	}
	return bytesIn("cut", "bytes", f.After)
}

func (f Cut) validAt(stage Stage) error {
	if stage == StageRequest && f.After > 0 {
		return fmt.Errorf("%q: at the request there is no answer to cut; hang it on response", f)
	}
	return nil
}

func (f Cut) how() Ending {
	if f.How == Keep {
		return FIN
	}
	return f.How
}

func (f Cut) String() string {
	s := "cut with " + f.how().String()
	if f.After > 0 {
		s += fmt.Sprintf(" after %d bytes", f.After)
	}
	return s
}

// Hang leaves the client waiting: hung on Accepted, nothing is answered; on Requested
// the upstream is not asked; on Responded its answer does not go on. It ends when
// the client goes, or the proxy closes.
type Hang struct{}

// Stages of Hang: accept, the request, or the upstream's response.
func (Hang) Stages() Stage { return StageAccept | StageRequest | StageResponse }

// Apply hangs the handshake.
func (Hang) Apply(p *Plan) { p.Hang() }

func (Hang) String() string { return "hang" }
