package faultproxy

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// byteForms are the forms of what shapes bytes.
var byteForms = map[string]faultForm{
	"rate": form(false, []string{"bytes_per_second", "dir"},
		func(n schema.Node) Rate {
			return Rate{decodeRate(n.Required("bytes_per_second")), decodeDirection(n.At("dir"))}
		},
		func(n schema.Node) Rate { return Rate{BytesPerSecond: decodeRate(n)} },
		func(f Rate, t tree) error {
			t["bytes_per_second"] = f.BytesPerSecond
			t.direction("dir", f.Dir)
			return nil
		}),
	"slice": form(false, []string{"size", "variation", "pause", "dir"},
		func(n schema.Node) Slice {
			return Slice{n.Required("size").IntIn(1, maxCount), n.At("variation").IntIn(0, maxCount),
				n.At("pause").Duration(), decodeDirection(n.At("dir"))}
		},
		func(n schema.Node) Slice { return Slice{Size: n.IntIn(1, maxCount)} },
		func(f Slice, t tree) error {
			t["size"] = f.Size
			put(t, "variation", f.Variation)
			putTime(t, "pause", f.Pause)
			t.direction("dir", f.Dir)
			return nil
		}),
	"limit": form(false, []string{"bytes", "dir", "end"},
		func(n schema.Node) Limit {
			return Limit{n.Required("bytes").IntIn(0, maxCount), decodeDirection(n.At("dir")), decodeEnd(n.At("end"))}
		},
		func(n schema.Node) Limit { return Limit{Bytes: n.IntIn(0, maxCount)} },
		func(f Limit, t tree) error {
			t["bytes"] = f.Bytes
			t.direction("dir", f.Dir)
			t.end("end", f.End)
			return nil
		}),
	"discard-bytes": form(true, []string{"dir", "timeout"},
		func(n schema.Node) DiscardBytes {
			return DiscardBytes{decodeDirection(n.At("dir")), n.At("timeout").Duration()}
		},
		func(n schema.Node) DiscardBytes { return DiscardBytes{Dir: decodeDirection(n)} },
		func(f DiscardBytes, t tree) error {
			t.direction("dir", f.Dir)
			putTime(t, "timeout", f.Timeout)
			return nil
		}),
	"reset-peer": form(true, []string{"delay", "dir"},
		func(n schema.Node) ResetPeer {
			return ResetPeer{n.At("delay").Duration(), decodeDirection(n.At("dir"))}
		},
		func(n schema.Node) ResetPeer { return ResetPeer{Delay: n.Duration()} },
		func(f ResetPeer, t tree) error {
			putTime(t, "delay", f.Delay)
			t.direction("dir", f.Dir)
			return nil
		}),
	"slow-close": form(false, []string{"delay", "dir"},
		func(n schema.Node) SlowClose {
			return SlowClose{n.Required("delay").Duration(), decodeDirection(n.At("dir"))}
		},
		func(n schema.Node) SlowClose { return SlowClose{Delay: n.Duration()} },
		func(f SlowClose, t tree) error {
			t["delay"] = f.Delay.String()
			t.direction("dir", f.Dir)
			return nil
		}),
}

var rateText = regexp.MustCompile(`^(\d{1,9}) ?([kKMG]?)(i?)(B|bit)/s$`)

// decodeRate reads bytes per second: a number, or a text such as "64KiB/s", "1MB/s"
// or "56kbit/s".
func decodeRate(n schema.Node) int {
	text, ok := n.Value().(string)
	if !ok {
		return n.IntIn(0, maxCount)
	}
	part := rateText.FindStringSubmatch(text)
	if part == nil {
		n.Fail(`want bytes per second: a number, or a text such as "64KiB/s", "1MB/s" or "56kbit/s", got %q`, text)
		return 0
	}
	rate, _ := strconv.ParseInt(part[1], 10, 64)
	k := int64(1000)
	if part[3] != "" {
		k = 1024
	}
	for range strings.Index("kmg", strings.ToLower(part[2])) + len(part[2]) {
		rate *= k
	}
	if part[4] == "bit" {
		rate /= 8
	}
	if rate > maxCount {
		n.Fail("want at most %d bytes per second, got %q", maxCount, text)
		return 0
	}
	return int(rate)
}
