package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// harMessage is a frame.
type harMessage struct {
	Type   string      `json:"type"`
	Time   json.Number `json:"time"` // seconds since 1970
	Opcode uint8       `json:"opcode"`
	Data   string      `json:"data"`

	Rule       string `json:"_rule,omitempty"`
	Length     uint64 `json:"_length,omitempty"`
	Compressed bool   `json:"_compressed,omitempty"`
	Base64     string `json:"_base64,omitempty"`
	Fin        *bool  `json:"_fin,omitempty"`
}

// messageOf is a frame as the client's tools would show it.
func messageOf(start time.Time, e timeline.Event) harMessage {
	m := harMessage{Type: "send", Time: epoch(start.Add(e.At)), Opcode: uint8(e.Header.Opcode), Rule: e.Rule}
	if e.Dir == frame.ToClient {
		m.Type = "receive"
	}
	if !e.Header.Fin {
		m.Fin = new(bool)
	}
	payload := e.Payload
	if e.Truncated {
		m.Length = e.Header.Length
	}
	switch {
	case e.Header.Opcode != frame.OpText || e.Opaque:
		m.Data = base64.StdEncoding.EncodeToString(payload)
		m.Compressed = e.Opaque
	case utf8.Valid(payload):
		m.Data = string(payload)
	default:
		m.Data = string([]rune(string(payload))) // U+FFFD for what is no UTF-8
		m.Base64 = base64.StdEncoding.EncodeToString(payload)
	}
	return m
}

// epoch writes a time in seconds, to the microsecond: as a floating-point number it
// would be that exact at best.
func epoch(t time.Time) json.Number {
	micros := t.UnixMicro()
	sign := ""
	if micros < 0 {
		micros, sign = -micros, "-"
	}
	return json.Number(fmt.Sprintf("%s%d.%06d", sign, micros/1e6, micros%1e6))
}
