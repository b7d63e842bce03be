package toxiproxy

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// calls are made to both, one after the other. TAKEN is an address that is in use, OFF a
// port that is free.
var calls = []struct {
	request string // METHOD path body
	except  string // why ours is different; empty: it must not be
}{
	{"GET /version", "a Toxiproxy that was built without its release script does not know its version"},
	{"GET /proxies", ""},
	{"POST /populate []", ""},
	{`POST /proxies {"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, ""},
	{`POST /proxies {"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, ""},
	{`POST /proxies {"name": "off", "listen": "localhost:OFF", "upstream": "127.0.0.1:9", "enabled": false}`, ""},
	{`POST /proxies {"listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, ""},
	{`POST /proxies {"name": "b"}`, ""},
	{`POST /proxies`, ""},
	{`POST /proxies {`, ""},
	{`POST /proxies {"name": 7}`, "the Go type of the field has another name here"},
	{`POST /proxies {"name": "b", "listen": "TAKEN", "upstream": "127.0.0.1:9"}`, ""},
	{`POST /proxies {"name": "b", "listen": "nonsense", "upstream": "127.0.0.1:9"}`, ""},
	{`POST /proxies {"name": "b/c", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, "Toxiproxy makes it, and nobody can ever name it again"},
	{`POST /proxies {"name": "d", "listen": "127.0.0.1:0", "upstream": "nonsense"}`, "Toxiproxy makes it, and every connection fails"},
	{`DELETE /proxies/d`, "so it is there to be deleted"},
	{`GET /proxies/a`, ""},
	{`GET /proxies/nobody`, ""},
	{`DELETE /proxies/nobody`, ""},
	{`PUT /proxies/a`, ""},
	{`PUT /proxies`, ""},
	{`HEAD /version`, ""},
	{`POST /proxies/a {"enabled": false}`, ""},
	{`PATCH /proxies/a {"enabled": true}`, ""},
	{`PATCH /proxies/a {"upstream": "127.0.0.1:7"}`, ""},
	{`PATCH /proxies/a {"listen": "nonsense"}`, ""},
	{`PATCH /proxies/a {"listen": "TAKEN"}`, ""},
	{`GET /proxies/a`, "Toxiproxy has stopped it by then; here what cannot be done changes nothing"},
	{`PATCH /proxies/a {"enabled": true}`, "Toxiproxy tries the address that is taken again"},
	{`DELETE /proxies/a`, ""},
	{`POST /proxies {"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, ""},
	{`GET /proxies/a/toxics`, ""},
	{`POST /proxies/a/toxics {"type": "latency", "attributes": {"latency": 100}}`, ""},
	{`POST /proxies/a/toxics {"type": "latency"}`, ""},
	{`POST /proxies/a/toxics {"name": "up", "type": "latency", "stream": "UPSTREAM", "toxicity": 0.25, "attributes": {"latency": 1000, "jitter": 50}}`, ""},
	{`POST /proxies/a/toxics {"type": "bandwidth", "attributes": {"rate": 100}}`, ""},
	{`POST /proxies/a/toxics {"type": "slow_close"}`, ""},
	{`POST /proxies/a/toxics {"type": "timeout", "toxicity": 0, "attributes": {"timeout": 1}}`, ""},
	{`POST /proxies/a/toxics {"type": "reset_peer"}`, ""},
	{`POST /proxies/a/toxics {"type": "slicer", "attributes": {"average_size": 64, "size_variation": 32, "delay": 10}}`, ""},
	{`POST /proxies/a/toxics {"type": "limit_data", "attributes": {"bytes": 7, "unknown": 1}}`, ""},
	{`POST /proxies/a/toxics {"type": "noop"}`, ""},
	{`POST /proxies/a/toxics {"type": "gremlin"}`, ""},
	{`POST /proxies/a/toxics {}`, ""},
	{`POST /proxies/a/toxics`, ""},
	{`POST /proxies/a/toxics {"type": "latency", "stream": ""}`, ""},
	{`POST /proxies/a/toxics {"type": "latency", "stream": "sideways"}`, ""},
	{`POST /proxies/a/toxics {"name": "x", "type": "timeout", "attributes": {"timeout": "1"}}`, ""},
	{`POST /proxies/a/toxics {"name": "x", "type": "timeout", "attributes": {"timeout": 1.5}}`, ""},
	{`POST /proxies/a/toxics {"name": "x", "type": "timeout", "toxicity": -3}`, "a share below 0 is a mistake"},
	{`DELETE /proxies/a/toxics/x`, "so it is there to be deleted"},
	{`POST /proxies/nobody/toxics {"type": "latency"}`, ""},
	{`GET /proxies/a/toxics`, ""},
	{`GET /proxies/a/toxics/up`, ""},
	{`GET /proxies/a/toxics/nothing`, ""},
	{`PATCH /proxies/a/toxics/up {"attributes": {"latency": 7}}`, ""},
	{`POST /proxies/a/toxics/up {"toxicity": 0.5, "type": "noop", "name": "other"}`, ""},
	{`PATCH /proxies/a/toxics/up {"attributes": {"latency": "x"}}`, ""},
	{`PATCH /proxies/a/toxics/nothing {}`, ""},
	{`DELETE /proxies/a/toxics/up`, ""},
	{`DELETE /proxies/a/toxics/up`, ""},
	{`GET /proxies/a`, ""},
	{`POST /reset`, ""},
	{`GET /proxies/a`, ""},
	{`GET /proxies/off`, ""},
	{`GET /reset`, ""},
	{`POST /populate [{"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:8"}, {"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:8"}]`, ""},
	{`POST /populate [{"name": "q", "upstream": "127.0.0.1:8", "listen": "127.0.0.1:0"}, {"upstream": "127.0.0.1:8"}]`, ""},
	{`POST /populate [{"name": "r", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:8"}, {"name": "s", "listen": "TAKEN", "upstream": "127.0.0.1:8"}]`, ""},
	{`POST /populate {`, ""},
	{`GET /proxies/q`, ""},
	{`GET /proxies/r`, ""},
	{`MOZILLA /proxies`, ""},
	{`GET /proxies/`, "what is nowhere is told as in the rest of this API"},
	{`GET /nothing`, "what is nowhere is told as in the rest of this API"},
}

var (
	ports = regexp.MustCompile(`("listen":"[^"]*:)\d+"`)
	// Toxiproxy shows a field by accident.
	logger = strings.NewReplacer(`"Logger":{},`, "")
)

// call makes one, and says what came of it.
func (s *server) call(request, taken string) string {
	s.t.Helper()
	_, off, _ := net.SplitHostPort(s.free)
	method, rest, _ := strings.Cut(strings.NewReplacer("TAKEN", taken, "OFF", off).Replace(request), " ")
	path, body, _ := strings.Cut(rest, " ")
	agent := "toxiproxy-cli"
	if method == "MOZILLA" {
		method, agent = "GET", "Mozilla/5.0 (X11)"
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "no answer: " + err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	id := "no request id"
	if resp.Header.Get("X-Toxiproxy-Request-Id") != "" {
		id = "a request id"
	}
	text := strings.ReplaceAll(string(raw), taken, "TAKEN")
	return strings.Join([]string{resp.Status, resp.Header.Get("Content-Type"), id, logger.Replace(ports.ReplaceAllString(text, `$1#"`))}, "; ")
}

func TestTheSameIsAnswered(t *testing.T) {
	taken := upstream(t, echo)
	stock, ours := start(t, "stock"), start(t, "ours")
	for _, c := range calls {
		want, got := stock.call(c.request, taken), ours.call(c.request, taken)
		if same := want == got; same != (c.except == "") {
			t.Errorf("%s\nstock: %s\nours:  %s\nexception: %s", c.request, want, got, c.except)
		}
	}
}
