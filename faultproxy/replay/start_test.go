package replay_test

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
)

// lament is a test that writes down what it is told, and ends with Fatalf.
type lament struct {
	*testing.T
	said []string
}

func (l *lament) Logf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}
func (l *lament) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// file writes a recording to a file.
func file(t *testing.T, doc []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "staging.jsonl")
	if err := os.WriteFile(name, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAFileIsPlayedInATest(t *testing.T) {
	doc := lines(ready, opens(1, 0), says(1, 1, "hello"), fins(1, 2))
	synctest.Test(t, func(t *testing.T) {
		l := &lament{T: t}
		srv := replay.InMemory(l, file(t, append(doc, `{"event":`...)))
		if saw := (client{}).meets(t, srv.Network(), srv.URL); !strings.Contains(saw, "hello") {
			t.Errorf("the client saw %q", saw)
		}
		if said := strings.Join(l.said, "\n"); !strings.Contains(said, "staging.jsonl:7: the recording ends in the middle of this line") {
			t.Errorf("the log has %q", said)
		}
	})
	srv := replay.Start(t, file(t, doc))
	resp, err := http.Get("http" + strings.TrimPrefix(srv.URL, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestAFileThatCannotBePlayedEndsTheTest(t *testing.T) {
	for name, want := range map[string]string{
		filepath.Join(t.TempDir(), "nowhere.jsonl"): "nowhere.jsonl: no such file",
		file(t, []byte(ready)):                      "staging.jsonl: there is nothing to play",
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, "replay: ") || !strings.Contains(said, want) {
					t.Errorf("the test is told %q, want %q", said, want)
				}
			}()
			replay.Start(&lament{T: t}, name)
		}()
	}
}

// A recording, ten times as fast.
func ExampleRead() {
	recording, err := os.ReadFile("testdata/restart.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	r, err := replay.Read(recording, replay.Options{})
	if err != nil {
		log.Fatal(err)
	}
	r.Speed = 10
	srv := r.Server()
	if err := srv.Start(); err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ws, _, err := srv.Dialer().Dial(srv.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ws.Close()
	_, message, _ := ws.ReadMessage()
	_, _, err = ws.ReadMessage()
	fmt.Printf("%s: %s, then %v\n", r, message, err)
	// Output: connection 1: hello, then websocket: close 1012: restart
}
