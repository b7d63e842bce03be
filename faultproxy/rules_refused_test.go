package faultproxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// userFault is a fault as a user would write one.
type userFault struct {
	stages faultproxy.Stage
	apply  func(*faultproxy.Plan)
}

func (f userFault) Stages() faultproxy.Stage { return f.stages }
func (f userFault) Apply(p *faultproxy.Plan) { f.apply(p) }
func (userFault) String() string             { return "user fault" }

func TestAddRefuses(t *testing.T) {
	drop := faultproxy.Drop{}
	for _, test := range []struct {
		rule faultproxy.Rule
		want string
	}{
		{faultproxy.Rule{On: frame.Any}, "has no fault"},
		{faultproxy.Rule{Name: "there", On: frame.Any, Do: drop}, "use Replace"},
		{faultproxy.Rule{Name: "caller", On: frame.Any, Do: drop}, "name is taken"},
		{faultproxy.Rule{On: faultproxy.Elapsed(time.Second), Do: drop}, "use silence or discard"},
		{faultproxy.Rule{On: faultproxy.Requested, Do: drop}, `needs a frame and "request" has none`},
		{faultproxy.Rule{Do: drop}, "needs a trigger (on), one that happens at: frame"},
		{faultproxy.Rule{Do: faultproxy.CloseWith(1000, "")}, "needs a trigger (on), one that happens at: frame, time"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.RejectWith(503)}, "acts at: request, response; but"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Refuse{}}, "acts at: accepted; but"},
		{faultproxy.Rule{Do: faultproxy.Refuse{}, Conns: faultproxy.Nth(2)}, "no number, path or header before its request"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Delay{By: 1}}, "acts at: accepted, request, response; but"},
		{faultproxy.Rule{On: ended, Do: drop}, "cannot be hung on"},
		{faultproxy.Rule{On: faultproxy.Elapsed(-1), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Every(0), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Idle(0), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Idle(time.Millisecond - 1), Do: faultproxy.Silence{}}, "comes again too soon: want 1ms at least"},
		{faultproxy.Rule{On: faultproxy.Every(1), Do: faultproxy.Silence{}}, "comes again too soon: want 1ms at least"},
		{faultproxy.Rule{On: faultproxy.At(0).Every(1), Do: faultproxy.Down{}}, "comes again too soon: want 1ms at least"},
		{faultproxy.Rule{On: faultproxy.Idle(1).ResetBy(0), Do: faultproxy.Silence{}}, "reset by nothing"},
		{faultproxy.Rule{On: faultproxy.Every(1).ResetBy(frame.ToClient), Do: faultproxy.Silence{}}, "only an idle trigger"},
		{faultproxy.Rule{On: faultproxy.Idle(1).Lazy(1), Do: faultproxy.Silence{}}, "lazy must be less"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Skip: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Times: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, OneIn: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, After: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, For: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{From: -1}}, "count from 1"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{From: 3, To: 2}}, "count from 1, and upwards"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{Path: "["}}, "connection path"},
		{faultproxy.Rule{Do: faultproxy.Latency{Delay: -1}}, "negative"},
		{faultproxy.Rule{Do: faultproxy.Latency{Jitter: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Late{By: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Silence{For: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Discard{For: -1}}, "negative"},
		{faultproxy.Rule{Do: faultproxy.Delay{By: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Duplicate{Copies: -1}}, "want 0 to 1000"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Duplicate{Copies: 1001}}, "want 0 to 1000"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{}}, "both sides are kept"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Forget{Client: faultproxy.FIN}}, "forget: whoever forgot a connection cannot end it with fin; want rst or silent"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Forget{Server: faultproxy.HalfClose}}, "cannot end it with half-close"},
		{faultproxy.Rule{Do: faultproxy.Forget{}}, "needs a trigger"},
		{faultproxy.Rule{On: faultproxy.Elapsed(1).Off(-1, 0), Do: faultproxy.Silence{}}, "a time is negative"},
		{faultproxy.Rule{On: faultproxy.Idle(1).Off(0, -1), Do: faultproxy.Silence{}}, "a time is negative"},
		{faultproxy.Rule{On: faultproxy.Idle(2).Off(2, 0), Do: faultproxy.Silence{}}, "early must be less than the time"},
		{faultproxy.Rule{On: faultproxy.Idle(4).Lazy(2).Off(2, 0), Do: faultproxy.Silence{}}, "early must be less than the time"},
		{faultproxy.Rule{On: faultproxy.Every(2).Off(0, 1), Do: faultproxy.Silence{}}, "only Idle and Elapsed can be off"},
		{faultproxy.Rule{On: faultproxy.At(2).Off(1, 0), Do: faultproxy.Silence{}}, "only Idle and Elapsed can be off"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{Client: 99}}, "unknown ending"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{Client: faultproxy.FIN, Gap: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.CloseWith(1000, strings.Repeat("x", 124))}, "at most 123"},
		{faultproxy.Rule{On: opened, Do: faultproxy.CloseWith(0, "x")}, "a reason needs a code"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Close{Other: 99}}, "unknown value for other"},
		{faultproxy.Rule{Do: faultproxy.RejectWith(101)}, "does not end a handshake"},
		{faultproxy.Rule{Do: faultproxy.Reject{Header: map[string][]string{"A b": nil}}}, "cannot be sent"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Reorder{By: -1}}, "reorder: by is -1; want 0 to 1000"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Reorder{Within: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Coalesce{Frames: 1}}, "coalesce: frames is 1; want 2 to 1000"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Coalesce{Within: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Split{Parts: 1}}, "split: parts is 1; want 2 to 1000"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Split{Pause: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Corrupt{Bytes: -1}}, "corrupt: -1 bytes; want"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Truncate{Keep: -1}}, "truncate: -1 bytes to keep; want"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Malform{}}, "malform: it changes nothing"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Malform{RSV: 8}}, "malform: rsv is 8; want 0 to 7"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Malform{LengthBytes: 4}}, "malform: length bytes is 4; want 2 or 8"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Malform{FlipFin: true}}, "needs a frame"},
		{faultproxy.Rule{On: faultproxy.At(-1), Do: faultproxy.Down{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.At(0).Every(-1), Do: faultproxy.Down{}}, "a time is negative"},
		{faultproxy.Rule{On: faultproxy.Elapsed(1).Staggered(1), Do: faultproxy.Silence{}}, "only At has a period or is staggered"},
		{faultproxy.Rule{On: faultproxy.Elapsed(1).Present(), Do: faultproxy.Silence{}}, "or is about present connections"},
		{faultproxy.Rule{On: faultproxy.At(0).Present(), Do: faultproxy.Down{}}, "the same for all connections"},
		{faultproxy.Rule{Do: faultproxy.Cut{How: faultproxy.FINRST}}, "does not end the connection"},
		{faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{}, Conns: faultproxy.Nth(1)}, "the same for all connections"},
		{faultproxy.Rule{On: faultproxy.At(0).Staggered(1), Do: faultproxy.Down{}}, "the same for all connections"},
		{faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{For: -1}}, "negative"},
		{faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{Drop: faultproxy.End{Gap: 1}}}, "both sides are kept"},
		{faultproxy.Rule{Do: faultproxy.Down{}}, "needs a trigger"},
		{faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Rate{}}, "hangs on nothing"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{Every: -1}}, "every -1 is negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{Percent: 100}}, "100 percent; want 1 to 99"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Spare: 1}, "Spare 1 lets everything pass"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Spare: -1}, "cannot be negative"},
		{faultproxy.Rule{Do: faultproxy.Rate{}, Spare: 2}, "no occurrences to count"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Forge{Dialect: heartbeat.SignalR()}}, "not answered, so there is nothing to forge"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Forge{Dialect: heartbeat.Dialect{Name: "x"}}}, "forge: "},
		{faultproxy.Rule{Do: faultproxy.BadCertificate{Problem: 9}}, "unknown problem"},
		{faultproxy.Rule{Do: faultproxy.CutTLS{How: faultproxy.Silent}}, "does not end the connection"},
		{faultproxy.Rule{Do: faultproxy.CutTLS{After: -1}}, "cut-tls: -1 bytes"},
		{faultproxy.Rule{Do: faultproxy.Redirect{Location: "/", Status: 200}}, "redirect: status is 200; want 300 to 399"},
		{faultproxy.Rule{Do: faultproxy.Redirect{Location: ":"}}, `redirect: the location ":" is no URL`},
		{faultproxy.Rule{Do: faultproxy.Cut{How: faultproxy.Silent}}, "does not end the connection"},
		{faultproxy.Rule{Do: faultproxy.Cut{After: -1}}, "cut: -1 bytes"},
		{faultproxy.Rule{On: faultproxy.Requested, Do: faultproxy.Cut{After: 1}}, "there is no answer to cut"},
		{faultproxy.Rule{Do: faultproxy.ResponseHeaders{}}, "they change nothing"},
		{faultproxy.Rule{Do: faultproxy.ResponseHeaders{Remove: []string{"content-length"}}}, "the proxy frames messages itself"},
		{faultproxy.Rule{Do: faultproxy.ResponseHeaders{Set: map[string][]string{"A": nil}}}, "has no value; use Remove"},
		{faultproxy.Rule{Do: faultproxy.RequestHeaders{Set: map[string][]string{"A": {"b\nc"}}}}, "cannot be sent"},
		{faultproxy.Rule{Do: faultproxy.RequestHeaders{Set: map[string][]string{"A": {"b"}}, Remove: []string{"a"}}}, "is there twice"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.StripDeflate{}}, "acts at: request; but"},
		{faultproxy.Rule{On: opened, Do: faultproxy.InjectBytes{}}, "inject-bytes: there are none"},
		{faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "x", Toward: frame.Both}}, "behind the 101 bytes go to the client alone"},
		{faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: -1}}, "rate: -1 bytes per second; want 0 to 2147483647"},
		{faultproxy.Rule{Do: faultproxy.Slice{}}, "slice: size is 0; want 1 to"},
		{faultproxy.Rule{Do: faultproxy.Slice{Size: 5, Variation: 5}}, "slice: variation is 5; want 0 to 4"},
		{faultproxy.Rule{Do: faultproxy.Slice{Size: 5, Pause: -1}}, "negative"},
		{faultproxy.Rule{Do: faultproxy.Limit{Bytes: -1}}, "limit: -1 bytes; want"},
		{faultproxy.Rule{Do: faultproxy.Limit{End: faultproxy.End{Client: 99}}}, "unknown ending"},
		{faultproxy.Rule{Do: faultproxy.SlowClose{Delay: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Freeze{For: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Rate{}}, "hangs on nothing: leave the trigger (on) out"},
		{faultproxy.Rule{Do: faultproxy.Rate{}, OneIn: 2}, "no occurrences to count"},
		{faultproxy.Rule{Do: faultproxy.DiscardBytes{}, Times: 2}, "no occurrences to count"},
		{faultproxy.Rule{Do: faultproxy.Limit{}, Skip: 2}, "no occurrences to count"},
		{faultproxy.Rule{Do: faultproxy.Slice{Size: 1}, Final: true}, "none behind it to stop"},
		{faultproxy.Rule{Do: faultproxy.Freeze{}}, "needs a trigger (on), one that happens at: frame, time"},
		{faultproxy.Rule{On: opened, Do: userFault{stages: faultproxy.StageFrame}}, "needs a frame"},
	} {
		p := &faultproxy.Proxy{}
		if err := p.Add(faultproxy.Rule{Name: "there", On: frame.Any, Do: drop}); err != nil {
			t.Fatal(err)
		}
		err := p.Add(faultproxy.Rule{Name: "good", On: frame.Any, Do: drop}, test.rule)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want an error with %q", test.rule, err, test.want)
		}
		if len(p.Rules()) != 1 {
			t.Errorf("%v: a part was added", test.rule)
		}
		test.rule.Name = "other"
		if err := p.Replace(test.rule); err == nil && test.want != "use Replace" && test.want != "name is taken" {
			t.Errorf("%v: Replace takes what Add refuses", test.rule)
		}
	}
}

