// Package ci is a CI job that breaks a connection with the faultproxy binary, three times:
// in shell (job.sh), in Node.js (job.mjs) and in Go (here).
//
// All three do the same: start faultproxy run --json, read the ready line for its URL, run
// the client, end the proxy with SIGTERM, and ask the recording what happened. They need
// no library, and neither does a job in any other language.
package ci_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// TestMain builds faultproxy onto the PATH, as a job's first step does.
func TestMain(m *testing.M) {
	bin, err := os.MkdirTemp("", "faultproxy")
	if err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "build", "-o", bin, "../../faultproxy/cmd/faultproxy").CombinedOutput(); err != nil {
		panic(string(out))
	}
	os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	code := m.Run()
	os.RemoveAll(bin)
	os.Exit(code)
}

func TestShell(t *testing.T) {
	realparts.Find(t, "apt-get install curl", "curl")
	if out, err := exec.CommandContext(t.Context(), "sh", "job.sh", t.TempDir()).CombinedOutput(); err != nil {
		t.Errorf("job.sh: %v\n%s", err, out)
	}
}

func TestNode(t *testing.T) {
	node := realparts.Find(t, "apt-get install nodejs npm", "node", "nodejs")
	packages, err := filepath.Abs("../../internal/realparts/node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(packages), "node_modules", "ws")); err != nil {
		realparts.Missing(t, "the ws package for Node.js", "npm ci --prefix internal/realparts/node")
	}
	cmd := exec.CommandContext(t.Context(), node, "job.mjs", t.TempDir())
	cmd.Env = append(os.Environ(), "WS_FROM="+packages)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("job.mjs: %v\n%s", err, out)
	}
}

func TestGo(t *testing.T) {
	g := NewWithT(t)
	record := filepath.Join(t.TempDir(), "out.jsonl")
	proxy := exec.CommandContext(t.Context(), "faultproxy", "run", "--json", "--listen", "127.0.0.1:0", "--admin", "off",
		"--ttl", "30s", "--close", "1012:restart@200ms", "--record", record)
	stdout, err := proxy.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(proxy.Start()).To(Succeed())
	lines := bufio.NewScanner(stdout)
	g.Expect(lines.Scan()).To(BeTrue())
	var ready struct{ URL string }
	g.Expect(json.Unmarshal(lines.Bytes(), &ready)).To(Succeed())

	ws, _, err := websocket.DefaultDialer.Dial(ready.URL, nil) // the client under test
	g.Expect(err).NotTo(HaveOccurred())
	_, _, err = ws.ReadMessage()
	g.Expect(websocket.IsCloseError(err, 1012)).To(BeTrue(), "%v", err)
	ws.Close()

	g.Expect(proxy.Process.Signal(syscall.SIGTERM)).To(Succeed())
	for lines.Scan() {
	}
	g.Expect(proxy.Wait()).To(Succeed())
	f, err := os.Open(record)
	g.Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	tl, err := timeline.ReadJSONL(f)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tl).To(HaveClosed(ByPeer, WithCode(1012), Cleanly))
}
