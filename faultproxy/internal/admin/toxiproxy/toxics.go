package toxiproxy

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/toxics"
)

// set is the toxics of a proxy that were asked for here. Those that are rules of
// somebody else are found in the proxy.
type set struct {
	proxy *fleet.Proxy
	asked []toxics.Toxic // in the order in which they were made
}

// list returns all toxics, upstream ones first.
func (s *set) list() []toxics.Toxic {
	own := map[string]faultproxy.Rule{}
	for _, status := range s.proxy.Own() {
		own[status.Rule.Name] = status.Rule
	}
	// What was removed as a rule is no toxic any more.
	s.asked = slices.DeleteFunc(s.asked, func(t toxics.Toxic) bool {
		_, there := own[t.Name]
		return !there && len(t.Rules()) > 0
	})
	all := slices.Clone(s.asked)
	for _, status := range s.proxy.Own() {
		t, is := toxics.Of(status.Rule)
		if is && !slices.ContainsFunc(s.asked, func(other toxics.Toxic) bool { return other.Name == t.Name }) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b toxics.Toxic) int {
		up := func(t toxics.Toxic) int {
			if toxics.Direction(t.Stream) == frame.ToServer {
				return 0
			}
			return 1
		}
		return cmp.Compare(up(a), up(b))
	})
	return all
}

func (s *set) find(name string) (toxics.Toxic, bool) {
	list := s.list()
	i := slices.IndexFunc(list, func(t toxics.Toxic) bool { return t.Name == name })
	if i < 0 {
		return toxics.Toxic{}, false
	}
	return list[i], true
}

// put adds a toxic, or puts it in the place of the one of its name.
func (s *set) put(t toxics.Toxic) *apiError {
	engine := s.proxy.Engine()
	if err := engine.Check(t.Rules()...); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	i := slices.IndexFunc(s.asked, func(other toxics.Toxic) bool { return other.Name == t.Name })
	if i >= 0 {
		s.withdraw(s.asked[i], t.Rules())
	}
	for _, r := range t.Rules() {
		if err := engine.Replace(r); err != nil {
			return refuse(http.StatusBadRequest, err.Error())
		}
	}
	if i < 0 {
		s.asked = append(s.asked, t)
	} else {
		s.asked[i] = t
	}
	return nil
}

// withdraw removes the rules of a toxic but those of these names.
func (s *set) withdraw(t toxics.Toxic, but []faultproxy.Rule) {
	var names []string
	for _, r := range t.Rules() {
		if !slices.ContainsFunc(but, func(kept faultproxy.Rule) bool { return kept.Name == r.Name }) {
			names = append(names, r.Name)
		}
	}
	s.proxy.Engine().Remove(names...)
}

// remove takes a toxic away. A timeout has swallowed bytes of the connections it was
// on, which end.
func (s *set) remove(t toxics.Toxic) {
	s.withdraw(t, nil)
	s.asked = slices.DeleteFunc(s.asked, func(other toxics.Toxic) bool { return other.Name == t.Name })
	if t.Type == "timeout" && t.Toxicity == 1 {
		_ = s.proxy.Engine().DropAll(faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose})
	}
}

func (s *set) clear() {
	for _, t := range s.list() {
		s.remove(t)
	}
}

func (s *server) toxics(w http.ResponseWriter, r *http.Request) {
	_, set, e := s.of(r)
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusOK, toxicList(set.list()))
}

// wantedToxic is what a request says of a toxic.
type wantedToxic struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Stream     string          `json:"stream"`
	Toxicity   float32         `json:"toxicity"`
	Attributes json.RawMessage `json:"attributes"`
}

func (s *server) addToxic(w http.ResponseWriter, r *http.Request) {
	_, set, e := s.of(r)
	var t toxics.Toxic
	if e == nil {
		t, e = set.readNew(r)
	}
	if e == nil {
		e = set.put(t)
	}
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusOK, t)
}

// readNew reads a toxic that is to be made. What is wrong is found in Toxiproxy's order.
func (s *set) readNew(r *http.Request) (toxics.Toxic, *apiError) {
	v := wantedToxic{Stream: "downstream", Toxicity: 1}
	if e := read(r, &v); e != nil {
		return toxics.Toxic{}, e
	}
	switch {
	case toxics.Direction(v.Stream) == 0:
		return toxics.Toxic{}, errStream
	case !toxics.Known(v.Type):
		return toxics.Toxic{}, errType
	}
	t := toxics.Toxic{Name: cmp.Or(v.Name, v.Type+"_"+v.Stream), Type: v.Type, Stream: v.Stream, Toxicity: v.Toxicity, Attributes: toxics.NewAttributes(v.Type)}
	if _, taken := s.find(t.Name); taken {
		return t, errToxicName
	}
	for _, own := range s.proxy.Engine().Rules() { // one that no toxic can express
		if own.Rule.Name == t.Name {
			return t, errToxicName
		}
	}
	return t, changed(&t, v.Attributes)
}

// changed merges attributes into a toxic, and says what cannot be.
func changed(t *toxics.Toxic, attributes json.RawMessage) *apiError {
	var err error
	if t.Attributes, err = t.Attributes.Merge(attributes); err != nil {
		return refuse(http.StatusBadRequest, "bad request body: "+err.Error())
	}
	if err := t.Validate(); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	return nil
}

func (s *server) showToxic(w http.ResponseWriter, r *http.Request) {
	if _, t, e := s.toxic(r); e != nil {
		fail(w, e)
	} else {
		reply(w, http.StatusOK, t)
	}
}

// toxic finds the one that the path names.
func (s *server) toxic(r *http.Request) (*set, toxics.Toxic, *apiError) {
	_, set, e := s.of(r)
	if e != nil {
		return nil, toxics.Toxic{}, e
	}
	t, found := set.find(r.PathValue("toxic"))
	if !found {
		return nil, t, errNoToxic
	}
	return set, t, nil
}

func (s *server) updateToxic(w http.ResponseWriter, r *http.Request) {
	set, t, e := s.toxic(r)
	if e == nil {
		v := wantedToxic{Toxicity: t.Toxicity}
		if e = read(r, &v); e == nil {
			t.Toxicity = v.Toxicity
			e = changed(&t, v.Attributes)
		}
	}
	if e == nil {
		e = set.put(t)
	}
	if e != nil {
		fail(w, e)
		return
	}
	reply(w, http.StatusOK, t)
}

func (s *server) removeToxic(w http.ResponseWriter, r *http.Request) {
	set, t, e := s.toxic(r)
	if e != nil {
		fail(w, e)
		return
	}
	set.remove(t)
	w.WriteHeader(http.StatusNoContent)
}
