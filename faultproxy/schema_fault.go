package faultproxy

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// faultForm is how a fault is read: from a map of the keys, or short, from a
// single value.
type faultForm struct {
	keys  []string
	read  func(n schema.Node) Fault
	short func(n schema.Node) Fault // nil: there is no short form
	bare  bool                      // the name alone is enough
}

var faultForms = map[string]faultForm{
	"drop":   {bare: true, read: func(schema.Node) Fault { return Drop{} }},
	"hang":   {bare: true, read: func(schema.Node) Fault { return Hang{} }},
	"refuse": {bare: true, read: func(schema.Node) Fault { return Refuse{} }},
	"latency": {
		keys: []string{"delay", "jitter", "dir"},
		read: func(n schema.Node) Fault {
			return Latency{n.Required("delay").Duration(), n.At("jitter").Duration(), decodeDirection(n.At("dir"))}
		},
		short: func(n schema.Node) Fault { d, j := decodeSpread(n); return Latency{Delay: d, Jitter: j} },
	},
	"late": {
		keys:  []string{"by", "jitter"},
		read:  func(n schema.Node) Fault { return Late{n.Required("by").Duration(), n.At("jitter").Duration()} },
		short: func(n schema.Node) Fault { d, j := decodeSpread(n); return Late{d, j} },
	},
	"delay": {
		keys:  []string{"by", "jitter"},
		read:  func(n schema.Node) Fault { return Delay{n.Required("by").Duration(), n.At("jitter").Duration()} },
		short: func(n schema.Node) Fault { d, j := decodeSpread(n); return Delay{d, j} },
	},
	"duplicate": {
		bare: true, keys: []string{"copies"},
		read:  func(n schema.Node) Fault { return Duplicate{n.At("copies").IntIn(0, 1000)} },
		short: func(n schema.Node) Fault { return Duplicate{n.IntIn(0, 1000)} },
	},
	"inject": {
		keys: []string{"frame", "toward"},
		read: func(n schema.Node) Fault {
			return Inject{decodeFrame(n.Required("frame")), decodeDirection(n.At("toward"))}
		},
	},
	"replace": {
		keys: []string{"with"},
		read: func(n schema.Node) Fault { return Replace{decodeFrame(n.Required("with"))} },
	},
	"close": {
		bare: true, keys: []string{"code", "reason", "toward", "other"}, read: decodeClose,
		short: func(n schema.Node) Fault { return Close{Code: decodeCode(n)} },
	},
	"end": {
		keys: []string{"client", "server", "gap", "server_first"},
		read: func(n schema.Node) Fault {
			return End{decodeEnding(n.At("client")), decodeEnding(n.At("server")), n.At("gap").Duration(), n.At("server_first").Bool()}
		},
		short: func(n schema.Node) Fault { e := decodeEnding(n); return End{Client: e, Server: e} },
	},
	"silence": {
		bare: true, keys: []string{"dir", "for"},
		read:  func(n schema.Node) Fault { return Silence{decodeDirection(n.At("dir")), n.At("for").Duration()} },
		short: func(n schema.Node) Fault { return Silence{Dir: decodeDirection(n)} },
	},
	"discard": {
		bare: true, keys: []string{"dir", "for"},
		read:  func(n schema.Node) Fault { return Discard{decodeDirection(n.At("dir")), n.At("for").Duration()} },
		short: func(n schema.Node) Fault { return Discard{Dir: decodeDirection(n)} },
	},
	"reject": {
		bare: true, keys: []string{"status", "headers", "body"},
		read: func(n schema.Node) Fault {
			return Reject{n.At("status").IntIn(0, 999), decodeHeaders(n.At("headers")), n.At("body").String()}
		},
		short: func(n schema.Node) Fault { return Reject{Status: n.IntIn(0, 999)} },
	},
}

