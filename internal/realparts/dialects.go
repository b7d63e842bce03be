package realparts

import (
	"bytes"
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
	GaveUp     = "gave-up"     // it called the connection dead, for Reason
)

// Said is one thing that the client of a protocol said. Not every client lets
// itself be asked about beats.
type Said struct {
	At     time.Duration // on the client's own clock; only differences mean anything
	Event  string
	Reason string
}

// DialectClient is a run of the npm client of a protocol.
type DialectClient struct {
	dialect string
	cmd     *exec.Cmd
	stdout  bytes.Buffer // not to be read before the process has been waited for
	stderr  output
}

// StartDialectClient runs the npm client of a protocol in a Node.js process of its
// own: the one in node/dialects that is named as the dialect is. It connects once,
// beats or expects beats every interval, and ends when it has given the connection
// up, or failed, or after 40 s. It is killed when the test ends.
func StartDialectClient(tb testing.TB, dialect, url string, interval time.Duration) *DialectClient {
	tb.Helper()
	path := Find(tb, "apt-get install nodejs npm", "node", "nodejs")
	dir := nodeDir(tb)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "graphql-ws")); err != nil {
		Missing(tb, "the npm packages with real clients", "npm ci --prefix internal/realparts/node --ignore-scripts")
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodeLimit)
	c := &DialectClient{dialect: dialect, cmd: exec.CommandContext(ctx, path,
		filepath.Join(dir, "dialects", "main.mjs"), dialect, url, strconv.FormatInt(interval.Milliseconds(), 10))}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	if err := c.cmd.Start(); err != nil {
		cancel()
		tb.Fatalf("start node dialects/main.mjs %s: %v", dialect, err)
	}
	tb.Cleanup(func() {
		cancel()
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Wait() // it was killed because nobody waited for it
		}
	})
	return c
}

// Wait returns what the client said, once it has ended. A client that did not end by
// giving up fails the test.
func (c *DialectClient) Wait(tb testing.TB) []Said {
	tb.Helper()
	if err := c.cmd.Wait(); err != nil {
		tb.Errorf("node dialects/main.mjs %s: %v\n%s\n%s", c.dialect, err, &c.stderr, &c.stdout)
	}
	var said []Said
	for text := range bytes.Lines(c.stdout.Bytes()) {
		var line struct {
			At            float64
			Event, Reason string
		}
		if err := json.Unmarshal(text, &line); err != nil {
			tb.Errorf("node dialects/main.mjs %s printed %q: %v", c.dialect, text, err)
			continue
		}
		said = append(said, Said{time.Duration(line.At * float64(time.Millisecond)), line.Event, line.Reason})
	}
	return said
}
