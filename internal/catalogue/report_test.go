package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// report says what of a client's log is other than on a line without faults, in whole
// seconds. A page is one that sees no pings.
func report(log realparts.Log, with string, page bool) string {
	var parts []string
	note := func(when bool, format string, args ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	begun, lasted := log[0].At, time.Duration(0)
	opens := log.Of(realparts.Open)
	if len(opens) > 0 {
		took := opens[0].At - begun
		begun = opens[0].At
		lasted = over(log) - begun
		note(took >= 1500*time.Millisecond, "opens after %v", seconds(took)) // a program that just started takes its time
		note(with == "deflate" && opens[0].Extensions == "", "opens without compression")
		note(with != "deflate" && opens[0].Extensions != "", "opens with %s", opens[0].Extensions)
		messages, beats := heard(log, with)
		note(strings.Join(messages, " ") != "one two three" && lasted > 3500*time.Millisecond, "reads %q", messages)
		slowest := echoes(log)
		note(late(slowest), "an echo takes %v", seconds(slowest))
		parts = append(parts, beats...)
		note(with == "pings" && !page, "%d pings from the server", len(log.Of(realparts.Pinged)))
	}
	return strings.Join(append(parts, ends(log, begun, len(parts) == 0)...), "; ")
}

// over is when no more could be heard.
func over(log realparts.Log) time.Duration {
	for _, e := range log {
		if e.Type == realparts.Failed {
			return e.At
		}
	}
	return log[len(log)-1].At
}

// heard are the messages of the log, without the answers to beats, and what is odd about
// those.
func heard(log realparts.Log, with string) (messages, odd []string) {
	beat, answer := realparts.Ping, realparts.Pong
	asked, answered, strange := 0, 0, 0
	var sent, slowest time.Duration
	for _, e := range log {
		typ := e.Type
		switch {
		case with == "texts" && typ == realparts.Sent && e.Data == "ping":
			typ = realparts.Ping
		case with == "texts" && typ == realparts.Message && e.Data == "pong":
			typ, e.Data = realparts.Pong, "beat"
		}
		switch typ {
		case beat:
			asked++
			sent = e.At
		case answer:
			answered++
			slowest = max(slowest, e.At-sent)
			if e.Data != "beat" {
				strange++
			}
		case realparts.Message:
			messages = append(messages, e.Data)
		}
	}
	if answered != asked {
		odd = append(odd, fmt.Sprintf("%d pongs to %d pings", answered, asked))
	}
	if strange > 0 {
		odd = append(odd, fmt.Sprintf("%d pongs that answer no ping", strange))
	}
	if answered == asked && late(slowest) {
		odd = append(odd, fmt.Sprintf("a pong takes %v", seconds(slowest)))
	}
	return messages, odd
}

// echoes is how long the slowest echo took.
func echoes(log realparts.Log) (slowest time.Duration) {
	back := log.Of(realparts.Message)
	for _, sent := range log.Of(realparts.Sent) {
		i := slices.IndexFunc(back, func(e realparts.Event) bool { return e.Data == sent.Data && e.At >= sent.At })
		if i >= 0 && sent.Data != "ping" {
			slowest = max(slowest, back[i].At-sent.At)
		}
	}
	return slowest
}

// ends is how it ended: at times since begun. alone says that nothing else is to be told.
func ends(log realparts.Log, begun time.Duration, alone bool) []string {
	last := log[len(log)-1]
	if last.Type == realparts.Left {
		switch {
		case last.Data != "open":
			return []string{fmt.Sprintf("still %s when the watch is over", last.Data)}
		case alone:
			return []string{"nothing"}
		}
		return nil
	}
	text := fmt.Sprintf("CloseEvent %d", last.Code)
	if last.Reason != "" {
		text += fmt.Sprintf(" %q", last.Reason)
	}
	if last.WasClean {
		text += ", clean"
	} else {
		text += ", not clean"
	}
	took := last.At - begun
	for _, e := range log.Of(realparts.Failed) {
		failed := "error"
		if e.Data != "" {
			failed += fmt.Sprintf(" %q", address.ReplaceAllString(e.Data, ""))
		}
		if late(last.At - e.At) {
			failed += after(e.At - begun)
		}
		text = failed + ", then " + text
	}
	return []string{text + after(took)}
}

// address is what of an error's text is another one each time.
var address = regexp.MustCompile(` 127\.0\.0\.1:\d+`)

func after(d time.Duration) string {
	if late(d) {
		return fmt.Sprintf(", after %v", seconds(d))
	}
	return ""
}

// late says that a time is no accident of a busy machine.
func late(d time.Duration) bool { return d >= 900*time.Millisecond }

func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }

