package faultproxy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Exchange puts rules in the place of those with the names, in one step: they stand
// where the first of those stood, or behind the others if there is none. A rule that is
// there already and is the same is not touched. One that differs is replaced, as by
// [Proxy.Replace]. Rules of a middlebox stay. With an error, which says what is wrong with each rule, nothing has changed.
func (p *Proxy) Exchange(names []string, rules ...Rule) error {
	return p.report(p.change(func(list []*armed) ([]*armed, []note, error) {
		var kept []*armed
		var notes []note
		var errs []error
		given := map[string]*armed{} // the old ones
		place := -1
		for _, a := range list {
			if a.boxed || !slices.Contains(names, a.Name) {
				kept = append(kept, a)
				continue
			}
			given[a.Name] = a
			if place < 0 {
				place = len(kept)
			}
		}
		taken := namesOf(kept)
		var fresh []*armed
		for _, r := range rules {
			r.Name = nameFor(r, taken)
			a, err := p.arm(r)
			if err == nil && taken[r.Name] {
				err = fmt.Errorf("rule %q: there is one of this name besides; call that one otherwise", r.Name)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			taken[r.Name] = true
			old := given[r.Name]
			delete(given, r.Name)
			switch {
			case old == nil:
				notes = append(notes, note{"added", a})
			case sameRule(old.Rule, r):
				a = old
			default:
				notes = append(notes, succeed(old, a)...)
			}
			fresh = append(fresh, a)
		}
		for _, a := range list {
			if given[a.Name] == a {
				notes = append(notes, note{"removed", a})
			}
		}
		if place < 0 {
			place = len(kept)
		}
		return slices.Insert(kept, place, fresh...), notes, errors.Join(errs...)
	}))
}

// sameRule reports whether two rules are the same, as far as a document says it.
func sameRule(a, b Rule) bool {
	left, err := a.Tree()
	right, err2 := b.Tree()
	if err != nil || err2 != nil { // Go code, which is the same only if it is data
		return reflect.DeepEqual(a, b)
	}
	return reflect.DeepEqual(left, right)
}
