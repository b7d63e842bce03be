package toxiproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"
)

// exchange sends bytes through a proxy, and its FIN behind them if it half-closes, and
// says in a line what came back, how late, and how it ended.
func exchange(addr string, payload string, halfClose bool) string {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return "dial: " + reason(err)
	}
	defer func() { _ = c.Close() }()
	begun := time.Now()
	go func() {
		_, _ = io.WriteString(c, payload)
		if halfClose {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
	var got []byte
	var last time.Duration
	b := make([]byte, 64<<10)
	var n int
	for n, err = c.Read(b); err == nil; n, err = c.Read(b) {
		got = append(got, b[:n]...)
		last = time.Since(begun)
		if len(got) == len(payload) { // does it end now?
			_ = c.SetReadDeadline(time.Now().Add(700 * time.Millisecond))
		}
	}
	same := "the same"
	if !strings.HasPrefix(payload, string(got)) {
		same = "others"
	}
	end := reason(err)
	if end != "still open" {
		end += " after " + about(time.Since(begun))
	}
	return fmt.Sprintf("%d bytes, %s, within %s; %s", len(got), same, about(last), end)
}

// about is a time to half a second: two busy cores permit no more.
func about(d time.Duration) string {
	return fmt.Sprintf("%.1f s", float64((d+200*time.Millisecond)/(500*time.Millisecond))/2)
}

func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF):
		return "EOF"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "still open"
	}
	return err.Error()
}

// talk sends 10,000 bytes and ends, and hears the client out.
func talk(c net.Conn) {
	_, _ = io.WriteString(c, payload)
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// answer waits for the client's end, and then for a moment, before it answers.
func answer(c net.Conn) {
	all, _ := io.ReadAll(c)
	<-time.After(300 * time.Millisecond)
	_, _ = c.Write(all)
}

var payload = strings.Repeat("0123456789", 1000)

// What a toxic does to 10,000 bytes: an echo of the client's, or all that the server has
// to say.
var effects = []struct {
	name      string
	server    func(net.Conn)
	halfClose bool
	toxic     *client.Toxic // nil: none
	except    string        // why ours is different; empty: it must not be
}{
	{name: "nothing", server: echo},
	{name: "the server ends", server: talk},
	{name: "the client half-closes", server: answer, halfClose: true, except: "Toxiproxy ends both directions on the first FIN, so the answer is lost"},
	{name: "latency", server: echo, toxic: toxic("latency", "downstream", "latency", 1000)},
	{name: "latency upstream", server: echo, toxic: toxic("latency", "upstream", "latency", 500)},
	{name: "latency before the end", server: talk, toxic: toxic("latency", "downstream", "latency", 500)},
	{name: "bandwidth", server: echo, toxic: toxic("bandwidth", "downstream", "rate", 10)},
	{name: "bandwidth 0", server: echo, toxic: toxic("bandwidth", "downstream", "rate", 0)},
	{name: "slow_close", server: talk, toxic: toxic("slow_close", "downstream", "delay", 1000)},
	{name: "timeout 0", server: echo, toxic: toxic("timeout", "downstream", "timeout", 0)},
	{name: "timeout", server: echo, toxic: toxic("timeout", "downstream", "timeout", 1000)},
	{name: "timeout upstream", server: echo, toxic: toxic("timeout", "upstream", "timeout", 1000)},
	{name: "reset_peer", server: echo, toxic: toxic("reset_peer", "downstream", "timeout", 500)},
	{name: "reset_peer upstream", server: echo, toxic: toxic("reset_peer", "upstream", "timeout", 0)},
	{name: "slicer", server: echo, toxic: toxic("slicer", "downstream", "average_size", 1000, "size_variation", 100, "delay", 50_000)},
	{name: "limit_data", server: echo, toxic: toxic("limit_data", "downstream", "bytes", 4321)},
	{name: "limit_data upstream", server: echo, toxic: toxic("limit_data", "upstream", "bytes", 0)},
	{name: "noop", server: echo, toxic: toxic("noop", "downstream")},
}

// toxic is one, with its attributes in pairs.
func toxic(typ, stream string, attributes ...any) *client.Toxic {
	t := &client.Toxic{Type: typ, Stream: stream, Toxicity: 1, Attributes: client.Attributes{}}
	for i := 0; i < len(attributes); i += 2 {
		t.Attributes[attributes[i].(string)] = attributes[i+1]
	}
	return t
}

func TestTheSameBecomesOfTheTraffic(t *testing.T) {
	stock, ours := start(t, "stock"), start(t, "ours")
	for i, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var results [2]string
			for k, s := range []*server{stock, ours} {
				p, err := s.CreateProxy(fmt.Sprintf("p%d", i), "127.0.0.1:0", upstream(t, e.server))
				if err != nil {
					t.Fatal(err)
				}
				if e.toxic != nil {
					if _, err := p.AddToxic("", e.toxic.Type, e.toxic.Stream, 1, e.toxic.Attributes); err != nil {
						t.Fatalf("%s: %v", s.name, err)
					}
				}
				results[k] = exchange(p.Listen, payload, e.halfClose)
			}
			if same := results[0] == results[1]; same != (e.except == "") {
				t.Errorf("stock: %s\nours:  %s\nexception: %s", results[0], results[1], e.except)
			}
			t.Log(results[1])
		})
	}
}

