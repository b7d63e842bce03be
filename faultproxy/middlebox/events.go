package middlebox

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Event is something that can happen to a connection through a middlebox, and what its
// two ends see of it.
type Event struct {
	Name string // "idle" and other timers by name, "server FIN", "unanswered", "reload", …
	When string // what has to happen, and for how long
	// Client and Server are what they see: "FIN", "RST", "nothing"; "FIN, RST to writes"
	// of a socket that is closed, whose peer gets an RST once it writes; "FIN, RST" where
	// the RST needs no write. Empty: that side did it, or is not concerned.
	Client, Server string
	Basis          Basis
}

// Events lists what can happen, with the settings as they are. A timer that is off is
// among them, and says so.
func (p Preset) Events() []Event {
	list := p.timerEvents()
	list = append(list, p.ruleEvents()...)
	list = append(list, p.endEvents()...)
	list = append(list, p.handshakeEvents()...)
	list = append(list, p.stopEvents()...)
	for i := range list {
		basis, ok := p.Known[list[i].Name]
		if !ok {
			basis = p.Known[""]
		}
		list[i].Basis = basis
	}
	return list
}

func (p Preset) timerEvents() (list []Event) {
	for _, t := range p.Timers {
		client, server := seen(t.Do)
		list = append(list, Event{Name: t.Name, When: t.when(p), Client: client, Server: server})
	}
	if b := p.behavior(); b.SendTimeout > 0 {
		end := cmp.Or(b.SendEnd, bothFIN)
		client, server := seen(end)
		if end.Server == faultproxy.FullClose {
			server = "RST" // bytes of its own are unread
		}
		list = append(list, Event{Name: "send", When: fmt.Sprintf("the client takes no byte for %v", b.SendTimeout), Client: client, Server: server})
	}
	return list
}

func (p Preset) ruleEvents() (list []Event) {
	for _, r := range p.Rules {
		client, server := seen(r.Do)
		list = append(list, Event{Name: strings.TrimPrefix(r.Name, p.Name+"/"), When: r.On.String(), Client: client, Server: server})
	}
	return list
}

func (p Preset) endEvents() []Event {
	b := p.Behavior
	early := Event{Name: "early bytes", When: "the client sends a frame along with its request", Server: "the frame"}
	if b.LosesEarly {
		early.Server = "nothing, it is lost"
	}
	clientFIN := Event{Name: "client FIN", When: "the client half-closes"}
	serverFIN := Event{Name: "server FIN", When: "the server half-closes", Client: "FIN, RST to writes", Server: "FIN"}
	switch b.OnFIN {
	case faultproxy.TearDown:
		clientFIN.Client, clientFIN.Server = "FIN", "FIN, RST to writes"
	case faultproxy.Swallow:
		clientFIN.Client, clientFIN.Server = "what the server sends", "nothing"
	default:
		clientFIN.Client, clientFIN.Server = "what the server sends", "FIN"
	}
	if b.TornDown.Client == faultproxy.FIN {
		serverFIN.Client = "FIN"
	}
	if b.OnFIN == faultproxy.Forward {
		serverFIN.Client, serverFIN.Server = "FIN", "what the client sends"
	}
	return []Event{clientFIN, serverFIN,
		{Name: "client reset", When: "the client resets", Server: resetAs(b.OnRST == faultproxy.ResetFIN)},
		{Name: "server reset", When: "the server resets, having sent nothing since the 101", Client: p.serverReset()},
		early}
}

func (p Preset) handshakeEvents() []Event {
	b := p.behavior()
	unanswered := Event{Name: "unanswered", When: "the server does not answer an upgrade", Client: "nothing", Server: "nothing"}
	if b.HandshakeTimeout > 0 {
		unanswered.When += " for " + b.HandshakeTimeout.String()
		unanswered.Client, unanswered.Server = answered(b.Unanswered, http.StatusGatewayTimeout), "FIN, RST to writes"
	}
	refused := "that 401, FIN"
	if b.KeepRefused {
		refused = "that 401, stays open"
	}
	plain := "that 101" + changes(b.Upgraded)
	if !isZero(b.NotUpgraded) {
		plain = answered(b.NotUpgraded, http.StatusBadGateway)
	}
	return []Event{
		{Name: "upgraded", When: "the server answers with a 101", Client: "that 101" + changes(b.Upgraded)},
		{Name: "refused", When: "the server answers with a 401", Client: refused + changes(b.Refused)},
		{Name: "unreachable", When: "the server refuses the connection", Client: answered(b.Unreachable, http.StatusBadGateway)},
		unanswered,
		{Name: "incomplete", When: "the server ends before its answer", Client: answered(b.Incomplete, http.StatusBadGateway)},
		{Name: "not upgraded", When: "the server answers with a 101 without an Upgrade header", Client: plain},
	}
}

func (p Preset) stopEvents() (list []Event) {
	for _, each := range []struct {
		name, when string
		Stop
	}{{"reload", "a reload", p.OnReload}, {"shutdown", "a shutdown", p.OnShutdown}, {"drain", "a drain that waits 10s", p.drained(10 * time.Second)}} {
		e := Event{Name: each.name, When: each.when + each.after()}
		if len(p.rules(each.name, each.Stop)) == 0 {
			e.When += ", for which there are no rules"
		}
		e.Client, e.Server = each.seen()
		list = append(list, e)
	}
	return list
}
