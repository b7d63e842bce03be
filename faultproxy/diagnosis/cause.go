package diagnosis

import (
	"fmt"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// ID names a cause. IDs are stable: scripts may compare them.
type ID string

// The causes. [Causes] says what each means.
const (
	IDIdleTimeout       ID = "idle-timeout"
	IDMaxLifetime       ID = "max-lifetime"
	IDHeartbeatTimeout  ID = "heartbeat-timeout"
	IDHalfOpen          ID = "half-open"
	IDCloseByClient     ID = "close-by-client"
	IDCloseByServer     ID = "close-by-server"
	IDRestart           ID = "restart"
	IDPolicy            ID = "policy"
	IDTooBig            ID = "too-big"
	IDBadUTF8           ID = "bad-utf8"
	IDProtocolError     ID = "protocol-error"
	IDNoCloseFrame      ID = "no-close-frame"
	IDResetByClient     ID = "reset-by-client"
	IDResetByServer     ID = "reset-by-server"
	IDClientGone        ID = "client-gone"
	IDHandshakeRejected ID = "handshake-rejected"
	IDHandshakeBroken   ID = "handshake-broken"
	IDNeverAnswered     ID = "handshake-never-answered"
	IDHandshakeCut      ID = "handshake-cut"
	IDRefused           ID = "refused"
	IDUpstreamDown      ID = "upstream-down"
	IDTLS               ID = "tls"
	IDStillOpen         ID = "still-open"
	IDUnknown           ID = "unknown"
)

// Confidence is how sure a cause is.
type Confidence uint8

// The degrees.
const (
	Low     Confidence = iota + 1 // one explanation of several
	Medium                        // the likely one
	High                          // nothing seen speaks against it
	Certain                       // it stands in the recording
)

// String returns "low", "medium", "high", "certain" or "none".
func (c Confidence) String() string {
	switch c {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Certain:
		return "certain"
	}
	return "none"
}

// Cause is why a connection ended.
type Cause struct {
	ID         ID
	Text       string // what happened, in words
	Confidence Confidence
	Advice     string           // what to do; empty if nothing is wrong
	Evidence   []timeline.Event // what it rests on, in order
}

// String returns `idle-timeout (high): no bytes for …`.
func (c Cause) String() string { return fmt.Sprintf("%s (%s): %s", c.ID, c.Confidence, c.Text) }

// CauseInfo describes a cause in general.
type CauseInfo struct {
	ID      ID
	Meaning string
	Advice  string // the advice when nothing more particular is known; may be empty
}

// Causes lists every cause that a [Report] can name.
func Causes() []CauseInfo { return slices.Clone(causes) }

var causes = []CauseInfo{
	{IDIdleTimeout, "nothing was sent for a while, in both directions or in one, and then the connection was cut without a word: a timer on the path or in the server ran out",
		"beat more often than half the silence, or raise the timeout on the path"},
	{IDMaxLifetime, "the connection was cut although it was in use, at an age that looks like a limit",
		"expect it: reconnect before the limit, or raise it; no heartbeat helps against a lifetime"},
	{IDHeartbeatTimeout, "one side ended the connection while a heartbeat of its own was unanswered",
		"find out why the beat was not answered: a peer that is busy or gone, or a beat that does not get through"},
	{IDHalfOpen, "one side was gone and the other could not know: the client gave up on a server from which nothing came any more, not even an answer to its Close, or something on the path ended the server's side and kept the client's open",
		"a path that swallows packets looks like this; a heartbeat with an answer timeout finds it sooner"},
	{IDCloseByClient, "the client sent the first Close frame", ""},
	{IDCloseByServer, "the first Close frame came from the server's side; its code says what was meant",
		"look the code up and decide whether to reconnect"},
	{IDRestart, "the server or a proxy said that it goes away (Close 1001 or 1012), or cut several connections in the same moment: a restart, a reload, a deployment, or a crash",
		"expect it: reconnect, spread over time; let servers drain with a Close 1001 or 1012"},
	{IDPolicy, "one side refused the other by its own rules (Close 1008, 3000 or 3003): a login, a permission, a rate limit",
		"look at the reason text and at the server's log; reconnecting the same way meets the same answer"},
	{IDTooBig, "a message was over the receiver's limit",
		"compare the size of the last message with the limits of server, client and gateway"},
	{IDBadUTF8, "text or the reason of a Close was not UTF-8, or one side said so (Close 1007)",
		"binary sent as text, text cut within a character, or another character set: look at who made the payload"},
	{IDProtocolError, "one side broke RFC 6455, or the other said so with its Close code",
		"look at the frame that is named, and at whatever writes to the same socket"},
	{IDNoCloseFrame, "the server's side ended TCP without a Close frame and without a telling silence: a process that died, was killed or restarted, or something that cut the path",
		"look at the server's and the load balancer's logs at that moment; clients must reconnect"},
	{IDResetByClient, "the client's side reset the connection (RST)",
		"find out what ended the client: a crash, a kill, a socket closed before everything was read"},
	{IDResetByServer, "an RST came from the server's side",
		"a crashed host, a firewall or NAT that forgot the connection, or a server that closed its socket with data unread"},
	{IDClientGone, "the client ended TCP without a Close frame: it was killed, or closed its socket without closing the WebSocket",
		"close with a Close frame, so that servers and logs can tell leaving from dying"},
	{IDHandshakeRejected, "the upgrade was answered with a status other than 101",
		"look at the status; browsers do not show it to scripts"},
	{IDHandshakeBroken, "the answer to the upgrade was unusable, or a 101 after which the connection did not open",
		"compare the response with RFC 6455 section 4.2.2, and make sure that a WebSocket server listens there"},
	{IDNeverAnswered, "no answer to the upgrade came for as long as anybody waited",
		"give the handshake a timeout: browsers wait for 240 s, Node's ws for ever"},
	{IDHandshakeCut, "the connection was ended before any answer to the upgrade",
		"something accepts connections without serving them: look at what listens there"},
	{IDRefused, "the server's address refused the connection, or reset it as soon as it was accepted", "nothing listens there: start the server, or check the address"},
	{IDUpstreamDown, "the server could not be reached", "check the address, name resolution and routes"},
	{IDTLS, "the TLS handshake failed, so that there was never a WebSocket; the client's 1015, which browsers report as 1006",
		"look at the certificate (expired, wrong name, unknown issuer), and at ws:// against wss://"},
	{IDStillOpen, "the connection has not ended, as far as the recording goes", ""},
	{IDUnknown, "the recording does not show how the connection ended", ""},
}

// info returns the entry of an ID.
func info(id ID) CauseInfo {
	i := slices.IndexFunc(causes, func(c CauseInfo) bool { return c.ID == id })
	return causes[i]
}
