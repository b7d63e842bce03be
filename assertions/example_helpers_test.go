package assertions_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// ask prints what a matcher says, up to the end of its first line.
func ask(actual any, m types.GomegaMatcher) {
	ok, err := m.Match(actual)
	text := m.FailureMessage(actual)
	switch headline, _, _ := strings.Cut(text, "\n"); {
	case err != nil:
		fmt.Println(headline)
	case ok:
		fmt.Println("yes")
	default:
		fmt.Println("no:", headline)
	}
}

// recording is the timeline of what is written down, one thing a line: the time, the
// connection, and what happened there, as a server saw it.
func recording(text string) *timeline.Timeline {
	tl := timeline.New()
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		at, err := time.ParseDuration(words[0])
		if err != nil {
			panic(err)
		}
		conn := 0
		if n, isConn := strings.CutPrefix(words[1], "#"); isConn {
			conn, _ = strconv.Atoi(n)
			words = words[1:]
		}
		for _, r := range happens(tl, words[1], words[2:]) {
			r.At, r.Conn, r.Vantage = at, conn, timeline.AtServer
			tl.Append(r)
		}
	}
	return tl
}

// happens is what a word stands for.
func happens(tl *timeline.Timeline, word string, args []string) []timeline.Record {
	fields := func(names ...string) (f []timeline.Field) {
		for i, name := range names {
			f = append(f, timeline.Field{Name: name, Value: args[i]})
		}
		return f
	}
	request := timeline.Record{Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Arrived,
		Fields: []timeline.Field{{Name: "method", Value: "GET"}, {Name: "target", Value: "/"}}}
	ended := timeline.Record{Kind: timeline.KindEnded}
	left := func(k timeline.Kind) timeline.Record {
		return timeline.Record{Kind: k, Dir: frame.ToClient, Seen: timeline.Left}
	}
	arrived := func(k timeline.Kind) timeline.Record {
		return timeline.Record{Kind: k, Dir: frame.ToServer, Seen: timeline.Arrived}
	}
	switch word {
	case "opens":
		return []timeline.Record{request, {Kind: timeline.KindOpened}}
	case "refused":
		refusal := left(timeline.KindResponse)
		refusal.Fields = fields("status")
		return []timeline.Record{request, refusal, ended}
	case "cut": // by the server's FIN
		return []timeline.Record{left(timeline.KindFIN), arrived(timeline.KindFIN), ended}
	case "sends", "receives":
		f := framed(args)
		r := left(timeline.KindFrame)
		if f.Masked = word == "sends"; f.Masked {
			r = arrived(timeline.KindFrame)
		}
		r.Header, r.Payload, r.Plain = f.Header(), f.Payload, true
		return []timeline.Record{r}
	case "closed": // by the server, with this code
		code, _ := strconv.Atoi(args[0])
		return append(append(happens(tl, "receives", []string{"close", args[0]}), happens(tl, "sends", []string{"close", strconv.Itoa(code)})...),
			happens(tl, "cut", nil)...)
	case "reports":
		r := timeline.Record{Kind: timeline.KindReport, Fields: []timeline.Field{{Name: "name", Value: args[0]}}}
		for _, pair := range args[1:] {
			name, value, _ := strings.Cut(pair, "=")
			r.Fields = append(r.Fields, timeline.Field{Name: name, Value: value})
		}
		return []timeline.Record{r}
	case "starts":
		return []timeline.Record{{Kind: timeline.KindStarted, Fields: fields("client")}}
	case "exits":
		return []timeline.Record{{Kind: timeline.KindExit, Fields: fields("client", "code")}}
	case "rule":
		return []timeline.Record{{Kind: timeline.KindRule, Rule: tl.Intern(args[0]), Fields: []timeline.Field{{Name: "change", Value: "added"}}}}
	case "fires":
		return []timeline.Record{{Kind: timeline.KindFault, Rule: tl.Intern(args[0]), Fields: fields("does")}}
	case "now":
		return []timeline.Record{{Kind: timeline.KindNote, Fields: []timeline.Field{{Name: "name", Value: "now"}}}}
	}
	panic("no word for " + word)
}

// framed is a frame in words, such as "text hello" or "close 1012".
func framed(words []string) frame.Frame {
	rest := strings.Join(words[1:], " ")
	switch words[0] {
	case "ping":
		return frame.Ping([]byte(rest))
	case "pong":
		return frame.Pong([]byte(rest))
	case "close":
		code, _ := strconv.Atoi(words[1])
		return frame.Close(frame.CloseCode(code), "")
	}
	return frame.Text(rest)
}