func TestReport(t *testing.T) {
	const ms = time.Millisecond
	begin := realparts.Log{{Type: realparts.Connecting}, {At: 10 * ms, Type: realparts.Open}}
	talk := append(slices.Clone(begin),
		realparts.Event{At: 1010 * ms, Type: realparts.Sent, Data: "one"}, realparts.Event{At: 1012 * ms, Type: realparts.Message, Data: "one"},
		realparts.Event{At: 2010 * ms, Type: realparts.Sent, Data: "two"}, realparts.Event{At: 2012 * ms, Type: realparts.Message, Data: "two"},
		realparts.Event{At: 3010 * ms, Type: realparts.Sent, Data: "three"}, realparts.Event{At: 3012 * ms, Type: realparts.Message, Data: "three"})
	more := func(l realparts.Log, events ...realparts.Event) realparts.Log {
		return append(slices.Clone(l), events...)
	}
	left := func(state string) realparts.Event {
		return realparts.Event{At: 80 * time.Second, Type: realparts.Left, Data: state}
	}
	for want, c := range map[string]struct {
		log  realparts.Log
		with string
		page bool
	}{
		`nothing`:                                 {more(talk, left("open")), "", false},
		`still closing when the watch is over`:    {more(talk, left("closing")), "", false},
		`still connecting when the watch is over`: {more(begin[:1], left("connecting")), "", false},
		`CloseEvent 1012 "restart", clean, after 10s`: {more(talk,
			realparts.Event{At: 10030 * ms, Type: realparts.Close, Code: 1012, Reason: "restart", WasClean: true}), "", false},
		`error "no", then CloseEvent 1006, not clean`: {more(begin[:1],
			realparts.Event{At: 3 * ms, Type: realparts.Failed, Data: "no"}, realparts.Event{At: 4 * ms, Type: realparts.Close, Code: 1006}), "", false},
		`error, after 2s, then CloseEvent 1002, not clean, after 32s`: {more(talk[:4],
			realparts.Event{At: 2020 * ms, Type: realparts.Failed}, realparts.Event{At: 32020 * ms, Type: realparts.Close, Code: 1002}), "", false},
		`opens after 4s; an echo takes 2s`: {realparts.Log{{Type: realparts.Connecting}, {At: 4010 * ms, Type: realparts.Open},
			{At: 5 * time.Second, Type: realparts.Sent, Data: "one"}, {At: 7 * time.Second, Type: realparts.Message, Data: "one"},
			{At: 7 * time.Second, Type: realparts.Message, Data: "two"}, {At: 7 * time.Second, Type: realparts.Message, Data: "three"}, left("open")}, "", false},
		`opens without compression`: {more(talk, left("open")), "deflate", false},
		`2 pongs to 1 pings; 1 pongs that answer no ping`: {more(talk, realparts.Event{At: 20 * time.Second, Type: realparts.Ping},
			realparts.Event{At: 20 * time.Second, Type: realparts.Pong, Data: "beat"}, realparts.Event{At: 20 * time.Second, Type: realparts.Pong, Data: "x"}, left("open")), "", false},
		`a pong takes 15s`: {more(talk, realparts.Event{At: 20 * time.Second, Type: realparts.Sent, Data: "ping"},
			realparts.Event{At: 35 * time.Second, Type: realparts.Message, Data: "pong"}, left("open")), "texts", false},
		`1 pings from the server`: {more(talk, realparts.Event{At: 30 * time.Second, Type: realparts.Pinged}, left("open")), "pings", false},
		`error "read ECONNREFUSED", then CloseEvent 1006, not clean`: {more(begin[:1],
			realparts.Event{Type: realparts.Failed, Data: "read ECONNREFUSED 127.0.0.1:32979"}, realparts.Event{Type: realparts.Close, Code: 1006}), "pings", true},
	} {
		if got := report(c.log, c.with, c.page); got != want {
			t.Errorf("got %s, want %s of\n%s", got, want, c.log)
		}
	}
}
