package faultproxy

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// frameForms are the forms of what is done to frames.
var frameForms = map[string]faultForm{
	"drop": plain[Drop](),
	"latency": form(false, []string{"delay", "jitter", "dir"},
		func(n schema.Node) Latency {
			return Latency{n.Required("delay").Duration(), n.At("jitter").Duration(), decodeDirection(n.At("dir"))}
		},
		func(n schema.Node) Latency { d, j := decodeSpread(n); return Latency{Delay: d, Jitter: j} },
		func(f Latency, t tree) error {
			t["delay"] = f.Delay.String()
			putTime(t, "jitter", f.Jitter)
			t.direction("dir", f.Dir)
			return nil
		}),
	"late": form(false, []string{"by", "jitter"},
		func(n schema.Node) Late { return Late{n.Required("by").Duration(), n.At("jitter").Duration()} },
		func(n schema.Node) Late { d, j := decodeSpread(n); return Late{d, j} },
		func(f Late, t tree) error {
			t["by"] = f.By.String()
			putTime(t, "jitter", f.Jitter)
			return nil
		}),
	"duplicate": form(true, []string{"copies"},
		func(n schema.Node) Duplicate { return Duplicate{n.At("copies").IntIn(0, 1000)} },
		func(n schema.Node) Duplicate { return Duplicate{n.IntIn(0, 1000)} },
		func(f Duplicate, t tree) error { put(t, "copies", f.Copies); return nil }),
	"inject": form(false, []string{"frame", "toward"},
		func(n schema.Node) Inject {
			return Inject{DecodeFrame(n.Required("frame")), decodeDirection(n.At("toward"))}
		}, nil,
		func(f Inject, t tree) error {
			t["frame"] = frameTree(f.Frame)
			t.direction("toward", f.Toward)
			return frameProblem(f.Frame)
		}),
	"replace": form(false, []string{"with"},
		func(n schema.Node) Replace { return Replace{DecodeFrame(n.Required("with"))} }, nil,
		func(f Replace, t tree) error { t["with"] = frameTree(f.With); return frameProblem(f.With) }),
	"reorder": form(true, []string{"by", "within"},
		func(n schema.Node) Reorder { return Reorder{n.At("by").IntIn(0, 1000), n.At("within").Duration()} },
		func(n schema.Node) Reorder { return Reorder{By: n.IntIn(0, 1000)} },
		func(f Reorder, t tree) error {
			put(t, "by", f.By)
			putTime(t, "within", f.Within)
			return nil
		}),
	"coalesce": form(true, []string{"frames", "within"},
		func(n schema.Node) Coalesce {
			return Coalesce{n.At("frames").IntIn(0, 1000), n.At("within").Duration()}
		},
		func(n schema.Node) Coalesce { return Coalesce{Frames: n.IntIn(0, 1000)} },
		func(f Coalesce, t tree) error {
			put(t, "frames", f.Frames)
			putTime(t, "within", f.Within)
			return nil
		}),
	"split": form(true, []string{"parts", "pause"},
		func(n schema.Node) Split { return Split{n.At("parts").IntIn(0, 1000), n.At("pause").Duration()} },
		func(n schema.Node) Split { return Split{Parts: n.IntIn(0, 1000)} },
		func(f Split, t tree) error {
			put(t, "parts", f.Parts)
			putTime(t, "pause", f.Pause)
			return nil
		}),
	"corrupt": form(true, []string{"bytes"},
		func(n schema.Node) Corrupt { return Corrupt{n.At("bytes").IntIn(0, maxCount)} },
		func(n schema.Node) Corrupt { return Corrupt{n.IntIn(0, maxCount)} },
		func(f Corrupt, t tree) error { put(t, "bytes", f.Bytes); return nil }),
	"truncate": form(true, []string{"keep", "torn"},
		func(n schema.Node) Truncate { return Truncate{n.At("keep").IntIn(0, maxCount), n.At("torn").Bool()} },
		func(n schema.Node) Truncate { return Truncate{Keep: n.IntIn(0, maxCount)} },
		func(f Truncate, t tree) error {
			put(t, "keep", f.Keep)
			put(t, "torn", f.Torn)
			return nil
		}),
	"malform": form(false, []string{"rsv", "opcode", "flip_fin", "flip_mask", "length_bytes", "length"}, decodeMalform, nil,
		func(f Malform, t tree) error {
			put(t, "rsv", int(f.RSV))
			t.opcodes("opcode", f.Opcode)
			put(t, "flip_fin", f.FlipFin)
			put(t, "flip_mask", f.FlipMask)
			put(t, "length_bytes", f.LengthBytes)
			if f.Length > maxCount { // more than a JSON number holds for certain
				t["length"] = fmt.Sprintf("%#x", f.Length)
			} else {
				put(t, "length", int(f.Length))
			}
			return nil
		}),
	"forge": form(true, []string{"dialect"},
		func(n schema.Node) Forge {
			if d := n.At("dialect"); d.Exists() {
				return Forge{heartbeat.Decode(d)}
			}
			return Forge{}
		},
		func(n schema.Node) Forge { return Forge{heartbeat.Decode(n)} },
		func(f Forge, t tree) (err error) {
			if f.Dialect.Name == "" {
				return nil
			}
			t["dialect"] = f.Dialect.Name
			if named, unknown := heartbeat.Parse(f.Dialect.Name); unknown != nil || !reflect.DeepEqual(named, f.Dialect) {
				t["dialect"], err = heartbeat.Encode(f.Dialect)
			}
			return err
		}),
	"inject-bytes": form(false, []string{"text", "hex", "toward"},
		func(n schema.Node) InjectBytes {
			return InjectBytes{decodeBytes(n), decodeDirection(n.At("toward"))}
		},
		func(n schema.Node) InjectBytes { return InjectBytes{Bytes: n.String()} },
		func(f InjectBytes, t tree) error {
			if isText(f.Bytes) {
				t["text"] = f.Bytes
			} else {
				t["hex"] = hex.EncodeToString([]byte(f.Bytes))
			}
			t.direction("toward", f.Toward)
			return nil
		}),
}

