package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tape records what a test wants to have happened. Its time is what the test says.
type tape struct {
	*timeline.Timeline
	now time.Duration
}

// recordedAt is when the tapes of tests begin.
var recordedAt = `{"event":"ready","v":1,"start":"2026-03-01T12:00:00Z","seed":"7"}`

func newTape(t testing.TB) *tape {
	t.Helper()
	tl, err := timeline.ReadJSONL(strings.NewReader(recordedAt + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return &tape{Timeline: tl}
}

func (tp *tape) pass(d time.Duration) *tape { tp.now += d; return tp }

func (tp *tape) append(r timeline.Record) *tape {
	r.At = tp.now
	tp.Append(r)
	return tp
}

func fields(pairs ...string) (list []timeline.Field) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, timeline.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

// rule records that a rule was added.
func (tp *tape) rule(name, does, awaits string) *tape {
	return tp.append(timeline.Record{Kind: timeline.KindRule, Rule: tp.Intern(name), Fields: fields("change", "added", "does", does, "awaits", awaits)})
}

// opens records a handshake that succeeds, 2 ms long.
func (tp *tape) opens(conn int, target string) *tape {
	tp.append(timeline.Record{Conn: conn, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Passed,
		Fields: fields("method", "GET", "target", target, "host", "shop.example.test", "origin", "https://shop.example.test",
			"sec-websocket-version", "13", "cookie", "session=topsecret")})
	tp.append(timeline.Record{Conn: conn, Kind: timeline.KindDialed, Fields: fields("address", "192.0.2.7:9000")})
	tp.pass(2 * time.Millisecond).append(timeline.Record{Conn: conn, Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: timeline.Passed,
		Fields: fields("status", "101", "upgrade", "websocket")})
	return tp.append(timeline.Record{Conn: conn, Kind: timeline.KindOpened})
}

// frame records a frame.
func (tp *tape) frame(conn int, dir frame.Direction, seen timeline.Seen, f frame.Frame, rule string) *tape {
	r := timeline.Record{Conn: conn, Kind: timeline.KindFrame, Dir: dir, Seen: seen, Header: f.Header(), Payload: f.Payload, Plain: true}
	r.Header.Masked = dir == frame.ToServer
	if rule != "" {
		r.Rule = tp.Intern(rule)
		if seen == timeline.Arrived {
			tp.happens(conn, timeline.KindFault, dir, 0, rule, "does", rule)
		}
	}
	return tp.append(r)
}

func (tp *tape) sends(conn int, f frame.Frame) *tape {
	return tp.frame(conn, frame.ToServer, timeline.Passed, f, "")
}

func (tp *tape) receives(conn int, f frame.Frame) *tape {
	return tp.frame(conn, frame.ToClient, timeline.Passed, f, "")
}

// happens records a lifecycle event.
func (tp *tape) happens(conn int, kind timeline.Kind, dir frame.Direction, seen timeline.Seen, rule string, pairs ...string) *tape {
	r := timeline.Record{Conn: conn, Kind: kind, Dir: dir, Seen: seen, Fields: fields(pairs...)}
	if rule != "" {
		r.Rule = tp.Intern(rule)
	}
	return tp.append(r)
}

// outage is a tape with everything that diagrams show: beats that are answered, late,
// dropped and never answered, an idle timeout, a rejection, a silence that heals, and a
// closing handshake.
func outage(t testing.TB) *tape {
	tp := newTape(t)
	tp.rule("nginx/idle", "on idle 1m0s: end both sides with full-close", "")
	tp.rule("drop-pongs", "on frame pong to-client: drop", "traffic")
	tp.rule("late", "on frame text to-client: late 3s", "traffic")
	tp.rule("never", "on frame binary: drop", "traffic")
	tp.pass(4*time.Millisecond).opens(1, "/feed?token=hunter2")
	for range 3 {
		tp.pass(20*time.Second).sends(1, frame.Text("ping"))
		tp.pass(time.Millisecond).receives(1, frame.Text("pong"))
	}
	tp.pass(5*time.Second).sends(1, frame.Text(`{"type":"subscribe","channel":"prices"}`))
	tp.pass(2*time.Millisecond).frame(1, frame.ToClient, timeline.Arrived, frame.Text("price 42"), "late")
	tp.pass(3*time.Second).frame(1, frame.ToClient, timeline.Left, frame.Text("price 42"), "late")
	tp.pass(12*time.Second).sends(1, frame.Ping([]byte("abcd")))
	tp.pass(time.Millisecond).frame(1, frame.ToClient, timeline.Arrived, frame.Pong([]byte("abcd")), "drop-pongs")
	tp.pass(time.Minute).happens(1, timeline.KindFault, 0, 0, "nginx/idle", "does", "end both sides with full-close")
	tp.happens(1, timeline.KindClosed, frame.ToServer, 0, "nginx/idle", "how", "close")
	tp.happens(1, timeline.KindClosed, frame.ToClient, 0, "nginx/idle", "how", "close")
	tp.happens(1, timeline.KindEnded, 0, 0, "")

	tp.pass(time.Second).append(timeline.Record{Conn: 2, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Arrived,
		Fields: fields("method", "GET", "target", "/feed", "host", "shop.example.test")})
	tp.happens(2, timeline.KindFault, 0, 0, "overload", "does", "reject with 503")
	tp.happens(2, timeline.KindResponse, frame.ToClient, timeline.Left, "overload", "status", "503", "retry-after", "5")
	tp.happens(2, timeline.KindClosed, frame.ToClient, 0, "overload", "how", "close")
	tp.happens(2, timeline.KindEnded, 0, 0, "")

	tp.pass(5*time.Second).opens(3, "/feed")
	tp.pass(time.Second).receives(3, frame.Ping([]byte("s1")))
	tp.pass(time.Millisecond).sends(3, frame.Pong([]byte("s1")))
	tp.pass(4*time.Second).happens(3, timeline.KindSilence, frame.ToClient, 0, "tunnel", "does", "silence")
	tp.pass(2*time.Second).frame(3, frame.ToClient, timeline.Arrived, frame.Text("tick 1"), "tunnel")
	tp.pass(4*time.Second).happens(3, timeline.KindHeal, frame.ToClient, 0, "tunnel")
	tp.frame(3, frame.ToClient, timeline.Left, frame.Text("tick 1"), "tunnel")
	tp.pass(2*time.Second).receives(3, frame.Close(1012, "restart"))
	tp.pass(time.Millisecond).sends(3, frame.Close(1012, "restart"))
	tp.happens(3, timeline.KindFIN, frame.ToClient, timeline.Passed, "")
	tp.pass(time.Millisecond).happens(3, timeline.KindFIN, frame.ToServer, timeline.Passed, "")
	tp.happens(3, timeline.KindEnded, 0, 0, "")
	return tp
}

// golden compares a document with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		from := max(0, i-80)
		t.Errorf("not what %s says, from byte %d on: got …%s…, want …%s… (look at it, and run the test with -update to write it anew)",
			path, i, got[from:min(len(got), i+120)], want[from:min(len(want), i+120)])
	}
}

// wellFormed fails the test if a document is no XML.
func wellFormed(t *testing.T, doc []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.Strict = true
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, doc)
		}
	}
}
