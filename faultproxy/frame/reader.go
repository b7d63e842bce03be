package frame

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxPayload is how long a payload a [Reader] takes unless told otherwise:
// 64 MiB. It is this package's choice; RFC 6455 sets no limit.
const DefaultMaxPayload = 64 << 20

// Reader reads whole frames from a byte stream, one after the other, legal or not.
type Reader struct {
	// MaxPayload is the longest payload taken, in bytes; 0 means
	// [DefaultMaxPayload], negative none at all.
	MaxPayload int64

	from *bufio.Reader
}

// NewReader returns a Reader of r. It reads ahead, so r must not be read by others.
func NewReader(r io.Reader) *Reader { return &Reader{from: bufio.NewReader(r)} }

// ErrTooLong is wrapped by the error of [Reader.ReadFrame] for a frame whose
// declared length is over the limit.
var ErrTooLong = errors.New("frame is longer than the limit")

// ReadFrame returns the next frame with its payload unmasked; the caller owns it.
// The error is io.EOF where the stream ends between frames; it wraps
// io.ErrUnexpectedEOF where it ends inside one, and [ErrTooLong] where the header
// declares more than MaxPayload. Such a frame's payload is not read, so nothing
// more can be.
func (r *Reader) ReadFrame() (Frame, error) {
	h, err := r.readHeader()
	if err != nil {
		return Frame{}, err
	}
	limit := r.MaxPayload
	if limit == 0 {
		limit = DefaultMaxPayload
	}
	if limit = max(limit, 0); h.Length > uint64(limit) {
		return Frame{}, fmt.Errorf("%s frame declares %d bytes, over the limit of %d: %w", h.Opcode, h.Length, limit, ErrTooLong)
	}
	payload, err := r.readPayload(int64(h.Length))
	if err != nil {
		return Frame{}, fmt.Errorf("after %d of the %d bytes of a %s frame: %w", len(payload), h.Length, h.Opcode, noEOF(err))
	}
	if h.Masked {
		Mask(payload, h.Key, 0)
	}
	return h.Frame(payload), nil
}

func (r *Reader) readHeader() (Header, error) {
	for want := 2; ; want++ {
		b, err := r.from.Peek(want)
		if h, n := ParseHeader(b); n > 0 {
			_, err = r.from.Discard(n)
			return h, err
		}
		switch {
		case err == nil:
		case len(b) == 0:
			return Header{}, err
		default:
			return Header{}, fmt.Errorf("after %d bytes of a frame header: %w", len(b), noEOF(err))
		}
	}
}

// readPayload takes memory as the bytes come, not as the header promises.
func (r *Reader) readPayload(n int64) ([]byte, error) {
	const atOnce = 64 << 10
	if n <= atOnce {
		payload := make([]byte, n)
		read, err := io.ReadFull(r.from, payload)
		return payload[:read], err
	}
	var grown bytes.Buffer
	grown.Grow(atOnce)
	_, err := io.CopyN(&grown, r.from, n)
	return grown.Bytes(), err
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
