package assertions_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// fragments cuts a text into frames of so many bytes.
func fragments(text string, size int) []frame.Frame {
	var all []frame.Frame
	for op := frame.OpText; ; op = frame.OpContinuation {
		part := text[:min(size, len(text))]
		text = text[len(part):]
		all = append(all, frame.Frame{Fin: text == "", Opcode: op, Payload: []byte(part)})
		if text == "" {
			return all
		}
	}
}

func TestMatchersOfGomegaSeePayloads(t *testing.T) {
	says := func(payload string) func(*tape) {
		return func(tl *tape) { tl.opens(1).sends(1, frame.Text(payload)) }
	}
	token, mixed := says("token=(x)"), func(tl *tape) { tl.opens(1).sends(1, frame.Text("no JSON"), frame.Text(`{"a": 1}`)) }
	size := func(b []byte) int { return len(b) }
	tell(t, []story{
		{"as a text", token, nil, HaveSent(Equal("token=(x)")), "yes", ""},
		{"as bytes", token, nil, HaveSent(Equal([]byte("token=(x)"))), "yes", ""},
		{"as other bytes", token, nil, HaveSent(Equal([]byte("token"))), "no", `sent a payload equal to []byte("token") 0 times`},
		{"as bytes of a type of their own", token, nil, HaveSent(Equal(json.RawMessage("token=(x)"))), "yes", ""},
		{"as bytes, negated", token, nil, HaveSent(Not(Equal([]byte("token=(x)")))), "no", ""},
		{"as bytes that are transformed", token, nil, HaveSent(WithTransform(size, Equal(9))), "yes", ""},
		{"as JSON, where some are none", mixed, nil, HaveSent(MatchJSON(`{"a":1}`)).Times(1), "yes", ""},
		{"as JSON, where none is", token, nil, HaveSent(MatchJSON(`{"a":1}`)), "no", `The client sent a payload matching JSON {"a":1} 0 times`},
		{"as XML, where none is", token, nil, HaveSent(MatchXML(`<a></a>`)), "no", ""},
		{"as YAML, where none is", says("a: b: c"), nil, HaveSent(MatchYAML(`a: 1`)), "no", ""},
		{"an expression that does not compile", token, nil, HaveSent(MatchRegexp("token=(")), "unclear", "the matcher takes no payload: RegExp match failed to compile"},
		{"such an expression behind another matcher", token, nil, HaveSent(And(ContainSubstring("nope"), Not(MatchRegexp("(")))), "unclear", "failed to compile"},
		{"what is expected is no JSON", token, nil, HaveSent(MatchJSON(`{"a":`)), "unclear", "should be valid JSON"},
		{"a matcher for numbers", token, nil, HaveSent(BeNumerically(">", 3)), "unclear", "the matcher takes no payload"},
		{"a function of numbers", token, nil, HaveSent(WithTransform(func(n int) int { return n }, Equal(3))), "unclear", "the matcher does not take what was measured"},
		{"a function that takes some", mixed, nil, HaveSent(WithTransform(func(s string) (string, error) {
			if s == "no JSON" {
				return "", errors.New("too long")
			}
			return s, nil
		}, ContainSubstring("a"))).Times(1), "yes", ""},
		{"in a sequence", token, nil, HaveExchanged(Sent(MatchRegexp("token=("))), "unclear", "failed to compile"},
		{"in a sequence, of numbers", token, nil, HaveExchanged(Sent(WithTransform(func(n int) int { return n }, Equal(3)))), "unclear", "does not take what was measured"},
		{"what a matcher could not take is not what it was asked for", mixed, nil, HaveSent(MatchJSON(`{"a":1}`)).Times(2), "no", "once, expected twice"},
	})
}

