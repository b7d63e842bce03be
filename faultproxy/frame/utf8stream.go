package frame

import "unicode/utf8"

// utf8Stream checks that bytes which come in pieces are UTF-8. It says no at the
// first byte that cannot be part of any valid text; after that it must not be used.
// The zero value is ready.
type utf8Stream struct {
	tail [utf8.UTFMax]byte // a character begun and not yet complete
	held int
}

// write reports whether what came so far can still become valid.
func (u *utf8Stream) write(p []byte) bool {
	for u.held > 0 && len(p) > 0 {
		u.tail[u.held] = p[0]
		u.held++
		p = p[1:]
		if begun := u.tail[:u.held]; utf8.FullRune(begun) {
			if !utf8.Valid(begun) {
				return false
			}
			u.held = 0
		}
	}
	whole := len(p) - unfinished(p)
	u.held += copy(u.tail[u.held:], p[whole:])
	return utf8.Valid(p[:whole])
}

// complete reports whether the text may end here.
func (u *utf8Stream) complete() bool { return u.held == 0 }

// unfinished returns how many bytes at the end of p are a character begun that
// more bytes could complete.
func unfinished(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if last := p[len(p)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}
