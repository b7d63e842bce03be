package fakeserver

// Before puts handshake steps before a handler, as Handshake in a script does.
func Before(h Handler, steps ...HandshakeStep) Handler {
	h.before = append(h.before, steps...)
	return h
}
