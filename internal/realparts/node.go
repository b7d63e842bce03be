package realparts

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// nodeLimit bounds a run of Node, besides what its scenarios are watched for. ws waits
// up to 30 s for the end of TCP after a close handshake.
const nodeLimit = 60 * time.Second

// Node plays the scenarios, all at once, in one Node.js process with the ws
// client, offering compression as a browser does, and returns a log for each.
func Node(tb testing.TB, scenarios []Scenario) []Log {
	tb.Helper()
	path := Find(tb, "apt-get install nodejs npm", "node", "nodejs")
	dir := nodeDir(tb)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ws")); err != nil {
		Missing(tb, "the ws package for Node.js", "npm ci --prefix internal/realparts/node")
	}
	input, err := json.Marshal(scenarios)
	if err != nil {
		tb.Fatalf("scenarios for Node: %v", err)
	}

	limit := nodeLimit + longest(scenarios)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, filepath.Join(dir, "probe.mjs"))
	cmd.Stdin = bytes.NewReader(input)
	var stderr output
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		tb.Fatalf("node probe.mjs, which may take %v: %v\n%s\n%s", limit, err, &stderr, stdout)
	}

	logs := make([]Log, len(scenarios))
	for line := range bytes.Lines(stdout) {
		var which struct{ Scenario int }
		var event Event
		if err := json.Unmarshal(line, &which); err != nil {
			tb.Fatalf("node probe.mjs printed %q: %v", line, err)
		}
		if err := json.Unmarshal(line, &event); err != nil {
			tb.Fatalf("node probe.mjs printed %q: %v", line, err)
		}
		logs[which.Scenario] = append(logs[which.Scenario], event)
	}
	return logs
}

// nodeDir is the folder of probe.mjs in the tree that the test runs in.
func nodeDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatalf("find internal/realparts/node: %v", err)
	}
	for {
		node := filepath.Join(dir, "internal", "realparts", "node")
		if _, err := os.Stat(filepath.Join(node, "probe.mjs")); err == nil {
			return node
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("internal/realparts/node/probe.mjs is in no folder above the test's")
		}
		dir = up
	}
}
