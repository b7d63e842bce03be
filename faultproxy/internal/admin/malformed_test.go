package admin_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// malformed are calls that somebody will make by mistake.
var malformed = []struct{ method, path, body string }{
	{"GET", "/v2/proxies", ""},
	{"GET", "/v1/proxies/", ""},
	{"PUT", "/v1/proxies", "{}"},
	{"GET", "/v1/proxies/nobody", ""},
	{"DELETE", "/v1/proxies/nobody", ""},
	{"POST", "/v1/proxies", ""},
	{"POST", "/v1/proxies", "{"},
	{"POST", "/v1/proxies", "name: ws"},
	{"POST", "/v1/proxies", `{"name": "a"} {"name": "b"}`},
	{"POST", "/v1/proxies", `["ws"]`},
	{"POST", "/v1/proxies", `{"name": "a/b", "upstream": "localhost:80"}`},
	{"POST", "/v1/proxies", `{"name": "a", "upstream": "ws://127.0.0.1:9", "listen": "8080"}`},
	{"POST", "/v1/proxies", `{"name": "a", "upstream": "ws://127.0.0.1:9", "listen": "127.0.0.1:99999"}`},
	{"POST", "/v1/proxies", `{"name": "a", "upstream": "ws://127.0.0.1:9", "upstrem": 1, "preset": "ngnix"}`},
	{"POST", "/v1/proxies", `{"name": "a", "upstream": "ws://127.0.0.1:9", "record": "/etc/passwd"}`},
	{"POST", "/v1/proxies", `{"name": "a", "upstream": "ws://127.0.0.1:9", "rules": [{"do": "drop"}]}`},
	{"POST", "/v1/proxies", `{"name": "ws", "upstream": "ws://127.0.0.1:9"}`},
	{"PATCH", "/v1/proxies/ws", `{"enabled": "yes"}`},
	{"PATCH", "/v1/proxies/ws", `{"name": "other"}`},
	{"PUT", "/v1/proxies/ws/preset", `{"preset": "nginx,idle=soon"}`},
	{"PUT", "/v1/proxies/ws/scenario", `{"phases": []}`},
	{"PUT", "/v1/proxies/ws/scenario", `{"phases": [{"name": "x"}]}`},
	{"POST", "/v1/proxies/ws/port/explode", ""},
	{"POST", "/v1/proxies/ws/rules", ""},
	{"POST", "/v1/proxies/ws/rules", `{"on": {"frame": {"op": "pnog"}}, "do": "drop"}`},
	{"POST", "/v1/proxies/ws/rules", `[{"name": "one", "do": {"latency": "10ms"}}, {"name": "one", "do": {"latency": "-10ms"}}]`},
	{"PUT", "/v1/proxies/ws/rules/a", `{"name": "b", "do": {"latency": "10ms"}}`},
	{"GET", "/v1/proxies/ws/rules/nothing", ""},
	{"GET", "/v1/proxies/ws/connections?state=dead", ""},
	{"GET", "/v1/proxies/ws/connections/first", ""},
	{"GET", "/v1/proxies/ws/connections/latest", ""},
	{"GET", "/v1/proxies/ws/connections/12", ""},
	{"GET", "/v1/proxies/ws/connections/12/diagnosis", ""},
	{"POST", "/v1/proxies/ws/connections/1/kill", ""},
	{"POST", "/v1/proxies/ws/connections/1/reset", ""},
	{"POST", "/v1/proxies/ws/connections/close", `{"code": "1000"}`},
	{"POST", "/v1/proxies/ws/connections/close", `{"code": 70000}`},
	{"POST", "/v1/proxies/ws/connections/reset", `{"hard": true}`},
	{"POST", "/v1/proxies/ws/connections/inject", `{"frame": {"op": "txt"}}`},
	{"POST", "/v1/proxies/ws/connections/ping", `{"payload": "` + strings.Repeat("x", 126) + `", "toward": "server"}`},
	{"GET", "/v1/proxies/ws/events?since=yesterday", ""},
	{"GET", "/v1/proxies/ws/events?kind=frames", ""},
	{"POST", "/v1/proxies/ws/wait", `{}`},
	{"POST", "/v1/proxies/ws/wait", `{"on": "openend"}`},
	{"POST", "/v1/proxies/ws/wait", `{"on": "opened", "count": 0, "timeout": "1h"}`},
	{"POST", "/v1/proxies/ws/wait", `{"on": {"frame": {"op": "ping"}, "fired": "x"}}`},
	{"POST", "/v1/proxies/ws/notes", `{"name": ""}`},
	{"POST", "/v1/proxies/ws/findings", `{"interval": 30}`},
}

// TestMalformedCalls compares what they are told with a golden file; -update writes it.
func TestMalformedCalls(t *testing.T) {
	a := serve(t)
	var got bytes.Buffer
	for _, call := range malformed {
		answer := a.call(call.method, call.path, call.body, nil)
		if answer.status < 400 || answer.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %s: %d %s", call.method, call.path, call.body, answer.status, answer.header.Get("Content-Type"))
		}
		fmt.Fprintf(&got, "%s %s %s\n", call.method, call.path, call.body)
		if err := json.Indent(&got, []byte(answer.body), "", "  "); err != nil {
			t.Errorf("%s %s: %v in %s", call.method, call.path, err, answer.body)
		}
		got.WriteString("\n")
	}
	const golden = "testdata/malformed.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the answers are not those of %s; go test -update writes them anew:\n%s", golden, got.String())
	}
}

func TestABodyThatIsTooLarge(t *testing.T) {
	a := serve(t)
	if got := a.call("POST", "/v1/proxies/ws/notes", `{"name": "`+strings.Repeat("x", 2<<20)+`"}`, nil); got.status != 413 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
