package faultproxy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// faultForm is how a fault is written: as a map of the keys, or short, as a single
// value.
type faultForm struct {
	of    reflect.Type
	keys  []string
	bare  bool                      // the name alone is enough
	read  func(n schema.Node) Fault // from a map
	short func(n schema.Node) Fault // nil: there is no short form
	write func(f Fault, tree tree) error
}

// tree is a map on its way into a document.
type tree map[string]any

// form makes a faultForm of functions that know the fault's type. short may be nil.
func form[F Fault](bare bool, keys []string, read, short func(schema.Node) F, write func(F, tree) error) faultForm {
	ff := faultForm{of: reflect.TypeFor[F](), keys: keys, bare: bare,
		read:  func(n schema.Node) Fault { return read(n) },
		write: func(f Fault, t tree) error { return write(f.(F), t) }}
	if short != nil {
		ff.short = func(n schema.Node) Fault { return short(n) }
	}
	return ff
}

// plain is the form of a fault without fields.
func plain[F Fault]() faultForm {
	return form(true, nil, func(schema.Node) (f F) { return f }, nil, func(F, tree) error { return nil })
}

// faultForms are the forms by name.
var faultForms = func() map[string]faultForm {
	all := map[string]faultForm{}
	for _, some := range []map[string]faultForm{frameForms, byteForms, endForms, handshakeForms} {
		maps.Copy(all, some)
	}
	return all
}()

var faultNames = slices.Sorted(maps.Keys(faultForms))

// decodeFault reads a fault: its name alone, or a map with its name as the one key.
func decodeFault(n schema.Node) Fault {
	if name, ok := n.Value().(string); ok {
		form, known := faultForms[name]
		switch {
		case !known:
			n.Enum(faultNames...)
		case !form.bare:
			n.Fail("%s needs to be told more: {%s: {%s: …}}", name, name, form.keys[0])
		default:
			return form.read(n.At(name)) // a missing place: all defaults
		}
		return nil
	}
	name, v := n.OneOf(faultNames...)
	if name == "" {
		return nil
	}
	form := faultForms[name]
	switch {
	case v.IsNull() && !form.bare:
		v.Fail("%s needs to be told more: {%s: …}", name, form.keys[0])
		return nil
	case !v.IsNull() && !isMap(v) && form.short != nil:
		return form.short(v)
	}
	v.Only(form.keys...)
	return form.read(v)
}

// faultTree returns what decodeFault reads.
func faultTree(f Fault) (any, error) {
	if f == nil {
		return nil, fmt.Errorf("it has no fault")
	}
	for name, form := range faultForms {
		if form.of == reflect.TypeOf(f) {
			t := tree{}
			err := form.write(f, t)
			return map[string]any{name: map[string]any(t)}, err
		}
	}
	return nil, fmt.Errorf("its fault %q (%T) is Go code, none of this package's", f, f)
}

// direction sets a key to a direction, unless it is the default.
func (t tree) direction(key string, d frame.Direction) {
	if d != 0 {
		t[key] = d.String()
	}
}
