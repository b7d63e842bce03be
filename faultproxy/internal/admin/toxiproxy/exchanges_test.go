package toxiproxy_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// TestExchanges plays what clients of Toxiproxy send, one file a client: headers, then
// requests, each with the answer below it.
func TestExchanges(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, _ := strings.Cut(string(raw), "\n\n")
			header := http.Header{}
			for line := range strings.Lines(head) {
				if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
					header.Set(name, value)
				}
			}
			api := serve(t)
			lines := strings.Split(strings.TrimSpace(rest), "\n")
			for i := 0; i+1 < len(lines); i += 2 {
				if got := call(t, api, lines[i], header); got != lines[i+1] {
					t.Fatalf("%s\n got %s\nwant %s", lines[i], got, lines[i+1])
				}
			}
		})
	}
}

// serve serves the whole admin API, guard and all, without a proxy.
func serve(t *testing.T) string {
	t.Helper()
	f := &fleet.Fleet{Seed: 1}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &admin.Server{Fleet: f}
	if err := s.Serve(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

var port = regexp.MustCompile(`("listen":"127\.0\.0\.1:)\d+"`)

// call sends a request, and returns the status and the body of its answer in a line.
func call(t *testing.T, api, request string, header http.Header) string {
	t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	path, body, _ := strings.Cut(rest, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := port.ReplaceAllString(strings.TrimSpace(string(raw)), `${1}PORT"`)
	return strings.TrimSpace(resp.Status[:3] + " " + text)
}
