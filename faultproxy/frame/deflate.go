package frame

import (
	"bytes"
	"compress/flate"
	"io"
)

// deflateTail completes the DEFLATE stream of one message: the four bytes that its
// sender removed (RFC 7692 section 7.2.1), and a final empty block.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// Deflated returns the frame with its payload compressed on its own and RSV1 set, as
// permessage-deflate sends a message without the context of others (RFC 7692 section
// 7.2.1). Legal it is where the extension was negotiated, on a text or binary frame.
func Deflated(f Frame) Frame {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level exists
	_, _ = w.Write(f.Payload)                             // a Buffer takes everything
	_ = w.Flush()
	f.RSV |= RSV1
	f.Payload = bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
	return f
}

// Inflate returns the plain form of a message that permessage-deflate compressed on
// its own, without the context of the messages before it (RFC 7692 section 7.2.2).
// It returns no more than limit bytes; whole is false if there were more, or if
// the payload is not what it should be, and plain is then what came before that.
func Inflate(payload []byte, limit int) (plain []byte, whole bool) {
	r := flate.NewReader(io.MultiReader(bytes.NewReader(payload), bytes.NewReader([]byte(deflateTail))))
	plain, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(plain) > limit {
		return plain[:limit], false
	}
	return plain, err == nil
}
