package faultproxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Random rules that Add accepts. What has two forms with one meaning (an empty
// map and none) is drawn in the form that the decoder makes.

var (
	anyText     = rapid.String()
	anyTime     = rapid.Map(rapid.Int64Range(0, int64(100*time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
	gap         = rapid.Map(rapid.Int64Range(int64(time.Millisecond), int64(100*time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
	period      = rapid.OneOf(rapid.Just(time.Duration(0)), gap)
	count       = rapid.IntRange(0, 1000)
	bytesCount  = rapid.IntRange(0, 1<<31-1)
	direction   = rapid.SampledFrom([]frame.Direction{0, frame.ToServer, frame.ToClient, frame.Both})
	headerName  = rapid.Map(rapid.StringMatching(`[A-Z][a-z]{0,5}(-[A-Z][a-z]{0,5})?`), http.CanonicalHeaderKey)
	headerText  = rapid.StringMatching(`[ -~]{0,12}`)
	drawnEnding = rapid.SampledFrom([]faultproxy.Ending{faultproxy.Keep, faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST, faultproxy.FINRST, faultproxy.Silent})
)

// drawnCut are the endings of a handshake.
var drawnCut = rapid.SampledFrom([]faultproxy.Ending{
	faultproxy.Keep, faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST})

func drawRule(t *rapid.T) faultproxy.Rule {
	r := faultproxy.Rule{
		Name:   anyText.Draw(t, "name"),
		Conns:  drawConns(t),
		Skip:   count.Draw(t, "skip"),
		Times:  count.Draw(t, "times"),
		OneIn:  count.Draw(t, "oneIn"),
		Spare:  parts.Draw(t, "spare"),
		Count:  rapid.SampledFrom([]faultproxy.Scope{faultproxy.CountDefault, faultproxy.CountPerConnection, faultproxy.CountPerProxy}).Draw(t, "count"),
		After:  anyTime.Draw(t, "after"),
		For:    anyTime.Draw(t, "for"),
		Expect: rapid.SampledFrom([]faultproxy.Expectation{faultproxy.ExpectNothing, faultproxy.Fired}).Draw(t, "expect"),
		Final:  rapid.Bool().Draw(t, "final"),
	}
	r.Do = drawFault(t)
	stages := r.Do.Stages()
	triggers := map[faultproxy.Stage]func(*rapid.T) frame.Trigger{
		faultproxy.StageAccept:   func(*rapid.T) frame.Trigger { return faultproxy.Accepted },
		faultproxy.StageRequest:  func(*rapid.T) frame.Trigger { return faultproxy.Requested },
		faultproxy.StageResponse: func(*rapid.T) frame.Trigger { return faultproxy.Responded },
		faultproxy.StagePath:     func(*rapid.T) frame.Trigger { return nil },
		faultproxy.StageFrame:    drawMatch,
		faultproxy.StageTime:     drawTiming,
		faultproxy.StageProxy: func(t *rapid.T) frame.Trigger {
			return faultproxy.At(anyTime.Draw(t, "at")).Every(period.Draw(t, "period"))
		},
	}
	var possible []func(*rapid.T) frame.Trigger
	for s := faultproxy.StageAccept; s <= faultproxy.StageProxy; s <<= 1 {
		if stages&s != 0 {
			possible = append(possible, triggers[s])
		}
	}
	r.On = rapid.SampledFrom(possible).Draw(t, "stage")(t)
	if _, port := r.Do.(faultproxy.Down); r.On == faultproxy.Accepted || port && strings.HasPrefix(fmt.Sprint(r.On), "at ") {
		r.Conns = faultproxy.Conns{}
	}
	switch f := r.Do.(type) {
	case faultproxy.Cut:
		if r.On == faultproxy.Requested {
			f.After = 0
			r.Do = f
		}
	case faultproxy.InjectBytes:
		if r.On == faultproxy.Responded {
			f.Toward = 0
			r.Do = f
		}
	case faultproxy.Rate, faultproxy.Slice, faultproxy.Limit, faultproxy.DiscardBytes, faultproxy.ResetPeer: // nothing to count
		r.Skip, r.Times, r.OneIn, r.Spare, r.Final = 0, 0, 0, 0, false
	}
	return r
}

func drawConns(t *rapid.T) faultproxy.Conns {
	c := faultproxy.Conns{From: rapid.IntRange(0, 3).Draw(t, "from"), Path: rapid.SampledFrom([]string{"", "/ws", "/a?*"}).Draw(t, "path"),
		Every: rapid.IntRange(0, 3).Draw(t, "each"), Percent: rapid.IntRange(0, 99).Draw(t, "percent")}
	if rapid.Bool().Draw(t, "bounded") {
		c.To = c.From + rapid.IntRange(0, 3).Draw(t, "more")
	}
	if header := rapid.MapOfN(headerName, anyText, 0, 2).Draw(t, "header"); len(header) > 0 {
		c.Header = header
	}
	return c
}

func drawTiming(t *rapid.T) frame.Trigger {
	d := gap.Draw(t, "d")
	switch rapid.IntRange(0, 4).Draw(t, "timing") {
	case 4:
		return faultproxy.At(anyTime.Draw(t, "at")).Every(period.Draw(t, "period"))
	case 0:
		return timeline.Opened
	case 1:
		if rapid.Bool().Draw(t, "off") {
			return faultproxy.Elapsed(d).Off(drawOff(t, d), anyTime.Draw(t, "late"))
		}
		return faultproxy.Elapsed(d)
	case 2:
		return faultproxy.Every(d)
	}
	by := rapid.SampledFrom([]frame.Direction{frame.ToServer, frame.ToClient, frame.Both}).Draw(t, "by")
	lazy := time.Duration(rapid.Int64Range(0, int64(d)-1).Draw(t, "lazy"))
	return faultproxy.Idle(d).ResetBy(by).Lazy(lazy).Off(drawOff(t, d-lazy), anyTime.Draw(t, "late"))
}

// drawOff draws how early a timer of d may be.
func drawOff(t *rapid.T, d time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(d)-1).Draw(t, "early"))
}

// drawMatch keeps to matches whose tree decodes to the very same value; package
// frame proves the round trip of all others.
func drawMatch(t *rapid.T) frame.Trigger {
	return rapid.SampledFrom([]frame.Match{
		frame.Any, frame.Op(frame.OpPong), frame.Op(frame.OpPing, frame.OpPong), frame.Toward(frame.ToClient),
		frame.Equals("ping"), frame.Contains("a b"), frame.JSON("$.type", "ping"), frame.Size(1, 20), frame.Fin(false),
		frame.AllOf(frame.Op(frame.OpText), frame.Equals("pong")),
		frame.AllOf(frame.Op(frame.OpText), frame.Not(frame.Contains("x"))),
		frame.AnyOf(frame.Op(frame.OpClose), frame.Equals("bye")),
	}).Draw(t, "match")
}
