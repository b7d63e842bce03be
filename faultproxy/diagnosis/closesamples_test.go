package diagnosis_test

import (
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// sample is what a client was measured to report, and what it sent, after a server
// did what the case's name says: Chromium 156 and version 8.23.0 of Node's ws
// package, on loopback. Times are in milliseconds from the server's action; where
// Server says what it did, from the upgrade request.
type sample struct {
	Group  string
	Case   string
	Client string
	N      int    // how many measurements had this outcome; 0 is 1
	None   string // why nothing was reported

	Code   *frame.CloseCode // nil: no close event while it was watched
	Reason string
	Clean  bool
	Error  bool
	Sent   *struct {
		Code   frame.CloseCode
		Reason string
		Ms     float64
	}
	End *struct {
		How string
		Ms  float64
	}
	Server *[]struct {
		Do     string // open, hold, 503, close, echo, fin, rst
		Ms     float64
		Code   frame.CloseCode
		Reason string
	}
}

func samples(t *testing.T) []sample {
	t.Helper()
	text, err := os.ReadFile("testdata/close_events.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (s sample) count() int { return max(s.N, 1) }

// want is the measured CloseEvent.
func (s sample) want() frame.CloseEvent {
	return frame.CloseEvent{Code: *s.Code, Reason: s.Reason, WasClean: s.Clean, Error: s.Error}
}

const (
	leavesNoTrace = "a dial that fails leaves no trace at a server or a proxy"
	otherAnswer   = "the proxy answers in its own way what is no HTTP, no TLS, or no HTTP/1"
	noWord        = "no word of the kit ends TCP with a FIN as it is accepted"
	unseenEnd     = "the client's end waits behind bytes that nobody takes, so nobody sees it"
)

// notPlayable are the cases whose wire history the kit cannot bring about.
var notPlayable = map[string]string{
	"hs_refused": leavesNoTrace, "hs_backlog_full": leavesNoTrace,
	"hs_garbage_text": otherAnswer, "hs_garbage_long": otherAnswer, "hs_garbage_fin": otherAnswer,
	"hs_http2_101": otherAnswer, "hs_wss_to_plain": otherAnswer, "hs_ws_to_tls": otherAnswer,
	"ws_to_tls_port_closing": otherAnswer, "wss_to_plain_http_400": otherAnswer,
	"fin_on_accept": noWord, "close_on_accept": noWord,
	"pageclose4001_blackhole": unseenEnd, "pageclose4001_noread_buffered": unseenEnd,
}

// missed are the cases that are derived otherwise than measured, and why.
var missed = map[string]string{
	"chromium/frozen_srvclose": "a frozen page is told of an error when it wakes up; the browser had answered the Close for it",
	"chromium/frozen_fin":      "a frozen page is told of an error when it wakes up; the browser had answered the FIN for it",
	"node-ws/hs_lf_only":       "recordings do not keep line ends, and ws minds a head without CR",
}

// afterOpening is when the server acts.
const afterOpening = 10 * ms

func millis(f float64) time.Duration { return time.Duration(f * float64(ms)) }

// act is something that one end does.
type act struct {
	at       time.Duration // since the opening; of a connection that does not open, since the request
	byClient bool
	bytes    []byte
	end      string // "fin", "close" or "rst"
}

func serverSends(at time.Duration, frames ...frame.Frame) act {
	var raw []byte
	for _, f := range frames {
		raw = f.Append(raw)
	}
	return act{at: at, bytes: raw}
}

func serverEnds(at time.Duration, how string) act { return act{at: at, end: how} }

// acts are what both ends do, in order: the server what the case says, the client
// what it was measured to do.
func (s sample) acts() []act {
	acts := s.server()
	reply := time.Duration(0)
	if s.Sent != nil {
		f := frame.EmptyClose()
		if s.Sent.Code != frame.CodeNoStatus {
			f = frame.Close(s.Sent.Code, s.Sent.Reason)
		}
		reply = max(millis(s.Sent.Ms), 0)
		acts = append(acts, act{at: afterOpening + reply, byClient: true, bytes: f.WithMask([4]byte{1, 2, 3, 4}).Append(nil)})
	}
	if s.End != nil {
		if s.Sent != nil {
			reply += 200 * time.Microsecond // behind the answer to its Close, which the clock of the measurement could not tell
		}
		acts = append(acts, act{at: afterOpening + max(millis(s.End.Ms), reply), byClient: true, end: "fin"})
	}
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	return acts
}

// server is what the server does on the open connection.
func (s sample) server() []act {
	if s.Server != nil {
		return s.told()
	}
	group, what, _ := strings.Cut(s.Case, "_")
	switch group {
	case "fin", "rst", "close":
		switch {
		case strings.HasSuffix(what, "js_busy"):
			return s.afterOpening()
		case what == "mid_101":
			return nil // it is the proxy's doing
		}
		return append(before(what), serverEnds(afterOpening, group))
	case "srvclose":
		return s.serverCloses(what)
	case "pageclose", "pageclose4001":
		return s.afterPageClose(what)
	case "bad", "ok":
		return violation(s.Case)
	case "x":
		return s.deflated(what)
	case "declared":
		return []act{{at: afterOpening, bytes: declared(what)}}
	}
	return s.afterOpening()
}

// told is what a case says by itself.
func (s sample) told() []act {
	var acts []act
	for i, step := range *s.Server {
		at := afterOpening + millis(step.Ms) + time.Duration(i+1)*10*time.Microsecond
		switch step.Do {
		case "close":
			acts = append(acts, serverSends(at, frame.Close(step.Code, step.Reason)))
		case "echo":
			acts = append(acts, serverSends(at, frame.EmptyClose()))
		case "fin", "rst":
			acts = append(acts, serverEnds(at, step.Do))
		}
	}
	return acts
}
