package assertions

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Clients tells the connections of one client from those of others. Without it all
// connections are taken for one client's. A matcher that is given it judges each
// client by itself and succeeds if it does for every one of them.
type Clients struct {
	by   diagnosis.ClientBy
	call string
}

// ClientByQuery tells clients apart by a parameter of the URL that they connect to.
// What looks like a secret is not recorded, and tells nothing.
func ClientByQuery(name string) Clients {
	return Clients{diagnosis.ClientBy{Query: name}, fmt.Sprintf("ClientByQuery(%q)", name)}
}

// ClientByHeader tells clients apart by a header of their upgrade requests. What looks
// like a secret is not recorded, and tells nothing.
func ClientByHeader(name string) Clients {
	return Clients{diagnosis.ClientBy{Header: name}, fmt.Sprintf("ClientByHeader(%q)", name)}
}

// ClientByProcess takes connections for those of the client program that ran at the
// time, one program after the other. Where several ran at once it cannot tell.
func ClientByProcess() Clients {
	return Clients{diagnosis.ClientBy{Process: true}, "ClientByProcess()"}
}

// String returns the call that made it.
func (c Clients) String() string { return c.call }

func (Clients) liveOption() {}

// each judges one client after the other, if there is a way to tell them apart. A
// client that fails counts for all.
func each(clients []Clients, judge func(*scene) verdict) func(*scene) verdict {
	if len(clients) == 0 {
		return judge
	}
	return func(s *scene) verdict {
		by := clients[len(clients)-1].by
		if by.Process && s.programs() > 1 {
			return never("several client programs ran at the same time, and nothing tells their connections apart",
				"Use ClientByQuery or ClientByHeader, or start one on each server or proxy.")
		}
		var all []verdict
		for _, own := range s.clients(by) {
			if own.client == "" || own.client == "[redacted]" {
				return never(fmt.Sprintf("nothing in what was recorded tells whose connection %d is", slices.Min(slices.Collect(maps.Keys(own.only)))),
					"Look at its request: what is it that differs? Secrets are not recorded.")
			}
			all = append(all, judge(own).of(own))
		}
		if len(all) == 0 {
			return cannot("no client was seen"+s.where(), "")
		}
		worst := slices.MaxFunc(all, func(a, b verdict) int { return cmp.Compare(a.rank(), b.rank()) })
		if worst.is != no {
			worst.final = !slices.ContainsFunc(all, func(v verdict) bool { return !v.final })
		}
		return worst
	}
}

// programs returns how many client programs ran at once at most.
func (s *scene) programs() (most int) {
	running := 0
	for e := range s.all.Lifecycle().All() {
		switch e.Kind {
		case timeline.KindStarted:
			running++
			most = max(most, running)
		case timeline.KindExit:
			running--
		}
	}
	return most
}

// rank orders verdicts by how much they count for all.
func (v verdict) rank() int {
	switch {
	case v.is == no && v.final:
		return 3
	case v.is == no:
		return 2
	case v.is == unclear:
		return 1
	}
	return 0
}

// of says which client the verdict is about, and shows no connections of others.
func (v verdict) of(own *scene) verdict {
	if v.conns == nil {
		v.conns = slices.Sorted(maps.Keys(own.only))
		if v.diagnose == nil {
			v.diagnose = v.conns[len(v.conns)-1:]
		}
	}
	name := quoted(own.client)
	if rest, ok := strings.CutPrefix(v.said, "The client"); ok {
		v.said = "Client " + name + rest
	} else {
		v.said = "of client " + name + ": " + v.said
	}
	return v
}

// clients returns a scene for each client.
func (s *scene) clients(by diagnosis.ClientBy) []*scene {
	var scenes []*scene
	tried := map[string][]diagnosis.Attempt{}
	for _, attempts := range (diagnosis.Policy{ClientBy: by}).Attempts(s.all) {
		own := *s
		own.by = by
		own.only, own.tried = map[int]bool{}, tried
		for _, a := range attempts {
			own.client = a.Client
			own.only[a.Conn] = true
		}
		scenes = append(scenes, &own)
	}
	return scenes
}

// events yields the events of a view that are about the client that is judged.
func (s *scene) events(v *timeline.View) iter.Seq[timeline.Event] {
	if s.only == nil {
		return v.All()
	}
	return func(yield func(timeline.Event) bool) {
		for e := range v.All() {
			if (e.Conn == 0 || s.only[e.Conn]) && !yield(e) {
				return
			}
		}
	}
}
