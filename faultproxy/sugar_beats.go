package faultproxy

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Rules that break the heartbeat, in the direction of the client: its beats, and what
// it hears of the server's. Without a dialect they are about protocol pings and pongs,
// and the text messages "ping" and "pong".

// DropPongs drops every answer to a heartbeat toward the client, so that its beats
// stay unanswered while data flows.
func DropPongs(dialects ...heartbeat.Dialect) Rule {
	return Rule{Name: "drop-pongs", On: pongs(dialects), Do: Drop{}}
}

// LatePongs makes every answer to the client's heartbeat late by d, alone: data passes it.
func LatePongs(d time.Duration, dialects ...heartbeat.Dialect) Rule {
	return Rule{Name: "late-pongs", On: pongs(dialects), Do: Late{By: d}}
}

// TwicePongs gives the client every answer twice.
func TwicePongs(dialects ...heartbeat.Dialect) Rule {
	return Rule{Name: "twice-pongs", On: pongs(dialects), Do: Duplicate{}}
}

// AnswerEveryNth lets only every k-th answer to the client's heartbeat pass: the k-th,
// the 2k-th and so on, of each connection. It panics if k is less than 2.
func AnswerEveryNth(k int, dialects ...heartbeat.Dialect) Rule {
	if k < 2 {
		panic(fmt.Sprintf("faultproxy.AnswerEveryNth(%d): want 2 or more", k))
	}
	return Rule{Name: "answer-every-nth", On: pongs(dialects), Spare: k, Do: Drop{}}
}

// WrongPongs forges the answers to the client's heartbeat; see [Forge]. There is a
// rule for each dialect.
func WrongPongs(dialects ...heartbeat.Dialect) (rules []Rule) {
	for _, d := range orUsual(dialects) {
		r := Rule{Name: "wrong-pongs", On: pongs([]heartbeat.Dialect{d}), Do: Forge{Dialect: d}}
		if len(rules) > 0 {
			r.Name = fmt.Sprintf("wrong-pongs-%d", len(rules)+1)
		}
		rules = append(rules, r)
	}
	return rules
}

// DropPings drops the beats toward the client, so that it never hears the server's
// heartbeat and has nothing to answer. It is for dialects in which the server beats.
func DropPings(dialects ...heartbeat.Dialect) Rule {
	beats := make([]frame.Match, 0, len(dialects))
	for _, d := range orUsual(dialects) {
		beats = append(beats, d.Beats())
	}
	return Rule{Name: "drop-pings", On: frame.AllOf(frame.Toward(frame.ToClient), frame.AnyOf(beats...)), Do: Drop{}}
}

// UnsolicitedPongs sends the client an answer to no beat every d, which RFC 6455
// section 5.5.3 permits as a heartbeat of one side; it must not count as the answer to
// a ping. With a dialect it is what answers a first beat of that. It panics if beats
// of the dialect are not answered.
func UnsolicitedPongs(d time.Duration, dialect ...heartbeat.Dialect) Rule {
	pong := frame.Pong([]byte("unsolicited"))
	if len(dialect) > 0 {
		beat, _ := dialect[0].NewBeat(1)
		var ok bool
		if pong, ok = dialect[0].AnswerTo(frame.View{Dir: dialect[0].By.Sends(), Header: beat.Header(), Payload: beat.Payload}); !ok {
			panic(fmt.Sprintf("faultproxy.UnsolicitedPongs: beats of %v are not answered", dialect[0]))
		}
	}
	return Rule{Name: "unsolicited-pongs", On: Every(d), Do: Inject{Frame: pong}}
}

// pongs selects the answers that the client receives.
func pongs(dialects []heartbeat.Dialect) frame.Match {
	answers := make([]frame.Match, 0, len(dialects))
	for _, d := range orUsual(dialects) {
		answers = append(answers, d.Answers())
	}
	return frame.AllOf(frame.Toward(frame.ToClient), frame.AnyOf(answers...))
}

func orUsual(dialects []heartbeat.Dialect) []heartbeat.Dialect {
	if len(dialects) == 0 {
		return []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}
	}
	return dialects
}
