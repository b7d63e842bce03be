package timeline

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Version is the version of the recordings this package writes, the "v" of their
// first line. It reads this one and those before it.
const Version = 1

// Extra is a key that the writer of a recording adds to a line. It is ignored
// when the recording is read back by this package; on the lines of lifecycle
// events other than KindEnded a text would be taken for one of the event's fields.
type Extra struct {
	Key   string
	Value any // written by encoding/json; what that cannot write is written as text
}

// keys of an event's line that fields must not be mistaken for.
var commonKeys = map[string]bool{
	"event": true, "t": true, "conn": true, "dir": true, "seen": true, "rule": true, "bytes": true,
	"count": true, "text": true, "base64": true, "truncated": true, "queued": true, "at": true, "inflated": true, "opaque": true, "fields": true,
	"proxy": true, // whose line it is, where several proxies share a stream
}

// frameKeys are those of frames only.
var frameKeys = map[string]bool{
	"op": true, "fin": true, "rsv": true, "masked": true, "key": true, "len": true, "size": true,
	"code": true, "reason": true,
}

func reservedKey(k Kind, key string) bool { return commonKeys[key] || k.isFrame() && frameKeys[key] }

// WriteJSONL writes a recording: one JSON object a line, the first with the
// version, the start and the seed, then one for each event. Extra keys are added
// to the first line.
func (t *Timeline) WriteJSONL(w io.Writer, extra ...Extra) error {
	b := bufio.NewWriter(w)
	line := append(t.AppendReady(nil, extra...), '\n')
	_, _ = b.Write(line) // b keeps the error for Flush
	for e := range t.All() {
		line = append(e.AppendJSON(line[:0]), '\n')
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	return b.Flush()
}

// AppendReady appends the first line of a recording, without a line end:
// {"event":"ready","v":1,"start":"2026-03-01T12:00:00Z","seed":"7"}, and the extra
// keys.
func (t *Timeline) AppendReady(dst []byte, extra ...Extra) []byte {
	dst = append(dst, `{"event":"ready","v":`...)
	dst = strconv.AppendInt(dst, Version, 10)
	dst = append(dst, `,"start":"`...)
	dst = t.start.Round(0).AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","seed":"`...)
	dst = strconv.AppendUint(dst, t.Seed(), 10)
	dst = append(dst, '"')
	return closeObject(dst, extra)
}

// AppendJSON appends the event's line of a recording, without a line end.
//
// Every line has "event" (the kind) and "t" (seconds since the start, to the
// nanosecond); where they are known "conn", "dir", "seen" and "rule"; and "at", where
// it was seen, if that was the server. Frames have
// "op", "fin", "rsv", "masked", "key" and "len", and "code" and "reason" if they are
// Close frames; payloads are "text" or, where they are not UTF-8, "base64". The
// fields of an event are keys of its line. Where that could not be read back (a
// name that means something else or stands there twice, an event that others add
// keys to, which KindEnded is) they are pairs under "fields".
func (e Event) AppendJSON(dst []byte, extra ...Extra) []byte {
	dst = append(dst, `{"event":`...)
	dst = appendString(dst, e.Kind.String())
	dst = append(dst, `,"t":`...)
	dst = appendSeconds(dst, e.At)
	if e.Conn != 0 {
		dst = strconv.AppendInt(append(dst, `,"conn":`...), int64(e.Conn), 10)
	}
	if e.Vantage != AtProxy {
		dst = appendString(append(dst, `,"at":`...), e.Vantage.String())
	}
	if e.Dir != 0 {
		dst = appendString(append(dst, `,"dir":`...), e.Dir.String())
	}
	if e.Seen != 0 {
		dst = appendString(append(dst, `,"seen":`...), e.Seen.String())
	}
	if e.Kind.isFrame() {
		dst = e.appendHeader(dst)
	}
	if e.Count != 0 {
		key := `,"bytes":`
		if e.Kind == KindLost {
			key = `,"count":`
		}
		dst = strconv.AppendInt(append(dst, key...), int64(e.Count), 10)
	}
	if e.Kind == KindFrame && e.Header.Opcode == frame.OpClose && !e.Truncated {
		if code, reason, ok := frame.ParseClose(e.Payload); ok {
			dst = strconv.AppendInt(append(dst, `,"code":`...), int64(code), 10)
			dst = appendString(append(dst, `,"reason":`...), reason)
		}
	}
	dst = e.appendPayload(dst)
	if e.Rule != "" {
		dst = appendString(append(dst, `,"rule":`...), e.Rule)
	}
	dst = e.appendFields(dst)
	return closeObject(dst, extra)
}

func (e Event) appendHeader(dst []byte) []byte {
	h := e.Header
	dst = appendString(append(dst, `,"op":`...), h.Opcode.String())
	dst = strconv.AppendBool(append(dst, `,"fin":`...), h.Fin)
	dst = strconv.AppendUint(append(dst, `,"rsv":`...), uint64(h.RSV), 10)
	dst = strconv.AppendBool(append(dst, `,"masked":`...), h.Masked)
	if h.Masked {
		dst = append(dst, `,"key":"`...)
		dst = append(hex.AppendEncode(dst, h.Key[:]), '"')
	}
	dst = strconv.AppendUint(append(dst, `,"len":`...), h.Length, 10)
	if h.Size != shortestSize(h) {
		dst = strconv.AppendInt(append(dst, `,"size":`...), int64(h.Size), 10)
	}
	return dst
}

// shortestSize returns how many bytes the header takes on the wire if its length
// is written in the shortest form, as RFC 6455 section 5.2 demands.
func shortestSize(h frame.Header) int {
	n := 2
	switch {
	case h.Length > 0xFFFF:
		n += 8
	case h.Length > 125:
		n += 2
	}
	if h.Masked {
		n += 4
	}
	return n
}

func (e Event) appendPayload(dst []byte) []byte {
	switch {
	case len(e.Payload) == 0:
	case utf8.Valid(e.Payload):
		dst = appendString(append(dst, `,"text":`...), string(e.Payload))
	default:
		dst = append(dst, `,"base64":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, e.Payload), '"')
	}
	if e.Truncated {
		dst = append(dst, `,"truncated":true`...)
	}
	if e.Queued {
		dst = append(dst, `,"queued":true`...)
	}
	if e.Inflated {
		dst = append(dst, `,"inflated":true`...)
	}
	if e.Opaque {
		dst = append(dst, `,"opaque":true`...)
	}
	return dst
}

func (e Event) appendFields(dst []byte) []byte {
	if len(e.Fields) == 0 {
		return dst
	}
	if e.fieldsAreKeys() {
		for _, f := range e.Fields {
			dst = appendString(append(dst, ','), f.Name)
			dst = appendString(append(dst, ':'), f.Value)
		}
		return dst
	}
	dst = append(dst, `,"fields":[`...)
	for i, f := range e.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, '['), f.Name)
		dst = appendString(append(dst, ','), f.Value)
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

// fieldsAreKeys reports whether the fields can be read back from keys of the line.
func (e Event) fieldsAreKeys() bool {
	if e.Kind == KindEnded {
		return false
	}
	for i, f := range e.Fields {
		if reservedKey(e.Kind, f.Name) {
			return false
		}
		for _, before := range e.Fields[:i] {
			if before.Name == f.Name {
				return false
			}
		}
	}
	return true
}

func closeObject(dst []byte, extra []Extra) []byte {
	for _, x := range extra {
		dst = appendString(append(dst, ','), x.Key)
		dst = append(dst, ':')
		if value, err := json.Marshal(x.Value); err == nil {
			dst = append(dst, value...)
		} else {
			dst = appendString(dst, fmt.Sprint(x.Value))
		}
	}
	return append(dst, '}')
}

// appendSeconds writes a time as a decimal number of seconds, exact to the
// nanosecond, without zeros at its end.
func appendSeconds(dst []byte, d time.Duration) []byte {
	ns := uint64(d)
	if d < 0 {
		dst = append(dst, '-')
		ns = -ns
	}
	const second = uint64(time.Second)
	dst = strconv.AppendUint(dst, ns/second, 10)
	rest := ns % second
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for digit := second / 10; rest > 0; digit /= 10 {
		dst = append(dst, '0'+byte(rest/digit))
		rest %= digit
	}
	return dst
}

// appendString writes a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < ' ' || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
