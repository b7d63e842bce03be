package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Timelines that begin at different times share one clock on stdout, and each keeps its
// own in its recording.
func TestTellersShareAClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.jsonl")
	for _, asJSON := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			b := newBroadcast(&session{stdout: &stdout, stderr: &stderr}, timeline.New())
			b.json = asJSON
			recording, err := (&output{Record: path}).recording()
			if err != nil {
				t.Fatal(err)
			}
			a := timeline.New()
			time.Sleep(2 * time.Second)
			late := timeline.New()
			tell := func(x *teller, lines ...string) {
				t.Helper()
				if err := b.tell(x, lines); err != nil {
					t.Fatal(err)
				}
			}
			tell(&teller{name: "a", tl: a, hello: []byte("{\"a\"}\n")}, "the greeting speaks of a")
			b.begin([]byte("{}\n"), []string{"hello"})
			tell(&teller{name: "late", tl: late, recording: recording, hello: []byte("{\"late\"}\n"), ready: []byte("{\"ready\"}\n")}, "late is there")
			a.Note("one")
			synctest.Wait()
			time.Sleep(time.Second)
			late.Note("two")
			if err := b.end([]string{"bye"}); err != nil {
				t.Fatal(err)
			}
			if err := b.tell(&teller{tl: timeline.New()}, nil); err == nil {
				t.Error("it is over, and tells of another")
			}
			want := "hello\nlate is there\na       2.000s  -      note one\nlate    3.000s  -      note two\nbye\n"
			if asJSON {
				want = `{}
{"a"}
{"late"}
{"event":"note","t":2,"name":"one","proxy":"a"}
{"event":"note","t":3,"name":"two","proxy":"late"}
`
			}
			if got := stdout.String(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			recorded, err := os.ReadFile(path)
			if want := "{\"ready\"}\n" + `{"event":"note","t":1,"name":"two"}` + "\n"; err != nil || string(recorded) != want {
				t.Errorf("recorded %s, %v; want %s", recorded, err, want)
			}
		})
	}
}

// A recording that goes elsewhere has all from the beginning on, and so has nobody told
// anything twice.
func TestRecordToAnotherFile(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *recording {
		t.Helper()
		r, err := (&output{Record: filepath.Join(dir, name)}).recording()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	synctest.Test(t, func(t *testing.T) {
		var stdout bytes.Buffer
		b := newBroadcast(&session{stdout: &stdout, stderr: &stdout}, timeline.New())
		b.json = true
		x := &teller{tl: timeline.New(), recording: open("first"), ready: []byte("{\"ready\"}\n")}
		if err := b.tell(x, nil); err != nil {
			t.Fatal(err)
		}
		b.begin(x.ready, nil)
		x.tl.Append(timeline.Record{Kind: timeline.KindOpened, Conn: 1})
		x.tl.Append(timeline.Record{Kind: timeline.KindEnded, Conn: 1})
		synctest.Wait()
		x.recordTo(open("second"))
		if got := x.records(); got != filepath.Join(dir, "second") {
			t.Errorf("it records to %s", got)
		}
		x.tl.Note("more")
		synctest.Wait()
		x.recordTo(nil)
		x.tl.Note("unrecorded")
		if err := b.end(nil); err != nil {
			t.Fatal(err)
		}
		for name, lines := range map[string]int{"first": 3, "second": 4} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || strings.Count(string(text), "\n") != lines || !strings.HasPrefix(stdout.String(), string(text)) {
				t.Errorf("%s, %v: got %d lines, want the first %d of\n%s\n%s", name, err, strings.Count(string(text), "\n"), lines, stdout.String(), text)
			}
		}
	})
}

// Who records to a file that another proxy takes lets go of it first.
func TestARecordingIsOneProxys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	var out bytes.Buffer
	b := newBroadcast(&session{stdout: &out, stderr: &out}, timeline.New())
	a := &announcer{b: b, authority: &authorityFile{}, opened: map[string]*recording{}}
	proxies := &fleet.Fleet{Seed: 7, Opened: a.announce}
	for _, name := range []string{"a", "b"} {
		r, err := openRecording(path)
		if err != nil {
			t.Fatal(err)
		}
		a.opened[name] = r
		if _, err := proxies.Create(config.Proxy{Name: name, Listen: config.DefaultListen, Upstream: "ws://127.0.0.1:1", Record: path}); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := b.tellerOf("a").records(), b.tellerOf("b").records(); first != "" || second != path {
		t.Errorf("a records to %q, b to %q", first, second)
	}
	b.begin([]byte("{}\n"), nil)
	if err := proxies.Close(); err != nil {
		t.Error(err)
	}
	if err := b.end(nil); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"proxy":"b"`) || strings.Contains(string(text), `"proxy":"a"`) {
		t.Errorf("%v: recorded %s", err, text)
	}
}
