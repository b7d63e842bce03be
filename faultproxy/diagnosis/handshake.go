package diagnosis

import (
	"fmt"
	"strings"
	"time"
)

// patience is how long a handshake must have gone without an answer before that,
// and not who ended it, is the cause.
const patience = time.Second

// handshake explains a connection that never opened.
func (h *history) handshake() (Party, Cause) {
	if h.request == nil {
		return Unknown, Cause{ID: IDUnknown, Confidence: Low, Evidence: evidence(h.ended),
			Text: "the recording holds no upgrade request of this connection"}
	}
	if h.response == nil && h.first.index >= 0 && h.first.by == Client {
		return h.noAnswer() // whatever became of the dialing meanwhile
	}
	if h.dialed != nil && field(*h.dialed, "error") != "" {
		return h.notDialed()
	}
	if h.response == nil {
		return h.noAnswer()
	}
	status := field(*h.response, "status")
	if h.dialed != nil && h.answered == nil && status != "101" {
		return h.badGateway(status)
	}
	if status != "101" {
		return Server, h.rejected(status)
	}
	by := Unknown
	if h.first.index >= 0 {
		by = h.first.by
	}
	if h.flaw != nil {
		return by, h.malformed()
	}
	if by == Unknown && h.ended == nil {
		return Unknown, Cause{ID: IDStillOpen, Confidence: Medium, Evidence: evidence(h.request, h.response),
			Text: "the 101 has been passed on, the connection is about to open"}
	}
	return by, Cause{
		ID: IDHandshakeBroken, Confidence: Medium, Evidence: evidence(h.response, h.ending(), h.ended),
		Text:   "a 101 reached the client, but the connection did not open",
		Advice: info(IDHandshakeBroken).Advice,
	}
}

// malformed is a 101 that the client does not take for one.
func (h *history) malformed() Cause {
	c := Cause{
		ID: IDHandshakeBroken, Confidence: Certain, Evidence: evidence(h.request, h.response, h.ending(), h.ended),
		Text:   "the client cannot open the connection: " + h.flaw.String(),
		Advice: "make sure that a WebSocket server answers, and that every proxy passes the headers of the upgrade on both ways; browsers say nothing about it to scripts",
	}
	if h.first.index < 0 || h.first.by != Client {
		c.Confidence = High // it may be a client that does not mind
	}
	return c
}

// notDialed is a server that could not be reached. What the client was answered
// instead is not the cause.
func (h *history) notDialed() (Party, Cause) {
	why := field(*h.dialed, "error")
	c := Cause{
		ID: IDUpstreamDown, Confidence: Certain, Evidence: evidence(h.request, h.dialed, h.response),
		Text:   "the server could not be reached: " + why,
		Advice: info(IDUpstreamDown).Advice,
	}
	switch lower := strings.ToLower(why); {
	case strings.Contains(lower, "refused"):
		c.ID, c.Text, c.Advice = IDRefused, "the server's address refused the connection: "+why, info(IDRefused).Advice
	case strings.Contains(lower, "tls:"), strings.Contains(lower, "x509:"):
		c.ID, c.Text, c.Advice = IDTLS, "the TLS handshake with the server failed: "+why, info(IDTLS).Advice
	case strings.Contains(lower, "eof"), strings.Contains(lower, "reset") && !strings.Contains(lower, "connect: "):
		c.ID, c.Confidence, c.Advice = IDTLS, Medium, info(IDTLS).Advice
		c.Text = "TCP was connected and then ended, within what must be the TLS handshake: " + why
	}
	if h.response != nil {
		c.Text += "; the client was answered " + statusWords(field(*h.response, "status"))
	}
	return Network, c
}