func TestAddSaysAllThatIsWrong(t *testing.T) {
	p := &faultproxy.Proxy{}
	err := p.Add(faultproxy.Rule{Name: "a", On: frame.Any}, faultproxy.Rule{Name: "b", Do: faultproxy.Drop{}})
	if err == nil || !strings.Contains(err.Error(), `rule "a"`) || !strings.Contains(err.Error(), `rule "b"`) {
		t.Errorf("got %v", err)
	}
}

func TestExpectFired(t *testing.T) {
	for name, test := range map[string]struct {
		rule faultproxy.Rule
		want string
	}{
		"fired":      {faultproxy.Rule{On: frame.Any, Do: faultproxy.Drop{}}, ""},
		"no match":   {faultproxy.Rule{On: frame.Equals("y"), Do: faultproxy.Drop{}}, `rule "r" had to fire and never did: nothing matched`},
		"skipped":    {faultproxy.Rule{On: frame.Any, Skip: 9, Do: faultproxy.Drop{}}, "it matched once, but Skip"},
		"no time":    {faultproxy.Rule{On: faultproxy.Elapsed(time.Hour), Do: faultproxy.Silence{}}, "no connection got as far as elapsed 1h"},
		"no moment":  {faultproxy.Rule{Do: faultproxy.Refuse{}}, "there was nothing it could act on"},
		"other conn": {faultproxy.Rule{On: frame.Any, Conns: faultproxy.Nth(2), Do: faultproxy.Drop{}}, "on connection 2"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				p := &faultproxy.Proxy{Upstream: r.p.Upstream}
				if err := p.On(t, n).Start(); err != nil {
					t.Fatal(err)
				}
				r.p = p
				client, _ := r.open()
				test.rule.Name, test.rule.Expect = "r", faultproxy.Fired
				if err := p.Add(test.rule); err != nil { // after the opening: "no moment" has passed
					t.Fatal(err)
				}
				client.send(frame.Text("x"))
				settle()
				err := p.Close()
				switch {
				case test.want == "" && err != nil:
					t.Errorf("got %v", err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("got %v, want %q", err, test.want)
				}
				if again := p.Close(); fmt.Sprint(again) != fmt.Sprint(err) {
					t.Errorf("closing again: %v", again)
				}
			})
		})
	}
}

func TestSummaryListsRulesThatNeverFired(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "fired", On: frame.Any, Do: faultproxy.Drop{}},
			faultproxy.Rule{Name: "never", On: frame.Equals("y"), Do: faultproxy.Drop{}},
			faultproxy.Rule{Name: "idle", On: faultproxy.Idle(time.Hour), Do: faultproxy.Silence{}})
		client, _ := r.open()
		client.send(frame.Text("x"))
		settle()
		got := strings.Join(r.p.Summary(), "\n")
		if !strings.Contains(got, "seed 7") || !strings.Contains(got, `rule "never" never fired: nothing matched`) {
			t.Errorf("got %q", got)
		}
		if strings.Contains(got, `"idle"`) || strings.Contains(got, `"fired"`) {
			t.Errorf("rules are accused wrongly: %q", got)
		}
	})
}
