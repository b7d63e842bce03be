package adminclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
)

// streams is a server of one proxy: its n-th stream gets the n-th text and ends, or hangs
// if the text is empty; behind the last, nobody answers any more.
type streams struct {
	last  int // the newest event, as the server says
	texts []string
	asked []string // the query of each
}

func (s *streams) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := func(body io.Reader) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	}
	if !strings.HasSuffix(r.URL.Path, "/events") {
		return answer(strings.NewReader(fmt.Sprintf(`{"last_event":%d}`, s.last)))
	}
	if len(s.asked) == len(s.texts) {
		return nil, errors.New("gone")
	}
	text := s.texts[len(s.asked)]
	s.asked = append(s.asked, r.URL.RawQuery)
	if text == "" {
		return answer(silent{r.Context()})
	}
	return answer(strings.NewReader(text))
}

// silent is a body that says nothing.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// follow follows the streams in virtual time. It returns the lines, how often the stream
// broke, and how it ended.
func follow(t *testing.T, ctx context.Context, s *streams, since int, tell func(line string) error) (lines []string, broke int, err error) {
	t.Helper()
	c, err := adminclient.New("127.0.0.1:8474", "")
	if err != nil {
		t.Fatal(err)
	}
	c.HTTP = &http.Client{Transport: s}
	of := adminclient.Events{Proxy: "ws", Since: since, Conn: 3, Kinds: "frame,ended"}
	err = c.Follow(ctx, of, 10*time.Second, func(error) { broke++ }, func(line []byte) error {
		lines = append(lines, string(line))
		if tell != nil {
			return tell(string(line))
		}
		return nil
	})
	return lines, broke, err
}

func TestFollowGoesOnWhereItBroke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &streams{last: 9, texts: []string{
			"id: 4\ndata: {\"a\":4}\n\n: still here\n\nid: 7\ndata: {\"a\":7}\n\nid: 8\ndata: {\"torn", "id: 8\ndata: {\"a\":8}\n\n"}}
		began := time.Now()
		lines, broke, err := follow(t, t.Context(), s, 2, nil)
		if want := []string{`{"a":4}`, `{"a":7}`, `{"a":8}`}; !slices.Equal(lines, want) {
			t.Errorf("got %q, want %q", lines, want)
		}
		want := []string{"conn=3&kind=frame%2Cended&since=2", "conn=3&kind=frame%2Cended&since=7"}
		if !slices.Equal(s.asked, want) {
			t.Errorf("asked for %q, want %q", s.asked, want)
		}
		if took := time.Since(began); broke != 2 || !errors.Is(err, adminclient.ErrUnreachable) || took < 10*time.Second || took > 13*time.Second {
			t.Errorf("broke %d times, ended after %v with %v; want twice, and given up after 10s", broke, took, err)
		}
	})
}

// A new proxy of the same name counts from 1 again.
func TestFollowBeginsAnewWithANewProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &streams{last: 1, texts: []string{"id: 50\ndata: {}\n\n", "id: 1\ndata: {}\n\n"}}
		if lines, _, _ := follow(t, t.Context(), s, 0, nil); len(lines) != 2 || !strings.HasSuffix(s.asked[1], "since=0") {
			t.Errorf("got %q, asked for %q", lines, s.asked)
		}
	})
}

// Only a proxy that was there before can have begun anew.
func TestFollowWaitsForEventsThatAreYetToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &streams{last: 1, texts: []string{"id: 60\ndata: {}\n\n"}}
		if _, _, _ = follow(t, t.Context(), s, 50, nil); !strings.HasSuffix(s.asked[0], "since=50") {
			t.Errorf("asked for %q", s.asked)
		}
	})
}

func TestFollowLeavesAStreamThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &streams{last: 9, texts: []string{"", "id: 1\ndata: {}\n\n"}}
		began := time.Now()
		var told time.Duration
		lines, _, _ := follow(t, t.Context(), s, 0, func(string) error { told = time.Since(began); return nil })
		if len(lines) != 1 || told < 45*time.Second || told > 50*time.Second {
			t.Errorf("got %q after %v; want a line from the second stream after 45s", lines, told)
		}
	})
}

func TestFollowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		lines, _, err := follow(t, ctx, &streams{last: 9, texts: []string{"id: 1\ndata: {}\n\n", ""}}, 0, func(string) error { time.AfterFunc(time.Second, cancel); return nil })
		if err != nil || len(lines) != 1 {
			t.Errorf("interrupted: got %q, %v; want no error", lines, err)
		}
		full := errors.New("stdout is full")
		if _, _, err = follow(t, t.Context(), &streams{texts: []string{"id: 1\ndata: {}\n\n"}}, 0, func(string) error { return full }); err != full {
			t.Errorf("who is told fails: got %v", err)
		}
		began := time.Now()
		_, broke, err := follow(t, t.Context(), &streams{}, 0, nil)
		if !errors.Is(err, adminclient.ErrUnreachable) || broke != 0 || time.Since(began) != 0 {
			t.Errorf("nobody there: got %v after %v; want it at once", err, time.Since(began))
		}
	})
}
