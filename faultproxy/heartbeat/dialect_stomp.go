package heartbeat

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// stompInterval is what clients offer by default, such as heartbeatIncoming and
// heartbeatOutgoing of @stomp/stompjs.
const stompInterval = 10 * time.Second

// STOMP is STOMP 1.2 over WebSocket: each side sends a newline when it has sent
// nothing else for a while, and nobody answers. Both announce how often they can
// send and want to receive, here the interval for either, in whole milliseconds; in
// each direction the longer of the two announcements counts. Clients usually
// announce 10 s; with an interval of 1 ms theirs alone counts. How many beats may be
// missed is left to implementations. The session accepts every CONNECT and gives
// the receipts that the client asks for.
//
// Source: https://stomp.github.io/stomp-specification-1.2.html, sections
// Heart-beating, CONNECTED Frame and RECEIPT.
func STOMP(interval time.Duration) Dialect {
	d := Dialect{
		Name:        nameSTOMP,
		Source:      "https://stomp.github.io/stomp-specification-1.2.html#Heart-beating",
		By:          Either,
		Interval:    interval,
		Subprotocol: "v12.stomp",
		Beat: Form{
			Match: frame.AllOf(frame.Op(frame.OpText, frame.OpBinary), frame.Regexp(`^\r?\n$`)),
			Send:  text("\n"),
		},
		Session: []Exchange{
			stompExchange(`^(CONNECT|STOMP)\r?\n`, fmt.Sprintf("CONNECTED\nversion:1.2\nheart-beat:%d,%d\n\n\x00",
				interval.Milliseconds(), interval.Milliseconds())),
			stompExchange(`^[A-Z]+\r?\n([^\r\n]+\r?\n)*receipt:`,
				"RECEIPT\nreceipt-id:{/(?m)^receipt:([^\\r\\n]*)/}\n\n\x00"),
		},
	}
	if interval != stompInterval {
		d.Name = fmt.Sprintf("%s:%v", nameSTOMP, interval)
	}
	return d
}

// stompExchange answers one kind of STOMP frame, which a client may send in a text
// or in a binary message.
func stompExchange(question, reply string) Exchange {
	return Exchange{
		On:    frame.AllOf(frame.Op(frame.OpText, frame.OpBinary), frame.Regexp(question)),
		Reply: []Template{text(reply)},
	}
}
