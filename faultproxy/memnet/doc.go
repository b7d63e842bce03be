// Package memnet is a virtual TCP network held in memory.
//
// A [Network] has listeners and dialers that behave as TCP on Linux does:
// backlogs, half-closes, resets, deadlines, back-pressure and the errors a
// program sees for each. It starts no goroutine and every wait is a channel
// or a [sync.Cond], so whole programs run on it inside testing/synctest in
// virtual time, which loopback sockets cannot do.
//
// The functions have the shapes that net/http, gorilla/websocket and
// crypto/tls ask for:
//
//	n := memnet.New()
//	l, err := n.Listen("tcp", "example.test:80")
//	http.Transport{DialContext: n.DialContext}
//	websocket.Dialer{NetDialContext: n.DialContext}
//
// # Names and ports
//
// Nothing is looked up. If one listener has a port, any host name and any
// address reaches it there. Listeners bound to different hosts may share a
// port; then a dial goes to the one bound to exactly the dialled host, and is
// refused if there is none. "localhost", 127.0.0.1 and ::1 are one host. A
// listener bound to no host in particular (":80", "0.0.0.0:80", "[::]:80")
// has its port for itself. A name that is listened on gets an address of its
// own, 10.0.0.1 for the first, which can be dialled too.
//
// Port 0 is answered with 20000, 20001 and so on; dialers are given
// 127.0.0.1:49152 (the first dynamic port, RFC 6335 section 6) and so on, in
// the order of their dials.
//
// # Latency
//
// [Network.Latency] is the one-way delay of everything that crosses the
// network. A dial returns after two of them (SYN and SYN-ACK; a refusal
// takes as long), Accept can return the connection after three (the ACK),
// and data, FIN, RST and the news of freed buffer space take one each.
//
// # Resets
//
// An RST is read after the bytes that arrived before it. What the sender had
// accepted from its program but not yet put on the wire, which is whatever
// lies more than 64 KiB beyond what the receiver has read, is lost. A FIN
// that arrived first hides the RST from Read, which reports [io.EOF].
//
// Linux tells a socket of an RST once, in whichever call comes first. Here
// the first Read and the first Write are both told, so that two goroutines
// never race for it; later ones report io.EOF and EPIPE as on Linux.
package memnet
