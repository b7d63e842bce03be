package middlebox

// Sentences that several presets have in common: beginnings and wholes of what they
// say of themselves.
const (
	// underTLS is of Measured.
	underTLS = "with TLS in front the same FIN at a timer's end, and a close_notify before it"

	// These are of Differs.
	notHTTP  = "an answer that is not HTTP is passed on as it came there; this proxy passes nothing on that it cannot read, and here it is "
	reframed = "an answer that is not a 101 is passed on as it came there, and the connection stays open; here its head is written anew, and the connection ended behind it"
	readsOn  = "behind a send timeout the client's bytes are read and discarded for half a minute there, for 2 s here"
)
