package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// endForms are the forms of what closes, ends or silences a connection.
var endForms = map[string]faultForm{
	"close": form(true, []string{"code", "reason", "toward", "other", "keep_open", "abrupt"},
		func(n schema.Node) Close {
			return Close{
				Code:     decodeCode(n.At("code")),
				Reason:   n.At("reason").String(),
				Toward:   decodeDirection(n.At("toward")),
				Other:    Other(decodeOption(n.At("other"), otherNames)),
				KeepOpen: n.At("keep_open").Bool(),
				Abrupt:   n.At("abrupt").Bool(),
			}
		},
		func(n schema.Node) Close { return Close{Code: decodeCode(n)} },
		func(f Close, t tree) error {
			put(t, "code", int(f.Code))
			put(t, "reason", f.Reason)
			t.direction("toward", f.Toward)
			if f.Other != SameCode {
				t["other"] = f.Other.String()
			}
			put(t, "keep_open", f.KeepOpen)
			put(t, "abrupt", f.Abrupt)
			return nil
		}),
	"end": form(false, endKeys, readEnd, shortEnd, writeEnd),
	"forget": form(true, []string{"client", "server", "revive"},
		func(n schema.Node) Forget {
			return Forget{decodeEnding(n.At("client")), decodeEnding(n.At("server")), n.At("revive").Bool()}
		}, nil,
		func(f Forget, t tree) error {
			t.ending("client", f.Client)
			t.ending("server", f.Server)
			put(t, "revive", f.Revive)
			return nil
		}),
	"silence": lastingForm(
		func(dir frame.Direction, d time.Duration) Silence { return Silence{dir, d} },
		func(f Silence) (frame.Direction, time.Duration) { return f.Dir, f.For }),
	"discard": lastingForm(
		func(dir frame.Direction, d time.Duration) Discard { return Discard{dir, d} },
		func(f Discard) (frame.Direction, time.Duration) { return f.Dir, f.For }),
	"freeze": lastingForm(
		func(dir frame.Direction, d time.Duration) Freeze { return Freeze{dir, d} },
		func(f Freeze) (frame.Direction, time.Duration) { return f.Dir, f.For }),
}

var endKeys = []string{"client", "server", "gap", "server_first", "no_close_notify"}

func readEnd(n schema.Node) End {
	return End{decodeEnding(n.At("client")), decodeEnding(n.At("server")), n.At("gap").Duration(),
		n.At("server_first").Bool(), n.At("no_close_notify").Bool()}
}

func shortEnd(n schema.Node) End { e := decodeEnding(n); return End{Client: e, Server: e} }

func writeEnd(f End, t tree) error {
	t.ending("client", f.Client)
	t.ending("server", f.Server)
	putTime(t, "gap", f.Gap)
	put(t, "server_first", f.ServerFirst)
	put(t, "no_close_notify", f.NoCloseNotify)
	return nil
}

// ending sets a key to the end of a side, unless it is the default.
func (t tree) ending(key string, e Ending) {
	if e != Keep {
		t[key] = e.String()
	}
}

// decodeEnd reads an end that is a part of another fault: as of an end fault.
func decodeEnd(n schema.Node) End {
	if !n.Exists() {
		return End{}
	}
	if !isMap(n) {
		return shortEnd(n)
	}
	n.Only(endKeys...)
	return readEnd(n)
}

// end sets a key to an end, unless it is the default.
func (t tree) end(key string, e End) {
	if e != (End{}) {
		sub := tree{}
		_ = writeEnd(e, sub)
		t[key] = map[string]any(sub)
	}
}

// lastingForm is the form of a fault of a direction that lasts.
func lastingForm[F Fault](make func(frame.Direction, time.Duration) F, take func(F) (frame.Direction, time.Duration)) faultForm {
	return form(true, []string{"dir", "for"},
		func(n schema.Node) F { return make(decodeDirection(n.At("dir")), n.At("for").Duration()) },
		func(n schema.Node) F { return make(decodeDirection(n), 0) },
		func(f F, t tree) error {
			dir, d := take(f)
			t.direction("dir", dir)
			putTime(t, "for", d)
			return nil
		})
}