// What is done to connections that are open already.
func TestTheSameBecomesOfLiveConnections(t *testing.T) {
	for _, each := range []struct {
		name string
		do   func(p *client.Proxy) error
		want string // of both
	}{
		{"disabled", func(p *client.Proxy) error { return p.Disable() }, "EOF"},
		{"deleted", func(p *client.Proxy) error { return p.Delete() }, "EOF"},
		{"limited", func(p *client.Proxy) error {
			_, err := p.AddToxic("", "limit_data", "downstream", 1, client.Attributes{"bytes": 3})
			return err
		}, "3 bytes, EOF"},
		{"moved", func(p *client.Proxy) error { p.Upstream = "127.0.0.1:9"; return p.Save() }, "EOF"},
		{"a timeout that is removed", func(p *client.Proxy) error {
			if _, err := p.AddToxic("t", "timeout", "downstream", 1, client.Attributes{"timeout": 0}); err != nil {
				return err
			}
			return p.RemoveToxic("t")
		}, "EOF"},
		{"a latency that is changed and removed", func(p *client.Proxy) error {
			if _, err := p.AddToxic("l", "latency", "downstream", 1, client.Attributes{"latency": 60_000}); err != nil {
				return err
			}
			if _, err := p.UpdateToxic("l", 1, client.Attributes{"latency": 1}); err != nil {
				return err
			}
			return p.RemoveToxic("l")
		}, "5 bytes, still open"},
	} {
		t.Run(each.name, func(t *testing.T) {
			for _, s := range []*server{start(t, "stock"), start(t, "ours")} {
				p, err := s.CreateProxy("p", "127.0.0.1:0", upstream(t, echo))
				if err != nil {
					t.Fatal(err)
				}
				c, err := net.Dial("tcp", p.Listen)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				_, _ = io.WriteString(c, "first")
				if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
					t.Fatal(err)
				}
				if err := each.do(p); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				_, _ = io.WriteString(c, "later")
				_ = c.SetDeadline(time.Now().Add(time.Second))
				got, err := io.ReadAll(c)
				if err == nil {
					err = io.EOF
				}
				result := reason(err)
				if len(got) > 0 {
					result = fmt.Sprintf("%d bytes, %s", len(got), result)
				}
				if result == "reset" && each.want == "EOF" {
					result = "EOF" // what was written meanwhile drew a reset
				}
				if result != each.want {
					t.Errorf("%s: %s, want %s", s.name, result, each.want)
				}
			}
		})
	}
}
