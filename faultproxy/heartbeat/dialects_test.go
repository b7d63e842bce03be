package heartbeat_test

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// The dialects below show that the type carries protocols of every kind.

func text(s string) heartbeat.Template { return heartbeat.Template{Op: frame.OpText, Payload: s} }

func textOf(s string) heartbeat.Form {
	return heartbeat.Form{Match: frame.AllOf(frame.Op(frame.OpText), frame.Equals(s)), Send: text(s)}
}

func binaryOf(s string) heartbeat.Form {
	return heartbeat.Form{
		Match: frame.AllOf(frame.Op(frame.OpBinary), frame.Equals(s)),
		Send:  heartbeat.Template{Op: frame.OpBinary, Payload: s},
	}
}

func jsonOf(send string, conditions ...frame.Match) heartbeat.Form {
	return heartbeat.Form{Match: frame.AllOf(append([]frame.Match{frame.Op(frame.OpText)}, conditions...)...), Send: text(send)}
}

func phoenix() heartbeat.Dialect {
	return heartbeat.Dialect{
		Name: "phoenix", Source: "Phoenix channels, V2 serializer", By: heartbeat.Client,
		Beat: jsonOf(`[null,"{n}","phoenix","heartbeat",{}]`,
			frame.JSON("[2]", "phoenix"), frame.JSON("[3]", "heartbeat")),
		Answer: jsonOf(`[null,{$[1]},"phoenix","phx_reply",{"status":"ok","response":{}}]`,
			frame.JSON("[2]", "phoenix"), frame.JSON("[3]", "phx_reply")),
		Correlate: heartbeat.Correlation{By: heartbeat.ByJSON, Path: "[1]"},
		Session: []heartbeat.Exchange{{
			On:    frame.JSON("[3]", "phx_join"),
			Reply: []heartbeat.Template{text(`[{$[0]},{$[1]},{$[2]},"phx_reply",{"status":"ok","response":{}}]`)},
		}},
	}
}

func mqtt() heartbeat.Dialect {
	return heartbeat.Dialect{
		Name: "mqtt", Source: "MQTT 3.1.1 sections 3.12 and 3.13", By: heartbeat.Client, Subprotocol: "mqtt",
		Beat: binaryOf("\xc0\x00"), Answer: binaryOf("\xd0\x00"),
	}
}

func actionCable() heartbeat.Dialect {
	return heartbeat.Dialect{
		Name: "actioncable", Source: "Action Cable, actioncable-v1-json", By: heartbeat.Server,
		Subprotocol: "actioncable-v1-json",
		Beat:        jsonOf(`{"type":"ping","message":{n}}`, frame.JSON("type", "ping")),
		Greeting:    []heartbeat.Template{text(`{"type":"welcome"}`)},
	}
}

func everyDialect() []heartbeat.Dialect {
	return []heartbeat.Dialect{
		heartbeat.Protocol(),
		heartbeat.Text("ping", "pong"),
		heartbeat.Text("hb", ""),
		phoenix(),
		mqtt(),
		actionCable(),
		{
			Name: "json-id", Source: "test", By: heartbeat.Either,
			Beat:      jsonOf(`{"type":"ping","id":{n}}`, frame.JSON("type", "ping")),
			Answer:    jsonOf(`{"type":"pong","re":{$.id}}`, frame.JSON("type", "pong")),
			Correlate: heartbeat.Correlation{By: heartbeat.ByJSON, Path: "id", AnswerPath: "re"},
		},
		{
			Name: "engine.io", Source: "Engine.IO protocol 4", By: heartbeat.Server,
			Beat: textOf("2"), Answer: textOf("3"),
			Greeting: []heartbeat.Template{text(`0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`)},
			HTTP: []heartbeat.Endpoint{{Path: "/engine.io/", Answers: []heartbeat.HTTPAnswer{
				{Status: 200, ContentType: "text/plain", Body: `0{"sid":"s"}`}, {Status: 400},
			}}},
		},
		{
			Name: "graphql-transport-ws", Source: "graphql-ws PROTOCOL.md", By: heartbeat.Either,
			Subprotocol: "graphql-transport-ws",
			Beat:        jsonOf(`{"type":"ping"}`, frame.JSON("type", "ping")),
			Answer:      jsonOf(`{"type":"pong"}`, frame.JSON("type", "pong")),
			Session: []heartbeat.Exchange{{
				On: frame.JSON("type", "connection_init"), By: heartbeat.Client,
				Reply: []heartbeat.Template{text(`{"type":"connection_ack"}`)},
			}},
		},
		{
			Name: "signalr", Source: "SignalR HubProtocol, Ping", By: heartbeat.Either,
			Beat: textOf("{\"type\":6}\x1e"),
			Session: []heartbeat.Exchange{{
				On: frame.Contains(`"protocol":"json"`), Reply: []heartbeat.Template{text("{}\x1e")},
			}},
		},
		{Name: "stomp", Source: "STOMP 1.2, heart-beating", By: heartbeat.Either, Subprotocol: "v12.stomp", Beat: textOf("\n")},
	}
}

func sent(f frame.Frame) frame.View {
	return frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload}
}

func received(f frame.Frame) frame.View {
	return frame.View{Dir: frame.ToClient, Header: f.Header(), Payload: f.Payload}
}
