package heartbeat

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Role is a side of a connection: who beats, or who sends something. The values
// are bits; the zero value is nobody.
type Role uint8

// The two sides, and both of them.
const (
	Client Role = 1 << iota
	Server

	Either = Client | Server
)

// String returns "client", "server", "either" or "nobody".
func (r Role) String() string {
	switch r {
	case Client:
		return "client"
	case Server:
		return "server"
	case Either:
		return "either"
	case 0:
		return "nobody"
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// Sends returns the direction in which the role's own frames travel.
func (r Role) Sends() frame.Direction {
	var d frame.Direction
	if r&Client != 0 {
		d |= frame.ToServer
	}
	if r&Server != 0 {
		d |= frame.ToClient
	}
	return d
}

// Peer returns the other side. Either is its own peer.
func (r Role) Peer() Role {
	switch r {
	case Client:
		return Server
	case Server:
		return Client
	}
	return r
}

// sender returns who sends what travels in a direction.
func sender(d frame.Direction) Role {
	var r Role
	if d.Has(frame.ToServer) {
		r |= Client
	}
	if d.Has(frame.ToClient) {
		r |= Server
	}
	return r
}
