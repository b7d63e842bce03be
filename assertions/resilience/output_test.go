package resilience_test

import (
	"strings"
	"testing"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

func TestWhatIsNoReportIsKeptAsOutput(t *testing.T) {
	srv := fake.Start(t)
	lines := []string{
		`{"event":7}`, `{"event":""}`, `{"event":"cut`, `{"event":"a"} and more`, `{"event":"a"}{"event":"b"}`, `{"name":"x"}`, `{}`, `{`, `}`,
		`["event"]`, `"event"`, `null`, `{"event":"a",}`, `{"event" "a"}`, `{'event':'a'}`, strings.Repeat("{", 100), strings.Repeat(`{"event":`, 20000),
	}
	s := resilience.Start(t, srv, program("cat", fileWith(t, strings.Join(lines, "\n")+"\n")))
	exits(t, s)
	tells(t, srv, "started client=resilience.test", "exit client=resilience.test code=0")
	if got, want := s.Stdout(), strings.Join(lines, "\n")+"\n"; got != want[len(want)-len(got):] || len(got) != 64<<10 {
		t.Errorf("kept is %.200q…", got)
	}
}

func TestReportsOfEveryForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"event":"a"}`: "report name=a",
		"  \t{ \"x\" : 1 , \"event\" : \"a\" } \r":                    "report name=a x=1",
		`{"event":"a","event":"b","event":3}`:                         "report name=a event=b event=3",
		`{"event":"a","x":"","y":null,"z":true}`:                      "report name=a x= y=null z=true",
		`{"event":"a","n":1.50e3,"big":123456789012}`:                 "report name=a n=1.50e3 big=123456789012",
		`{"event":"a","o":{ "k": [ 1, {} ] }}`:                        `report name=a o={"k":[1,{}]}`,
		`{"event":"ä\u00e4\ud800","x":"\u0000"}`:                      "report name=ää\uFFFD x=\x00",
		`{"event":"a","token":"hunter2","url":"ws://x/?key=hunter2"}`: "report name=a token=[redacted] url=ws://x/?key=[redacted]",
	} {
		t.Run(in, func(t *testing.T) {
			srv := fake.Start(t)
			exits(t, resilience.Start(t, srv, program("say", in)))
			tells(t, srv, "started client=resilience.test", want, "exit client=resilience.test code=0")
		})
	}
}

func TestALastLineWithoutAnEndIsRead(t *testing.T) {
	srv := fake.Start(t)
	exits(t, resilience.Start(t, srv, program("write", `{\"event\":\"last\"}`, "1")))
	awaits(t, srv, 1, timeline.Reported("last"))
}

func TestBinaryOutputIsHarmless(t *testing.T) {
	tb := &recorder{T: t}
	srv := fake.Start(t)
	s := resilience.Start(tb, srv, program("write", `\x00\xff\xfe{\n\r\n\x1b]0;x\x07{\"event\":\"\xff\"}\n{\"event\":\"\xff\"}\n`, "10000"))
	exits(t, s)
	awaits(t, srv, 10000, timeline.Reported("\uFFFD"))
	if got := s.Stdout(); len(got) != 64<<10 {
		t.Errorf("%d bytes are kept", len(got))
	}
	tb.Errorf("fail")
	_, log := tb.finish()
	if i := strings.IndexFunc(log, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("a control character in the log: %q", log[i:i+20])
	}
	contains(t, "the log", log, "standard output, without reports, the last 65536 bytes of ")
}

func TestALongLine(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name, line string
		want       []string
		kept       int
	}{
		{"a report of 1 MiB", `{"event":"big","x":"` + strings.Repeat("x", mib-23) + `"}` + "\n", []string{"report name=big x=" + strings.Repeat("x", mib-23)}, 0},
		{"a report beyond", `{"event":"big","x":"` + strings.Repeat("x", mib) + `"}` + "\n",
			[]string{"note name=report not recorded client=resilience.test why=its line has more than 1048576 bytes"}, 64 << 10},
		{"text beyond", strings.Repeat("x", 3*mib) + "\n", nil, 64 << 10},
		{"text beyond without an end", strings.Repeat("x", 3*mib), nil, 64 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := fake.Start(t)
			path := fileWith(t, c.line, `{"event":"after"}`+"\n")
			s := resilience.Start(t, srv, program("cat", path))
			exits(t, s)
			want := append([]string{"started client=resilience.test"}, c.want...)
			if strings.HasSuffix(c.line, "\n") {
				want = append(want, "report name=after")
			}
			tells(t, srv, append(want, "exit client=resilience.test code=0")...)
			if got := len(s.Stdout()); got != c.kept {
				t.Errorf("%d bytes are kept, want %d", got, c.kept)
			}
		})
	}
}

func TestReportsWithoutEndAreCutOff(t *testing.T) {
	srv := fake.Start(t)
	report := `{"event":"flood"}` + strings.Repeat(" ", 100_000) + "\n"
	s := resilience.Start(t, srv, program("write", `{\"event\":\"flood\"}`+strings.Repeat(" ", 100_000)+`\n`, "1000"))
	exits(t, s)
	var reports int
	var said []string
	for e := range srv.View().All() {
		switch e.Kind {
		case timeline.KindReport:
			reports++
		case timeline.KindNote:
			said = append(said, e.Field("why"))
		}
	}
	if want := 64 << 20 / len(report); reports != want {
		t.Errorf("%d reports, want %d", reports, want)
	}
	if len(said) != 1 || said[0] != "the client's reports have more than 67108864 bytes; this one and all later ones are left out" {
		t.Errorf("the timeline says %q", said)
	}
	if got := s.Stdout(); got != "" {
		t.Errorf("%d bytes are kept", len(got))
	}
}