// badGateway is a server that was reached but gave no usable answer, so that the
// recorder answered in its place.
func (h *history) badGateway(status string) (Party, Cause) {
	why := "no usable answer from the server"
	if h.trouble != nil {
		why = field(*h.trouble, "error")
	}
	c := Cause{
		ID: IDHandshakeBroken, Confidence: High, Evidence: evidence(h.request, h.trouble, h.ending(), h.response),
		Text: fmt.Sprintf("%s %s after the upgrade request; the client was answered %s",
			why, span(h.response.At-h.request.At), statusWords(status)),
	}
	switch {
	case status == "504", h.response.At-h.request.At >= patience:
		c.ID = IDNeverAnswered
	case h.first.by == Server:
		c.ID = IDHandshakeCut
	}
	c.Advice = info(c.ID).Advice
	return Server, c
}

// rejected is an answer other than 101.
func (h *history) rejected(status string) Cause {
	c := Cause{
		ID: IDHandshakeRejected, Confidence: Certain, Evidence: evidence(h.request, h.response),
		Text:   "the upgrade was answered " + statusWords(status) + ", not 101",
		Advice: statusAdvice(status),
	}
	if to := field(*h.response, "location"); to != "" && strings.HasPrefix(status, "3") {
		c.Text += ", Location " + to
	}
	if after := field(*h.response, "retry-after"); after != "" {
		c.Text += ", Retry-After " + after
		c.Advice += "; do not try again before Retry-After says so (RFC 9110 section 10.2.3)"
	}
	return c
}

func statusWords(status string) string {
	if status == "" {
		return "with something that is no HTTP status"
	}
	return "with status " + status
}

func statusAdvice(status string) string {
	switch status {
	case "401", "403", "407":
		return "credentials are missing or refused: look at what the client sends and stop retrying with the same"
	case "404":
		return "the path is not served: compare it with the server's route and the proxy's location"
	case "400", "426":
		return "a proxy that does not pass Upgrade and Connection on is the usual reason (nginx needs both headers set)"
	case "429":
		return "too many attempts: back off, with jitter"
	case "502", "503", "504":
		return "the gateway cannot reach the server, or it is overloaded: look at the server behind it; retry with back-off"
	case "200", "301", "302", "307", "308":
		return "the address serves ordinary HTTP; WebSocket clients follow no redirect: check scheme, host and path"
	}
	return info(IDHandshakeRejected).Advice
}

// noAnswer is an upgrade request that was not answered.
func (h *history) noAnswer() (Party, Cause) {
	ending := h.ending()
	if ending == nil && h.ended == nil {
		return Unknown, Cause{ID: IDStillOpen, Confidence: Certain, Evidence: evidence(h.request),
			Text: "waiting for the answer to the upgrade for " + span(h.now-h.request.At)}
	}
	_, at := h.until()
	waited := at - h.request.At
	by := h.first.by
	c := Cause{Confidence: Certain, Evidence: evidence(h.request, ending, h.ended)}
	switch {
	case waited >= patience:
		c.ID, c.Confidence = IDNeverAnswered, High
		c.Text = "no answer to the upgrade within " + span(waited) + ", then " + giveUpWords(by, h.first.how)
		if h.answered != nil {
			c.Evidence = evidence(h.request, h.answered, ending, h.ended)
			c.Text += fmt.Sprintf("; the server had answered %s after %s, which did not reach the client",
				statusWords(field(*h.answered, "status")), span(h.answered.At-h.request.At))
		}
	case by == Client:
		c.ID, c.Confidence = IDClientGone, Medium
		c.Text = "the client left " + span(waited) + " after its upgrade request, before an answer"
		c.Advice = "look at what made the client leave: a handshake timeout this short, a page that was closed, a close() while connecting"
		return by, c
	default:
		c.ID = IDHandshakeCut
		c.Text = fmt.Sprintf("%s %s after the upgrade request, before any answer", tcpEnd(h.first.how), span(waited))
	}
	c.Advice = info(c.ID).Advice
	return by, c
}

func tcpEnd(how How) string {
	if how == RST {
		return "a reset (RST)"
	}
	return "the end of the connection (FIN)"
}

func giveUpWords(by Party, how How) string {
	switch by {
	case Client:
		return "the client gave up"
	case Unknown:
		return "the connection ended"
	}
	return tcpEnd(how)
}
