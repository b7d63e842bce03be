package faultproxy

import "fmt"

// Forget makes the path forget the connection, as load balancers, firewalls and NATs do
// with flows that were idle for too long: nobody is told. From then on nothing passes,
// and the next thing that a side sends, its FIN included, draws that side's ending: RST
// resets it at once, as AWS's NLB and NAT gateways do; Silent and Keep answer nothing,
// and the sender's writes succeed for as long as its TCP takes them (see [Silence]). The
// zero value is RST for both sides. The other side stays open and knows nothing.
//
// It is undone by [Conn.Heal] and by removing the rule; then what was not answered with
// a reset arrives, as TCP sends it again.
type Forget struct {
	Client, Server Ending
	// Revive lets the next thing that the client sends bring the connection back, as
	// Linux's conntrack does (nf_conntrack_tcp_loose, on by default) and most home
	// routers with it. What a silent server sent meanwhile arrives then, late. If the
	// server was reset meanwhile nothing can be brought back, and the client draws its
	// ending.
	Revive bool
}

// Stages of Forget: a frame (which still passes), or a time.
func (Forget) Stages() Stage { return StageFrame | StageTime }

// Apply forgets the connection.
func (f Forget) Apply(p *Plan) { p.Forget(f) }

// Validate refuses endings that need a memory of the connection.
func (f Forget) Validate() error {
	for _, e := range [2]Ending{f.Client, f.Server} {
		if e != Keep && e != RST && e != Silent {
			return fmt.Errorf("forget: whoever forgot a connection cannot end it with %v; want rst or silent", e)
		}
	}
	return nil
}

func (f Forget) String() string {
	s := "forget"
	if !f.resets(f.Client) && !f.resets(f.Server) {
		s += " in silence"
	} else {
		for _, side := range [2]struct {
			name string
			how  Ending
		}{{"client", f.Client}, {"server", f.Server}} {
			if f.resets(side.how) {
				s += ", rst to what the " + side.name + " sends"
			}
		}
	}
	if f.Revive {
		s += ", until the client sends"
	}
	return s
}

// resets reports whether what a side with that ending sends draws an RST.
func (f Forget) resets(how Ending) bool {
	return how == RST || f.Client == Keep && f.Server == Keep
}
