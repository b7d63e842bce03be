package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// How long /wait waits if it is not told, and at most.
const (
	usualWait   = 30 * time.Second
	longestWait = 10 * time.Minute
)

// awaited is what a request waits for.
type awaited struct {
	on      frame.Trigger
	count   int
	conn    int // 0: any
	since   int // behind this event
	timeout time.Duration
}

func decodeAwaited(n schema.Node) awaited {
	n.Only("on", "count", "conn", "since", "timeout")
	a := awaited{count: 1, timeout: usualWait, since: n.At("since").IntIn(0, 1<<53), conn: n.At("conn").IntIn(0, 1<<31)}
	a.on = decodeMoment(n.Required("on"))
	if at := n.At("count"); !at.IsNull() {
		a.count = at.IntIn(1, 1<<31)
	}
	if at := n.At("timeout"); !at.IsNull() {
		if a.timeout = at.Duration(); a.timeout > longestWait {
			at.Fail("at most %v", longestWait)
		}
	}
	return a
}

// decodeMoment reads what can be waited for: the name of a kind of event, such as opened
// or ended, a frame, or something that has a name of its own.
func decodeMoment(n schema.Node) frame.Trigger {
	if text, ok := n.Value().(string); ok {
		kind, err := timeline.ParseKind(text)
		if err != nil {
			n.Fail("%v", err)
		}
		return kind
	}
	key, v := n.OneOf("frame", "fired", "noted", "reported")
	switch key {
	case "frame":
		return frame.DecodeMatch(v)
	case "fired":
		return timeline.Fired(v.String())
	case "noted":
		return timeline.Noted(v.String())
	case "reported":
		return timeline.Reported(v.String())
	}
	return nil
}

// waited is what came of it.
type waited struct {
	Count int             `json:"count"` // how often it has happened
	Event json.RawMessage `json:"event"` // the last of them, as events are written
	Seq   int             `json:"seq"`   // its number, to wait on behind it
}

func (s *Server) wait(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var a awaited
	if err := decode(r, func(n schema.Node) { a = decodeAwaited(n) }); err != nil {
		failed(w, err)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(r.Context(), a.timeout)
	defer cancel()
	count := 0
	last := p.Timeline().Last()
	for e := range p.Timeline().From(a.since + 1).Follow(ctx) {
		last = e.Seq
		if (a.conn == 0 || e.Conn == a.conn) && timeline.Selects(a.on, e) {
			if count++; count == a.count {
				reply(w, http.StatusOK, waited{count, e.AppendJSON(nil), e.Seq})
				return
			}
		}
	}
	why := "the proxy ended"
	if ctx.Err() != nil {
		why = "nothing more of it happened within " + a.timeout.String()
	}
	refuse(w, http.StatusGatewayTimeout, "waited for %v: it has happened %d of %d times; %s (the newest event is %d)", a.on, count, a.count, why, last)
}

func (s *Server) note(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	var name string
	err := decode(r, func(n schema.Node) {
		n.Only("name")
		if name = n.Required("name").String(); name == "" {
			n.At("name").Fail("want a name")
		}
	})
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, http.StatusCreated, map[string]int{"seq": p.Timeline().Note(name)})
}
