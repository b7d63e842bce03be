package faultproxy_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func drawFrame(t *rapid.T) frame.Frame {
	f := frame.Frame{
		Fin:         rapid.Bool().Draw(t, "fin"),
		RSV:         uint8(rapid.IntRange(0, 7).Draw(t, "rsv")),
		Opcode:      frame.Opcode(rapid.IntRange(0, 15).Draw(t, "opcode")),
		Masked:      rapid.Bool().Draw(t, "masked"),
		LengthBytes: rapid.SampledFrom([]int{0, 2, 8}).Draw(t, "length"),
	}
	copy(f.Key[:], rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "key"))
	payload := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(anyText, func(s string) []byte { return []byte(s) })).Draw(t, "payload")
	if len(payload) > 0 {
		f.Payload = payload
	}
	return f
}

func drawFault(t *rapid.T) faultproxy.Fault {
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(drawn))).Draw(t, "fault")
	return drawn[name](t)
}

// drawn draws a fault of each kind; TestEveryFaultIsDrawn checks that none is missing.
var drawn = map[string]func(*rapid.T) faultproxy.Fault{
	"drop":   func(*rapid.T) faultproxy.Fault { return faultproxy.Drop{} },
	"hang":   func(*rapid.T) faultproxy.Fault { return faultproxy.Hang{} },
	"refuse": func(*rapid.T) faultproxy.Fault { return faultproxy.Refuse{} },
	"latency": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Latency{Delay: anyTime.Draw(t, "delay"), Jitter: anyTime.Draw(t, "jitter"), Dir: direction.Draw(t, "dir")}
	},
	"late": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Late{By: anyTime.Draw(t, "by"), Jitter: anyTime.Draw(t, "jitter")}
	},
	"delay": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Delay{By: anyTime.Draw(t, "by"), Jitter: anyTime.Draw(t, "jitter")}
	},
	"duplicate": func(t *rapid.T) faultproxy.Fault { return faultproxy.Duplicate{Copies: count.Draw(t, "copies")} },
	"inject": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Inject{Frame: drawFrame(t), Toward: direction.Draw(t, "toward")}
	},
	"replace": func(t *rapid.T) faultproxy.Fault { return faultproxy.Replace{With: drawFrame(t)} },
	"close": func(t *rapid.T) faultproxy.Fault {
		c := faultproxy.Close{
			Code: frame.CloseCode(rapid.Uint16().Draw(t, "code")), Toward: direction.Draw(t, "toward"),
			Other:    rapid.SampledFrom([]faultproxy.Other{faultproxy.SameCode, faultproxy.OtherFIN, faultproxy.OtherKeep}).Draw(t, "other"),
			KeepOpen: rapid.Bool().Draw(t, "keepOpen"),
		}
		c.Abrupt = !c.KeepOpen && rapid.Bool().Draw(t, "abrupt")
		if c.Code != 0 {
			c.Reason = rapid.StringN(0, 30, 123).Draw(t, "reason")
		}
		return c
	},
	"end": func(t *rapid.T) faultproxy.Fault { return drawEnd(t) },
	"silence": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Silence{Dir: direction.Draw(t, "dir"), For: anyTime.Draw(t, "for")}
	},
	"discard": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Discard{Dir: direction.Draw(t, "dir"), For: anyTime.Draw(t, "for")}
	},
	"forget": func(t *rapid.T) faultproxy.Fault {
		endings := rapid.SampledFrom([]faultproxy.Ending{faultproxy.Keep, faultproxy.RST, faultproxy.Silent})
		return faultproxy.Forget{Client: endings.Draw(t, "client"), Server: endings.Draw(t, "server"), Revive: rapid.Bool().Draw(t, "revive")}
	},
	"freeze": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Freeze{Dir: direction.Draw(t, "dir"), For: anyTime.Draw(t, "for")}
	},
	"reject": func(t *rapid.T) faultproxy.Fault {
		f := faultproxy.Reject{Status: rapid.SampledFrom([]int{0, 200, 401, 503}).Draw(t, "status"), Body: anyText.Draw(t, "body")}
		f.Header = drawHeaders(t)
		return f
	},
	"rate": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Rate{BytesPerSecond: bytesCount.Draw(t, "rate"), Dir: direction.Draw(t, "dir")}
	},
	"slice": func(t *rapid.T) faultproxy.Fault {
		size := 1 + count.Draw(t, "size")
		return faultproxy.Slice{Size: size, Variation: rapid.IntRange(0, size-1).Draw(t, "variation"),
			Pause: anyTime.Draw(t, "pause"), Dir: direction.Draw(t, "dir")}
	},
	"limit": func(t *rapid.T) faultproxy.Fault {
		f := faultproxy.Limit{Bytes: bytesCount.Draw(t, "bytes"), Dir: direction.Draw(t, "dir")}
		if rapid.Bool().Draw(t, "ends") {
			f.End = drawEnd(t)
		}
		return f
	},
	"down": func(t *rapid.T) faultproxy.Fault {
		f := faultproxy.Down{Hang: rapid.Bool().Draw(t, "hang"), For: anyTime.Draw(t, "for")}
		if rapid.Bool().Draw(t, "drops") {
			f.Drop = drawEnd(t)
		}
		return f
	},
	"forge": func(t *rapid.T) faultproxy.Fault {
		d := rapid.SampledFrom([]heartbeat.Dialect{{}, heartbeat.Protocol(), heartbeat.Text("a", "b"), heartbeat.Phoenix(),
			heartbeat.EngineIO(time.Second, 300*time.Millisecond), heartbeat.GraphQLTransportWS()}).Draw(t, "dialect")
		if d.Name != "" && rapid.Bool().Draw(t, "changed") {
			d.Interval = anyTime.Draw(t, "interval")
		}
		return faultproxy.Forge{Dialect: d}
	},
	"redirect": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Redirect{Location: rapid.SampledFrom([]string{"/", "wss://a.test/b?c"}).Draw(t, "location"),
			Status: rapid.SampledFrom([]int{0, 301, 399}).Draw(t, "status")}
	},
	"cut": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Cut{After: bytesCount.Draw(t, "after"), How: drawnCut.Draw(t, "how")}
	},
	"request-headers": func(t *rapid.T) faultproxy.Fault {
		set, remove := drawEdits(t)
		return faultproxy.RequestHeaders{Set: set, Remove: remove}
	},
	"response-headers": func(t *rapid.T) faultproxy.Fault {
		set, remove := drawEdits(t)
		return faultproxy.ResponseHeaders{Set: set, Remove: remove}
	},
	"strip-deflate": func(*rapid.T) faultproxy.Fault { return faultproxy.StripDeflate{} },
	"bad-certificate": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.BadCertificate{Problem: rapid.SampledFrom([]faultproxy.CertificateProblem{
			faultproxy.Expired, faultproxy.WrongName, faultproxy.Untrusted}).Draw(t, "problem")}
	},
	"cut-tls": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.CutTLS{After: bytesCount.Draw(t, "after"), How: drawnCut.Draw(t, "how")}
	},
	"reorder": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Reorder{By: count.Draw(t, "by"), Within: anyTime.Draw(t, "within")}
	},
	"coalesce": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Coalesce{Frames: parts.Draw(t, "frames"), Within: anyTime.Draw(t, "within")}
	},
	"split": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Split{Parts: parts.Draw(t, "parts"), Pause: anyTime.Draw(t, "pause")}
	},
	"corrupt": func(t *rapid.T) faultproxy.Fault { return faultproxy.Corrupt{Bytes: bytesCount.Draw(t, "bytes")} },
	"truncate": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.Truncate{Keep: bytesCount.Draw(t, "keep"), Torn: rapid.Bool().Draw(t, "torn")}
	},
	"malform": func(t *rapid.T) faultproxy.Fault {
		m := faultproxy.Malform{
			RSV:         uint8(rapid.IntRange(0, 7).Draw(t, "rsv")),
			Opcode:      frame.OpcodeSet(rapid.Uint16().Draw(t, "opcode")),
			FlipFin:     rapid.Bool().Draw(t, "fin"),
			FlipMask:    rapid.Bool().Draw(t, "mask"),
			LengthBytes: rapid.SampledFrom([]int{0, 2, 8}).Draw(t, "lengthBytes"),
			Length:      rapid.Uint64().Draw(t, "length"),
		}
		if m == (faultproxy.Malform{}) {
			m.FlipFin = true
		}
		return m
	},
	"inject-bytes": func(t *rapid.T) faultproxy.Fault {
		b := rapid.OneOf(rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 9), func(b []byte) string { return string(b) }), rapid.StringN(1, 9, -1))
		return faultproxy.InjectBytes{Bytes: b.Draw(t, "bytes"), Toward: direction.Draw(t, "toward")}
	},
	"discard-bytes": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.DiscardBytes{Dir: direction.Draw(t, "dir"), Timeout: anyTime.Draw(t, "timeout")}
	},
	"reset-peer": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.ResetPeer{Delay: anyTime.Draw(t, "delay"), Dir: direction.Draw(t, "dir")}
	},
	"slow-close": func(t *rapid.T) faultproxy.Fault {
		return faultproxy.SlowClose{Delay: anyTime.Draw(t, "delay"), Dir: direction.Draw(t, "dir")}
	},
}

