package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// action is something done to a connection.
type action func(faultproxy.Conn) error

// Actions are what can be done to connections, in the order in which they are shown.
// Bodies of those that are faults of rules, too, are written as there.
var Actions = []string{"close", "reset", "cut", "end", "silence", "discard", "freeze", "forget", "heal", "inject", "ping"}

// decodeAction reads what is to be done.
func decodeAction(name string, tree any) (do action, err error) {
	switch name {
	case "reset":
		return both(faultproxy.RST), nothing(name, tree)
	case "cut":
		return both(faultproxy.FullClose), nothing(name, tree)
	case "heal":
		return faultproxy.Conn.Heal, nothing(name, tree)
	case "ping":
		err = schema.Decode(tree, func(n schema.Node) { do = decodePing(n) })
		return do, err
	case "close", "end", "silence", "discard", "freeze", "forget", "inject":
		return decodeFault(name, tree)
	}
	return nil, bad(http.StatusNotFound, "nothing is called %q that could be done to a connection; there is %s", name, strings.Join(Actions, ", "))
}

// nothing refuses a body where none is wanted.
func nothing(name string, tree any) error {
	return schema.Decode(tree, func(n schema.Node) {
		if len(n.Keys()) > 0 {
			n.Fail("%s takes no body", name)
		}
	})
}

func both(how faultproxy.Ending) action {
	return func(c faultproxy.Conn) error { return c.End(faultproxy.End{Client: how, Server: how}) }
}

func decodePing(n schema.Node) action {
	n.Only("payload", "toward")
	toward := frame.ToClient
	if at := n.At("toward"); !at.IsNull() && at.Enum(frame.ToClient.String(), frame.ToServer.String()) == frame.ToServer.String() {
		toward = frame.ToServer
	}
	payload := []byte(n.At("payload").String())
	if len(payload) > 125 {
		n.At("payload").Fail("a ping carries up to 125 bytes (RFC 6455 section 5.5), this one has %d", len(payload))
	}
	return func(c faultproxy.Conn) error { return c.Inject(frame.Ping(payload), toward) }
}

// decodeFault reads a fault as a rule would have it.
func decodeFault(name string, tree any) (action, error) {
	var do any = name
	if tree != nil {
		do = map[string]any{name: tree}
	}
	rule, err := faultproxy.ParseRule(map[string]any{"on": "opened", "do": do})
	if err != nil {
		return nil, elsewhere(err, "do."+name)
	}
	switch f := rule.Do.(type) {
	case faultproxy.Close:
		return func(c faultproxy.Conn) error { return c.Close(f) }, nil
	case faultproxy.End:
		return func(c faultproxy.Conn) error { return c.End(f) }, nil
	case faultproxy.Silence:
		return func(c faultproxy.Conn) error { return c.Silence(f.Dir) }, nil
	case faultproxy.Discard:
		return func(c faultproxy.Conn) error { return c.Discard(f.Dir) }, nil
	case faultproxy.Freeze:
		return func(c faultproxy.Conn) error { return c.Freeze(f.Dir) }, nil
	case faultproxy.Forget:
		return func(c faultproxy.Conn) error { return c.Forget(f) }, nil
	case faultproxy.Inject:
		return func(c faultproxy.Conn) error { return c.Inject(f.Frame, f.Toward) }, nil
	}
	return nil, fmt.Errorf("%s cannot be done to a connection at once", name)
}

// elsewhere gives problems their places in the body, which is a part of what was read.
func elsewhere(err error, prefix string) error {
	found, ok := err.(schema.Problems)
	if !ok {
		return err
	}
	moved := make(schema.Problems, len(found))
	for i, p := range found {
		if rest, below := strings.CutPrefix(p.Path, prefix); below {
			p.Path = strings.TrimPrefix(rest, ".")
		} else if p.Path == "do" {
			p.Path = ""
		}
		moved[i] = p
	}
	return moved
}

// acted is what came of an action.
type acted struct {
	Connections []int         `json:"connections"` // those it was queued for
	Failed      []failedOnOne `json:"failed,omitempty"`
}

type failedOnOne struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// ask reads the action of a request.
func ask(r *http.Request) (action, error) {
	tree, err := body(r)
	if err != nil {
		return nil, err
	}
	return decodeAction(r.PathValue("action"), tree)
}

func (s *Server) actOnOne(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	do, err := ask(r)
	n := 0
	if err == nil {
		n, err = number(r, p)
	}
	if err == nil {
		if e := do(p.Engine().Conn(n)); e != nil {
			err = bad(http.StatusConflict, "%v", strings.TrimPrefix(e.Error(), "faultproxy: "))
		}
	}
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, http.StatusAccepted, acted{Connections: []int{n}})
}

func (s *Server) actOnAll(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	do, err := ask(r)
	if err != nil {
		failed(w, err)
		return
	}
	a := acted{Connections: []int{}}
	for _, c := range p.Engine().Conns() {
		if err := do(c); err != nil {
			a.Failed = append(a.Failed, failedOnOne{c.Number(), strings.TrimPrefix(err.Error(), "faultproxy: ")})
			continue
		}
		a.Connections = append(a.Connections, c.Number())
	}
	reply(w, http.StatusAccepted, a)
}
