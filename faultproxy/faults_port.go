package faultproxy

import (
	"fmt"
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// Down takes the proxy's port down: dials are refused, by the kernel, until the port
// is back on the same address. Connections live on, unless Drop ends them.
type Down struct {
	// Hang makes dials wait instead, as if every SYN were lost in a black hole. On
	// TCP that works on Linux only.
	Hang bool
	// For is how long. 0: until the rule is removed, or Proxy.Resume.
	For time.Duration
	// Drop ends the connections that are open, when the port is down. Zero: they live on.
	Drop End
}

// Stages of Down: any moment. It is about the port, whichever connection the moment is
// of; hung on At it needs none.
func (Down) Stages() Stage {
	return StageProxy | StageAccept | StageRequest | StageResponse | StageFrame | StageTime
}

// Apply takes the port down.
func (f Down) Apply(p *Plan) { p.Down(f) }

// Validate refuses a negative time, and an impossible Drop.
func (f Down) Validate() error {
	if f.Drop != (End{}) {
		if err := f.Drop.Validate(); err != nil {
			return err
		}
	}
	return nonNegative("down", f.For)
}

func (f Down) validOn(p *Proxy) error {
	if f.Drop != (End{}) {
		if err := f.Drop.validOn(p); err != nil {
			return err
		}
	}
	switch p.Listener.(type) {
	case nil, *net.TCPListener, port.Faulty:
	default:
		return fmt.Errorf("the port of a %T cannot be taken down and brought back", p.Listener)
	}
	if f.Hang && p.Listener != nil {
		return port.CannotHang(p.Listener)
	}
	return nil
}

func (f Down) String() string {
	s := "down"
	if f.Hang {
		s += ", dials hang"
	}
	if f.For > 0 {
		s += " for " + f.For.String()
	}
	if f.Drop != (End{}) {
		s += ", " + f.Drop.String()
	}
	return s
}