// parts is a number of frames or fragments: none, which stands for two, or two and more.
var parts = rapid.Map(rapid.IntRange(0, 999), func(n int) int {
	if n == 0 {
		return 0
	}
	return n + 1
})

func drawEnd(t *rapid.T) faultproxy.End {
	e := faultproxy.End{
		Client: drawnEnding.Draw(t, "client"), Server: drawnEnding.Draw(t, "server"),
		Gap: anyTime.Draw(t, "gap"), ServerFirst: rapid.Bool().Draw(t, "serverFirst"),
		NoCloseNotify: rapid.Bool().Draw(t, "noCloseNotify"),
	}
	if e.Client == faultproxy.Keep && e.Server == faultproxy.Keep {
		e.Client = faultproxy.RST
	}
	return e
}

func drawHeaders(t *rapid.T) http.Header {
	if header := rapid.MapOfN(headerName, rapid.SliceOfN(headerText, 1, 2), 0, 2).Draw(t, "headers"); len(header) > 0 {
		return header
	}
	return nil
}

func drawEdits(t *rapid.T) (http.Header, []string) {
	set := drawHeaders(t)
	delete(set, "Upgrade")
	if len(set) > 0 && rapid.Bool().Draw(t, "only set") {
		return set, nil
	}
	if len(set) == 0 {
		set = nil
	}
	return set, []string{"Upgrade", "X-Removed"}[:rapid.IntRange(1, 2).Draw(t, "removed")]
}

// TestEveryFaultIsDrawn checks that the round trip is shown for every fault that a
// document can name.
func TestEveryFaultIsDrawn(t *testing.T) {
	_, err := faultproxy.ParseRule(fromYAML(t, "do: nothing-like-it"))
	_, known, _ := strings.Cut(err.Error(), "known: ")
	if got := strings.Join(slices.Sorted(maps.Keys(drawn)), ", "); got != known {
		t.Errorf("drawn are %s; known are %s", got, known)
	}
}
