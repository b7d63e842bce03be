package heartbeat

import (
	"fmt"
	"strings"
	"time"
)

// The names of the dialects that are built in, as [Parse] takes them.
const (
	nameProtocol    = "protocol"
	nameText        = "text"
	nameJSON        = "json"
	nameEngineIO    = "engine.io"
	nameGraphQL     = "graphql-transport-ws"
	namePhoenix     = "phoenix"
	nameSignalR     = "signalr"
	nameMQTT        = "mqtt"
	nameSTOMP       = "stomp"
	nameActionCable = "actioncable"
)

// builtin are the dialects that have one form only, in the order of Names.
var builtin = []struct {
	name string
	make func() Dialect
}{
	{nameProtocol, Protocol},
	{nameText, func() Dialect { return Text("ping", "pong") }},
	{nameJSON, func() Dialect { return JSON("type", "ping", "pong") }},
	{nameEngineIO, func() Dialect { return EngineIO(engineIOInterval, engineIOTimeout) }},
	{nameGraphQL, GraphQLTransportWS},
	{namePhoenix, Phoenix},
	{nameSignalR, SignalR},
	{nameMQTT, MQTT},
	{nameSTOMP, func() Dialect { return STOMP(stompInterval) }},
	{nameActionCable, ActionCable},
}

// Names lists the names that [Parse] knows, for messages and completion. Words in
// capitals stand for what the user puts there.
func Names() []string {
	var names []string
	for _, b := range builtin {
		names = append(names, b.name)
		switch b.name {
		case nameText:
			names = append(names, "text:BEAT/ANSWER")
		case nameJSON:
			names = append(names, "json:KEY=BEAT/ANSWER")
		case nameEngineIO:
			names = append(names, "engine.io:INTERVAL/TIMEOUT")
		case nameSTOMP:
			names = append(names, "stomp:INTERVAL")
		}
	}
	return names
}

// Parse returns the dialect of a name: one of the package's table, "text" and "json"
// being the pair ping and pong, the latter at the key type. Some take parameters behind a colon:
//
//   - "text:BEAT/ANSWER", such as "text:hb/ack", for any other pair. The first slash
//     separates beat and answer; without one, or with nothing after it, beats are
//     not answered.
//   - "json:KEY=BEAT/ANSWER", such as "json:op=hb/ack", see [JSON].
//   - "engine.io:INTERVAL/TIMEOUT", such as "engine.io:300ms/200ms", see [EngineIO].
//   - "stomp:INTERVAL", such as "stomp:1s", see [STOMP].
func Parse(name string) (Dialect, error) {
	for _, b := range builtin {
		if b.name == name {
			return b.make(), nil
		}
	}
	kind, parameters, _ := strings.Cut(name, ":")
	switch kind {
	case nameText:
		beat, answer, _ := strings.Cut(parameters, "/")
		if beat == "" {
			return Dialect{}, fmt.Errorf("dialect %q has an empty beat: write text:BEAT/ANSWER, such as text:hb/ack", name)
		}
		return Text(beat, answer), nil
	case nameJSON:
		key, pair, _ := strings.Cut(parameters, "=")
		beat, answer, _ := strings.Cut(pair, "/")
		if key == "" || beat == "" {
			return Dialect{}, fmt.Errorf("dialect %q: write json:KEY=BEAT/ANSWER, such as json:type=ping/pong", name)
		}
		return JSON(key, beat, answer), nil
	case nameEngineIO:
		first, second, _ := strings.Cut(parameters, "/")
		interval, ok1 := milliseconds(first)
		timeout, ok2 := milliseconds(second)
		if !ok1 || !ok2 {
			return Dialect{}, fmt.Errorf("dialect %q: write engine.io:INTERVAL/TIMEOUT, both at least 1ms, such as engine.io:25s/20s", name)
		}
		return EngineIO(interval, timeout), nil
	case nameSTOMP:
		interval, ok := milliseconds(parameters)
		if !ok {
			return Dialect{}, fmt.Errorf("dialect %q: write stomp:INTERVAL, at least 1ms, such as stomp:10s", name)
		}
		return STOMP(interval), nil
	}
	return Dialect{}, fmt.Errorf("unknown dialect %q: use %s", name, strings.Join(Names(), ", "))
}

// milliseconds reads a duration of at least a millisecond, the unit in which the
// protocols announce theirs.
func milliseconds(s string) (d time.Duration, ok bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= time.Millisecond
}
