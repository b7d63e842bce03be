package diagnosis

import "fmt"

// ClientKind says whose rules turn what was received into a CloseEvent.
type ClientKind uint8

// The clients whose rules are known, as measured with Chromium 156 and with version
// 8.23.0 of Node's ws package.
const (
	// Chromium accepts any close code but 1005, 1006 and 1015; a Close followed by
	// an RST is not clean; what follows a Close may still fail the connection.
	Chromium ClientKind = iota
	// NodeWS refuses close codes that RFC 6455 does not permit on the wire, counts a
	// Close as clean once it has echoed it, and ignores what follows.
	NodeWS
)

// String returns "chromium" or "node-ws".
func (k ClientKind) String() string {
	if k == NodeWS {
		return "node-ws"
	}
	return "chromium"
}

// ParseClientKind reads what String writes.
func ParseClientKind(name string) (ClientKind, error) {
	for _, k := range []ClientKind{Chromium, NodeWS} {
		if name == k.String() {
			return k, nil
		}
	}
	return 0, fmt.Errorf("unknown client %q: use chromium or node-ws", name)
}
