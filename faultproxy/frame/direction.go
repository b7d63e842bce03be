package frame

import "fmt"

// Direction says which way bytes travel. The client is always the subject:
// what it sends goes [ToServer], what it receives goes [ToClient]. The values
// are bits, so [Both] means either way; the zero value means none was given.
type Direction uint8

// The two ways of a connection, and both of them.
const (
	ToServer Direction = 1 << iota // client to server: what the client sends
	ToClient                       // server to client: what the client receives

	Both = ToServer | ToClient
)

// String returns "to-server", "to-client", "both" or "none".
func (d Direction) String() string {
	switch d {
	case ToServer:
		return "to-server"
	case ToClient:
		return "to-client"
	case Both:
		return "both"
	case 0:
		return "none"
	}
	return fmt.Sprintf("direction(%d)", uint8(d))
}

// Opposite returns the other way. Both and the zero value are their own opposites.
func (d Direction) Opposite() Direction {
	switch d {
	case ToServer:
		return ToClient
	case ToClient:
		return ToServer
	}
	return d
}

// Has reports whether d includes every way of x, and x is not zero.
func (d Direction) Has(x Direction) bool { return x != 0 && d&x == x }

// ParseDirection reads the names that String writes ("to-server", "to-client",
// "both").
func ParseDirection(s string) (Direction, error) {
	for _, d := range []Direction{ToServer, ToClient, Both} {
		if s == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("unknown direction %q: use to-server, to-client or both", s)
}