func TestMessagesInFragmentsCountOnce(t *testing.T) {
	subscribe := frame.JSON("type", "subscribe")
	text := `{"type":"subscribe","filter":"` + strings.Repeat("x", 5000) + `"}`
	play := func(tl *tape) { tl.opens(1).at(sec).sends(1, fragments(text, 4086)...) }
	cut := func(tl *tape) { tl.opens(1).at(sec).sends(1, fragments(text+strings.Repeat(" ", 5000), 5010)...) }
	got := func(tl *tape) { tl.opens(1).gets(1, fragments("welcome home", 4)...) }
	tell(t, []story{
		{"by JSON", play, nil, HaveSent(subscribe).Times(1), "yes", "-- in 2 fragments"},
		{"by a matcher", play, nil, HaveSent(MatchJSON(text)).Times(1), "yes", ""},
		{"as a frame", got, nil, HaveReceived(frame.Text("welcome home")).Times(1), "yes", ""},
		{"across the cut", got, nil, HaveReceived(frame.Contains("come ho")), "yes", ""},
		{"a part is no message", got, nil, HaveReceived(Equal("welc")), "no", ""},
		{"a ping within", func(tl *tape) {
			f := fragments("hello", 3)
			tl.opens(1).sends(1, f[0], frame.Ping([]byte("beat")), f[1])
		}, nil, HaveExchanged(Sent(frame.Equals("beat")), Sent(Equal("hello"))), "yes", ""},
		{"two connections at once", func(tl *tape) {
			one, two := fragments("hello", 3), fragments("HELLO", 3)
			tl.opens(1).opens(2).sends(1, one[0]).sends(2, two[0]).sends(1, one[1]).sends(2, two[1])
		}, nil, HaveSent(Or(Equal("hello"), Equal("HELLO"))).Times(2), "yes", ""},
		{"not complete yet", func(tl *tape) { tl.opens(1).sends(1, fragments("hello", 3)[0]) }, nil, HaveSent(ContainSubstring("hel")), "no", ""},
		{"in a sequence", func(tl *tape) { play(tl); tl.gets(1, frame.Text("ok")) }, nil, HaveExchanged(Sent(subscribe), Received(frame.Text("ok"))), "yes", ""},
		{"begun before what is looked at", func(tl *tape) {
			f := fragments("hello", 3)
			tl.opens(1).sends(1, f[0]).Note("x")
			tl.sends(1, f[1], frame.Text("more"))
		}, since(timeline.Noted("x")), HaveSent(ContainSubstring("lo")), "no", ""},
		{"not kept whole", cut, nil, HaveSent(frame.Contains("nope")), "unclear", "a message came in fragments that were not all kept whole"},
		{"not kept whole, negated by a matcher", cut, nil, HaveSent(Equal(text)).Times(0), "unclear", "-- of 3 fragments"},

		{"frames are counted by their headers", play, nil, HaveSent(frame.Op(frame.OpText, frame.OpContinuation)).Times(2), "yes", ""},
		{"continuations", play, nil, HaveSent(frame.Op(frame.OpContinuation)).Times(1), "yes", ""},
		{"frames without FIN", play, nil, HaveSent(frame.Fin(false)).Times(1), "yes", ""},
		{"frames of a size", play, nil, HaveSent(frame.Size(4086, 4086)).Times(1), "yes", ""},
		{"continuations by their payload", got, nil, HaveReceived(frame.AllOf(frame.Op(frame.OpContinuation), frame.Contains("ome"))).Times(2), "yes", ""},
	})
}

// What is long would hide the verdict.
func TestLongValuesAreAbbreviated(t *testing.T) {
	long := strings.Repeat("long ", 3000)
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).sends(1, frame.Text("short"))
		for _, m := range []matcher{HaveSent(Equal(long)), HaveSent(ContainSubstring(long)), HaveSent(MatchRegexp(long)), HaveSent(MatchJSON(`["` + long + `"]`)),
			HaveSent(Not(HavePrefix(long))), HaveSent(frame.Text(long)), HaveSent(Equal([]byte(long))), HaveConnected(Equal(long)), HaveReported(long)} {
			for _, text := range []string{m.String(), m.FailureMessage(tl)} {
				if headline, _, _ := strings.Cut(text, "\n"); len(headline) > 600 {
					t.Errorf("%d letters: %.200s", len(headline), headline)
				}
			}
		}
	})
}
