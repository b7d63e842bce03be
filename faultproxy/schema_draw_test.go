package faultproxy_test

import (
	"net/http"
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
	someTime    = rapid.Map(rapid.Int64Range(1, int64(100*time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
	count       = rapid.IntRange(0, 1000)
	direction   = rapid.SampledFrom([]frame.Direction{0, frame.ToServer, frame.ToClient, frame.Both})
	headerName  = rapid.Map(rapid.StringMatching(`[A-Z][a-z]{0,5}(-[A-Z][a-z]{0,5})?`), http.CanonicalHeaderKey)
	headerText  = rapid.StringMatching(`[ -~]{0,12}`)
	drawnEnding = rapid.SampledFrom([]faultproxy.Ending{faultproxy.Keep, faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST, faultproxy.Silent})
)

func drawRule(t *rapid.T) faultproxy.Rule {
	r := faultproxy.Rule{
		Name:   anyText.Draw(t, "name"),
		Conns:  drawConns(t),
		Skip:   count.Draw(t, "skip"),
		Times:  count.Draw(t, "times"),
		OneIn:  count.Draw(t, "oneIn"),
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
	}
	var possible []func(*rapid.T) frame.Trigger
	for s := faultproxy.StageAccept; s <= faultproxy.StagePath; s <<= 1 {
		if stages&s != 0 {
			possible = append(possible, triggers[s])
		}
	}
	r.On = rapid.SampledFrom(possible).Draw(t, "stage")(t)
	if r.On == faultproxy.Accepted {
		r.Conns = faultproxy.Conns{}
	}
	return r
}

func drawConns(t *rapid.T) faultproxy.Conns {
	c := faultproxy.Conns{From: rapid.IntRange(0, 3).Draw(t, "from"), Path: rapid.SampledFrom([]string{"", "/ws", "/a?*"}).Draw(t, "path")}
	if rapid.Bool().Draw(t, "bounded") {
		c.To = c.From + rapid.IntRange(0, 3).Draw(t, "more")
	}
	if header := rapid.MapOfN(headerName, anyText, 0, 2).Draw(t, "header"); len(header) > 0 {
		c.Header = header
	}
	return c
}

func drawTiming(t *rapid.T) frame.Trigger {
	d := someTime.Draw(t, "d")
	switch rapid.IntRange(0, 3).Draw(t, "timing") {
	case 0:
		return timeline.Opened
	case 1:
		return faultproxy.Elapsed(d)
	case 2:
		return faultproxy.Every(d)
	}
	by := rapid.SampledFrom([]frame.Direction{frame.ToServer, frame.ToClient, frame.Both}).Draw(t, "by")
	lazy := time.Duration(rapid.Int64Range(0, int64(d)-1).Draw(t, "lazy"))
	return faultproxy.Idle(d).ResetBy(by).Lazy(lazy)
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
	switch rapid.IntRange(0, 13).Draw(t, "fault") {
	case 0:
		return faultproxy.Drop{}
	case 1:
		return faultproxy.Hang{}
	case 2:
		return faultproxy.Refuse{}
	case 3:
		return faultproxy.Latency{Delay: anyTime.Draw(t, "delay"), Jitter: anyTime.Draw(t, "jitter"), Dir: direction.Draw(t, "dir")}
	case 4:
		return faultproxy.Late{By: anyTime.Draw(t, "by"), Jitter: anyTime.Draw(t, "jitter")}
	case 5:
		return faultproxy.Delay{By: anyTime.Draw(t, "by"), Jitter: anyTime.Draw(t, "jitter")}
	case 6:
		return faultproxy.Duplicate{Copies: count.Draw(t, "copies")}
	case 7:
		return faultproxy.Inject{Frame: drawFrame(t), Toward: direction.Draw(t, "toward")}
	case 8:
		return faultproxy.Replace{With: drawFrame(t)}
	case 9:
		c := faultproxy.Close{
			Code: frame.CloseCode(rapid.Uint16().Draw(t, "code")), Toward: direction.Draw(t, "toward"),
			Other: rapid.SampledFrom([]faultproxy.Other{faultproxy.SameCode, faultproxy.OtherFIN, faultproxy.OtherKeep}).Draw(t, "other"),
		}
		if c.Code != 0 {
			c.Reason = rapid.StringN(0, 30, 123).Draw(t, "reason")
		}
		return c
	case 10:
		e := faultproxy.End{
			Client: drawnEnding.Draw(t, "client"), Server: drawnEnding.Draw(t, "server"),
			Gap: anyTime.Draw(t, "gap"), ServerFirst: rapid.Bool().Draw(t, "serverFirst"),
		}
		if e.Client == faultproxy.Keep && e.Server == faultproxy.Keep {
			e.Client = faultproxy.RST
		}
		return e
	case 11:
		return faultproxy.Silence{Dir: direction.Draw(t, "dir"), For: anyTime.Draw(t, "for")}
	case 12:
		return faultproxy.Discard{Dir: direction.Draw(t, "dir"), For: anyTime.Draw(t, "for")}
	}
	f := faultproxy.Reject{Status: rapid.SampledFrom([]int{0, 200, 401, 503}).Draw(t, "status"), Body: anyText.Draw(t, "body")}
	if header := rapid.MapOfN(headerName, rapid.SliceOfN(headerText, 1, 2), 0, 2).Draw(t, "headers"); len(header) > 0 {
		f.Header = header
	}
	return f
}