func decodeMalform(n schema.Node) Malform {
	m := Malform{
		RSV:         uint8(n.At("rsv").IntIn(0, 7)),
		FlipFin:     n.At("flip_fin").Bool(),
		FlipMask:    n.At("flip_mask").Bool(),
		LengthBytes: n.At("length_bytes").IntIn(0, 8),
	}
	for _, each := range n.At("opcode").OneOrMany() {
		m.Opcode |= frame.OpcodesOf(decodeOneOpcode(each))
	}
	length := n.At("length")
	text, ok := length.Value().(string)
	if !ok {
		m.Length = uint64(length.IntIn(0, maxCount))
		return m
	}
	var err error
	if m.Length, err = strconv.ParseUint(text, 0, 64); err != nil {
		length.Fail(`want a length of up to 64 bits, in quotes if it is above %d, such as "0x8000000000000000", got %q`, maxCount, text)
	}
	return m
}

// decodeBytes reads the key text or the key hex.
func decodeBytes(n schema.Node) string {
	text, digits := n.At("text"), n.At("hex")
	switch {
	case text.Exists() == digits.Exists():
		n.Fail("want one of text and hex")
	case digits.Exists():
		return string(decodeHex(digits))
	}
	return text.String()
}

// opcodes sets a key to one opcode or a list of them, unless there is none.
func (t tree) opcodes(key string, set frame.OpcodeSet) {
	var list []any
	for _, op := range set.List() {
		list = append(list, opcodeName(op))
	}
	switch len(list) {
	case 0:
	case 1:
		t[key] = list[0]
	default:
		t[key] = list
	}
}
