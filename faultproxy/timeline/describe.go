package timeline

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// describe says in words what happened, on one line.
func (e Event) describe() string {
	switch e.Kind {
	case KindAccepted:
		return words("TCP connection", from(e.Field("remote")))
	case KindHTTP:
		return words(oneLine(e.Field("method")), oneLine(e.Field("target")), "→", status(e.Field("status")))
	case KindMute:
		return words("TCP connection ended without a request", from(e.Field("remote")), reason(e.Field("error")))
	case KindRequest:
		return e.request()
	case KindDialed:
		if err := e.Field("error"); err != "" {
			return words("upstream", e.Field("address"), "not reached", reason(err))
		}
		return words("upstream", e.Field("address"), "reached")
	case KindResponse:
		return e.response()
	case KindOpened:
		return "open"
	case KindFrameStart:
		return e.frameText() + " begins"
	case KindFrame:
		return e.frameText()
	case KindBytes:
		return plural(e.Count, "byte")
	case KindFIN:
		return "FIN"
	case KindRST:
		return "RST"
	case KindFault:
		if does := oneLine(e.Field("does")); does != e.ruleOr("") {
			return words(e.ruleOr("a caller")+":", does)
		}
		return oneLine(e.Rule)
	case KindNotApplied:
		return words(e.ruleOr("a rule")+" could not act", reason(e.Field("why")))
	case KindOpaque:
		return words("no longer read as frames", reason(e.Field("why")), section(e.Field("section")))
	case KindSilence:
		return "silent from here on" + e.by()
	case KindHeal:
		return "no longer silent" + e.by()
	case KindHeld:
		return "queue full (" + plural(e.Count, "byte") + "): its source is not read until there is room"
	case KindClosed:
		return e.closedSocket()
	case KindEnded:
		return "ended"
	case KindRule:
		return words("rule", e.Rule, oneLine(e.Field("change")), reason(e.Field("does")))
	case KindError:
		return words("error", reason(e.Field("what")), reason(e.Field("error")))
	case KindNote, KindReport:
		return words(e.Kind.String(), oneLine(e.Field("name"))) + e.others("name")
	case KindStarted:
		return words("client program started:", oneLine(e.Field("client"))) + e.others("client")
	case KindExit:
		return e.exit()
	case KindLost:
		return plural(e.Count, "event") + " lost here"
	}
	return e.Kind.String()
}

func (e Event) request() string {
	method := e.Field("method")
	if method == "" {
		method = "GET"
	}
	s := words(oneLine(method), oneLine(e.Field("target"))) + "  upgrade"
	if ext := e.Field("sec-websocket-extensions"); ext != "" {
		s += ", offers " + oneLine(ext)
	}
	if sub := e.Field("sec-websocket-protocol"); sub != "" {
		s += ", subprotocol " + oneLine(sub)
	}
	if e.Seen == Left {
		s += e.by()
	}
	return s
}

func (e Event) response() string {
	s := status(e.Field("status"))
	for _, f := range e.Fields {
		switch f.Name {
		case "subprotocol", "sec-websocket-protocol":
			s += ", subprotocol " + oneLine(f.Value)
		case "extensions", "sec-websocket-extensions":
			s += ", " + oneLine(f.Value)
		}
	}
	switch {
	case e.Seen == Arrived && e.Rule != "":
		s += "  replaced" + e.by()
	case e.Seen == Arrived:
		s += "  from the upstream"
	case e.Vantage == AtServer:
	case e.Seen == Left && e.Rule != "":
		s += "  made" + e.by()
	case e.Seen == Left:
		s += "  made by the proxy"
	}
	return s
}

func (e Event) closedSocket() string {
	side := "both sides"
	switch e.Dir {
	case frame.ToClient:
		side = "client side"
	case frame.ToServer:
		side = "server side"
	}
	s := "socket closed, " + side
	if e.Vantage == AtServer {
		s = "socket closed"
	}
	if e.Field("how") == "rst" {
		s += ", with RST"
	}
	if e.Rule != "" {
		s += "," + e.by()
	}
	return s
}

func (e Event) by() string {
	if e.Rule == "" {
		return ""
	}
	return " by " + oneLine(e.Rule)
}

func (e Event) ruleOr(other string) string {
	if e.Rule == "" {
		return other
	}
	return oneLine(e.Rule)
}

// others writes the fields that are not named: `  code=1006 clean=false`.
func (e Event) others(known ...string) string {
	s := " "
next:
	for _, f := range e.Fields {
		for _, k := range known {
			if f.Name == k {
				continue next
			}
		}
		s += " " + oneLine(f.Name) + "=" + fieldValue(f.Value)
	}
	return strings.TrimRight(s, " ")
}

func fieldValue(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || r == ' ' || r == '"' }) || len(s) > 60 {
		return quote(s)
	}
	return s
}

func status(code string) string {
	n, err := strconv.Atoi(code)
	if err != nil {
		return oneLine(code)
	}
	return words(code, http.StatusText(n))
}

func from(address string) string {
	if address == "" {
		return ""
	}
	return "from " + oneLine(address)
}

// reason is joined to what stands before it by a colon; see words.
func reason(s string) string {
	if s == "" {
		return ""
	}
	return ": " + oneLine(s)
}

func section(s string) string {
	if s == "" {
		return ""
	}
	return "(" + oneLine(s) + ")"
}

// words joins what is not empty by spaces, and a reason without one before it.
func words(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasPrefix(p, ": ") {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}
