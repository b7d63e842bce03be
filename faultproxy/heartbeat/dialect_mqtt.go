package heartbeat

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// MQTT is MQTT 3.1.1 over WebSocket: the client sends PINGREQ when it has sent
// nothing else for its keep-alive time, which it chooses and 60 s is usual, and the
// server answers PINGRESP. A server gives up after one and a half times that
// (section 3.1.2.10); how long a client waits for the answer is its own affair. The
// session accepts every CONNECT, grants QoS 0 to a SUBSCRIBE of one topic filter
// and acknowledges UNSUBSCRIBE; nothing is published, and no QoS above 0
// acknowledged.
//
// Packets may be cut into and joined in binary messages in any way (section 6). The
// session takes that into account; a PINGREQ or PINGRESP counts as a beat or an
// answer when a frame holds it and nothing else, as all clients known send it.
//
// Source: http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html,
// sections 3.1, 3.2, 3.8 to 3.13 and 6.
func MQTT() Dialect {
	// A regular expression sees U+FFFD in place of a byte that is no UTF-8, such as
	// 0x82 and 0xa2, the first bytes of SUBSCRIBE and UNSUBSCRIBE, and every length
	// byte that another one follows. The other packets of a client that begin with
	// such a byte, PINGREQ and DISCONNECT, have two bytes. A SUBSCRIBE ends with a
	// QoS, an UNSUBSCRIBE with a topic filter, which has no control characters.
	const (
		short, long = `(?s)^\x{FFFD}[\x00-\x7f]`, `(?s)^\x{FFFD}\x{FFFD}[\x00-\x7f]`
		subscribe   = `.+[\x00-\x02]$`
		unsubscribe = `.+[^\x00-\x02]$`
	)
	return Dialect{
		Name:        nameMQTT,
		Source:      "MQTT 3.1.1 sections 3.12, 3.13 and 6, http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html",
		By:          Client,
		Interval:    60 * time.Second,
		Subprotocol: "mqtt",
		Beat:        binaryForm("\xc0\x00"),
		Answer:      binaryForm("\xd0\x00"),
		Packets:     MQTTPackets,
		Session: []Exchange{
			mqttExchange(`(?s)^\x10.{1,4}\x00\x04MQTT\x04`, "\x20\x02\x00\x00"),
			mqttExchange(short+subscribe, "\x90\x03{@2:4}\x00"),
			mqttExchange(long+subscribe, "\x90\x03{@3:5}\x00"),
			mqttExchange(short+unsubscribe, "\xb0\x02{@2:4}"),
			mqttExchange(long+unsubscribe, "\xb0\x02{@3:5}"),
		},
	}
}

// mqttExchange answers one kind of packet. The packet identifier is that of the
// question, behind its length of one or two bytes (section 2.3.1).
func mqttExchange(packet, reply string) Exchange {
	return Exchange{
		On:    frame.AllOf(frame.Op(frame.OpBinary), frame.Regexp(packet)),
		Reply: []Template{binary(reply)},
	}
}

func binaryForm(s string) Form {
	return Form{Match: frame.AllOf(frame.Op(frame.OpBinary), frame.Equals(s)), Send: binary(s)}
}
