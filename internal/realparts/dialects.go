package realparts

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// What the client of a protocol says, the Event of a Said.
const (
	Connected  = "connected"   // the WebSocket is open
	InSession  = "session"     // the protocol's own opening is complete
	Beat       = "beat"        // it sent a beat
	Answered   = "answer"      // the answer to one arrived
	ServerBeat = "server-beat" // a beat of the server arrived
	GaveUp     = "gave-up"     // it called the connection dead
)

// Said is one thing that the client of a protocol said.
type Said struct {
	At     time.Duration // on the client's own clock; only differences mean anything
	Event  string
	Reason string // of a GaveUp
}

// DialectClient runs the npm client of a protocol in a Node.js process of its own:
// the one in node/dialects named as the dialect is. It beats, or expects beats, every
// interval, and the call returns what it said once it has given the connection up.
// A client that says it has failed, or is still connected after a minute, fails the
// test. Not every client lets itself be asked about beats.
func DialectClient(tb testing.TB, dialect, url string, interval time.Duration) []Said {
	tb.Helper()
	path := find(tb, "apt-get install nodejs npm", "node", "nodejs")
	dir := nodeDir(tb)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "graphql-ws")); err != nil {
		missing(tb, "the npm client for "+dialect, "npm ci --prefix internal/realparts/node --ignore-scripts")
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodeLimit+5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, filepath.Join(dir, "dialects", "main.mjs"),
		dialect, url, strconv.FormatInt(interval.Milliseconds(), 10))
	var stderr output
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("node dialects/main.mjs %s: %v", dialect, err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("node dialects/main.mjs %s: %v", dialect, err)
	}
	var said []Said
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var line struct {
			At            float64
			Event, Reason string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Errorf("node dialects/main.mjs %s printed %q: %v", dialect, lines.Bytes(), err)
			continue
		}
		said = append(said, Said{time.Duration(line.At * float64(time.Millisecond)), line.Event, line.Reason})
		if line.Event == "failed" {
			tb.Errorf("the %s client failed: %s", dialect, line.Reason)
			cancel()
		}
	}
	if err := cmd.Wait(); err != nil {
		tb.Errorf("node dialects/main.mjs %s: %v\n%s", dialect, err, &stderr)
	}
	return said
}
