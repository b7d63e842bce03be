package fakeserver

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HandshakeStep is something that happens between an upgrade request and its
// answer. Steps run in order; when the last one is done the upgrade is accepted.
// They print as the call that made them.
type HandshakeStep interface {
	String() string
	// shake plays the step. false means that the attempt is over: answered, ended or
	// left by the client.
	shake(a *attempt) bool
}

// rejectStep answers with a status other than 101.
type rejectStep struct {
	text string
	ans  answer
}

// Reject answers the upgrade with an HTTP status other than 101, as [RejectWith]
// does.
func Reject(status int, details ...Detail) HandshakeStep {
	return rejectStep{withDetails("Reject(%d", status, details), makeAnswer(status, details)}
}

func (r rejectStep) String() string { return r.text }

func (r rejectStep) shake(a *attempt) bool {
	a.note(r.text)
	a.reply(r.ans)
	return false
}

// Redirect answers the upgrade with 302 and a Location, as [RedirectTo] does.
func Redirect(location string) HandshakeStep {
	return rejectStep{fmt.Sprintf("Redirect(%q)", location), makeAnswer(http.StatusFound, []Detail{Header("Location", location)})}
}

// acceptStep changes the 101.
type acceptStep struct {
	text    string
	details []Detail
}

// AcceptWith changes the 101 that will accept the upgrade: headers, the subprotocol,
// an extension, permessage-deflate, or a mistake in it. Nothing stops the server
// from going on as if the client had taken it.
func AcceptWith(details ...Detail) HandshakeStep {
	texts := make([]string, len(details))
	for i, d := range details {
		texts[i] = d.text
	}
	return acceptStep{"AcceptWith(" + strings.Join(texts, ", ") + ")", details}
}

func (s acceptStep) String() string { return s.text }

func (s acceptStep) shake(a *attempt) bool {
	for _, d := range s.details {
		d.edit(&a.accept)
	}
	a.note(s.text)
	return true
}

// requireStep refuses attempts that lack something.
type requireStep struct {
	text    string
	missing func(*http.Request) string // "" if nothing is
	status  int
	details []Detail
}

// RequireHeader answers 400 to an attempt without this header; an empty value
// permits any.
func RequireHeader(name, value string) HandshakeStep {
	return requireStep{fmt.Sprintf("RequireHeader(%q, %q)", name, value), func(r *http.Request) string {
		got := r.Header.Values(name)
		if strings.EqualFold(name, "Host") {
			got = []string{r.Host}
		}
		switch {
		case len(got) == 0:
			return "the header " + name + " is missing"
		case value != "" && !slices.Contains(got, value):
			return "the header " + name + " has another value"
		}
		return ""
	}, http.StatusBadRequest, nil}
}

// RequireSubprotocol answers 400 to an attempt that does not offer the subprotocol,
// and selects it otherwise.
func RequireSubprotocol(name string) HandshakeStep {
	return requireStep{fmt.Sprintf("RequireSubprotocol(%q)", name), func(r *http.Request) string {
		if offered := websocket.Subprotocols(r); !slices.Contains(offered, name) {
			return fmt.Sprintf("the subprotocol %s is not among those offered: %q", name, offered)
		}
		return ""
	}, http.StatusBadRequest, []Detail{Subprotocol(name)}}
}

// RequireBearer answers 401 to an attempt without this bearer token in its
// Authorization header.
func RequireBearer(token string) HandshakeStep {
	return requireStep{"RequireBearer(…)", func(r *http.Request) string {
		if got := r.Header.Get("Authorization"); subtle.ConstantTimeCompare([]byte(got), []byte("Bearer "+token)) == 0 {
			return "the Authorization header is not the bearer token"
		}
		return ""
	}, http.StatusUnauthorized, nil}
}

// RequireBasic answers 401 to an attempt without this user and password (RFC 7617).
func RequireBasic(user, password string) HandshakeStep {
	return requireStep{fmt.Sprintf("RequireBasic(%q, …)", user), func(r *http.Request) string {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			return "the Authorization header is not the user's"
		}
		return ""
	}, http.StatusUnauthorized, nil}
}

func (s requireStep) String() string { return s.text }

func (s requireStep) shake(a *attempt) bool {
	missing := s.missing(a.req)
	if missing == "" {
		for _, d := range s.details {
			d.edit(&a.accept)
		}
		return true
	}
	a.note(s.text)
	ans := answer{status: s.status, body: "fakeserver: " + missing + "\n"}
	if s.status == http.StatusUnauthorized {
		scheme := "Bearer"
		if strings.HasPrefix(s.text, "RequireBasic") {
			scheme = "Basic"
		}
		ans.header = []field{{"WWW-Authenticate", scheme + ` realm="fakeserver"`}}
	}
	a.reply(ans)
	return false
}

// holdStep never answers, until the client leaves.
type holdStep struct{}

func (holdStep) String() string { return "Stall()" }

func (s holdStep) shake(a *attempt) bool {
	a.note(s.String())
	a.wait(-1)
	return false
}

// nobodyStep refuses attempts that no handler is left for.
type nobodyStep struct{}

func (nobodyStep) String() string { return "no handler left" }

func (nobodyStep) shake(a *attempt) bool {
	policy := a.s.AfterLast
	a.note(policy.String())
	if policy == FailTest {
		a.s.failed(Failure{Conn: a.c.num, Text: fmt.Sprintf("nobody expected upgrade attempt %d (%s): all handlers have had their share", a.c.num, timeline.RedactURL(a.req.RequestURI))})
	}
	a.reply(answer{status: http.StatusServiceUnavailable, body: "fakeserver: no handler is left for this attempt\n"})
	return false
}

// shake ends the attempt before its answer. Freeze, GoDark and StopReading all say
// nothing and leave TCP open: until the client leaves, or, where nobody reads,
// until the server closes.
func (e Ending) shake(a *attempt) bool {
	rule := a.note(e.text)
	switch e.act {
	case endReset:
		a.refuse("was reset before it opened")
		a.c.shut(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: timeline.Left, Rule: rule}, resetClose)
	case endFIN, endHalf:
		a.refuse("was sent a FIN before it opened")
		a.c.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: timeline.Left, Rule: rule})
		a.linger()
	case endFreeze, endReading:
		<-a.c.cutC
	case endDark:
		a.wait(-1)
	default:
		a.s.failed(Failure{Conn: a.c.num, Text: fmt.Sprintf("%v: %v", e, errNoClose)}.from(a.c.handler.source))
		a.refuse("ended before it opened")
	}
	return false
}

// note records that the script acts.
func (a *attempt) note(what string) timeline.RuleID {
	rule := a.s.Timeline.Intern(what)
	a.c.record(timeline.Record{Kind: timeline.KindFault, Rule: rule, Dir: frame.ToClient,
		Fields: []timeline.Field{{Name: "does", Value: what}}})
	return rule
}

// headerFields are an HTTP header's fields for the record, by name.
func headerFields(h http.Header) []timeline.Field {
	var list []timeline.Field
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			list = append(list, timeline.Field{Name: strings.ToLower(name), Value: v})
		}
	}
	return list
}