var faultNames = func() []string {
	var names []string
	for name := range faultForms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

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

func decodeClose(n schema.Node) Fault {
	return Close{
		Code:   decodeCode(n.At("code")),
		Reason: n.At("reason").String(),
		Toward: decodeDirection(n.At("toward")),
		Other:  Other(max(slices.Index(otherNames, n.At("other").Enum(otherNames...)), 0)),
	}
}

func decodeCode(n schema.Node) frame.CloseCode { return frame.CloseCode(n.IntIn(0, 65535)) }

func decodeEnding(n schema.Node) Ending {
	return Ending(max(slices.Index(endingNames, n.Enum(endingNames...)), 0))
}

// decodeSpread reads "100ms" or "100ms±20ms" (also written +-).
func decodeSpread(n schema.Node) (d, jitter time.Duration) {
	text, ok := n.Value().(string)
	if !ok {
		return n.Duration(), 0
	}
	mean, spread, found := strings.Cut(strings.Replace(text, "+-", "±", 1), "±")
	if !found {
		return n.Duration(), 0
	}
	d, err := time.ParseDuration(strings.TrimSpace(mean))
	if err == nil {
		jitter, err = time.ParseDuration(strings.TrimSpace(spread))
	}
	if err != nil || d < 0 || jitter < 0 {
		n.Fail("want a duration such as 100ms, or with its spread 100ms±20ms, got %q", text)
	}
	return d, jitter
}

func decodeHeaders(n schema.Node) http.Header {
	var h http.Header
	for _, name := range n.Keys() {
		for _, each := range n.At(name).OneOrMany() {
			if h == nil {
				h = http.Header{}
			}
			h[name] = append(h[name], decodeHeaderValue(each))
		}
	}
	return h
}

// decodeHeaderValue takes whole numbers as they are, since headers such as
// Retry-After hold some.
func decodeHeaderValue(n schema.Node) string {
	switch n.Value().(type) {
	case int, int64, uint64, float64:
		return strconv.Itoa(n.Int())
	}
	return n.String()
}

// faultTree returns what decodeFault reads.
func faultTree(f Fault) (any, error) {
	tree := map[string]any{}
	name := ""
	var err error
	dir := func(key string, d frame.Direction) {
		if d != 0 {
			tree[key] = d.String()
		}
	}
	switch f := f.(type) {
	case Drop:
		name = "drop"
	case Hang:
		name = "hang"
	case Refuse:
		name = "refuse"
	case Latency:
		name = "latency"
		tree["delay"] = f.Delay.String()
		putTime(tree, "jitter", f.Jitter)
		dir("dir", f.Dir)
	case Late:
		name = "late"
		tree["by"] = f.By.String()
		putTime(tree, "jitter", f.Jitter)
	case Delay:
		name = "delay"
		tree["by"] = f.By.String()
		putTime(tree, "jitter", f.Jitter)
	case Duplicate:
		name = "duplicate"
		put(tree, "copies", f.Copies)
	case Inject:
		name, err = "inject", frameProblem(f.Frame)
		tree["frame"] = frameTree(f.Frame)
		dir("toward", f.Toward)
	case Replace:
		name, err = "replace", frameProblem(f.With)
		tree["with"] = frameTree(f.With)
	case Close:
		name = "close"
		put(tree, "code", int(f.Code))
		put(tree, "reason", f.Reason)
		dir("toward", f.Toward)
		if f.Other != SameCode {
			tree["other"] = f.Other.String()
		}
	case End:
		name = "end"
		if f.Client != Keep {
			tree["client"] = f.Client.String()
		}
		if f.Server != Keep {
			tree["server"] = f.Server.String()
		}
		putTime(tree, "gap", f.Gap)
		put(tree, "server_first", f.ServerFirst)
	case Silence:
		name = "silence"
		dir("dir", f.Dir)
		putTime(tree, "for", f.For)
	case Discard:
		name = "discard"
		dir("dir", f.Dir)
		putTime(tree, "for", f.For)
	case Reject:
		name = "reject"
		put(tree, "status", f.Status)
		put(tree, "body", f.Body)
		if len(f.Header) > 0 {
			tree["headers"] = headersTree(f.Header)
		}
	case nil:
		return nil, fmt.Errorf("it has no fault")
	default:
		return nil, fmt.Errorf("its fault %q (%T) is Go code, none of this package's", f, f)
	}
	return map[string]any{name: tree}, err
}

func headersTree(h http.Header) any {
	tree := map[string]any{}
	for name, values := range h {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		if len(list) == 1 {
			tree[name] = list[0]
		} else if len(list) > 1 {
			tree[name] = list
		}
	}
	return tree
}
