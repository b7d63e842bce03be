package toxiproxy

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"
)

// What ends Toxiproxy's process is a 400 here, and everything goes on.
func TestWhatKillsToxiproxy(t *testing.T) {
	for _, each := range []struct {
		name, typ  string
		attributes client.Attributes
	}{
		{"a negative bandwidth", "bandwidth", client.Attributes{"rate": -1}},
		{"a slicer without attributes", "slicer", client.Attributes{}},
	} {
		t.Run(each.name, func(t *testing.T) {
			for _, name := range []string{"stock", "ours"} {
				s := start(t, name)
				p, err := s.CreateProxy("p", "127.0.0.1:0", upstream(t, echo))
				if err != nil {
					t.Fatal(err)
				}
				_, err = p.AddToxic("", each.typ, "downstream", 1, each.attributes)
				if name == "stock" {
					if err != nil {
						t.Fatalf("stock refused it: %v", err)
					}
					exchange(p.Listen, payload, false)
					select {
					case <-s.ended:
					case <-time.After(10 * time.Second):
						t.Error("stock lives: is this no killer any more?")
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), "HTTP 400: ") {
					t.Errorf("ours answered %v, want a 400", err)
				}
				if got := exchange(p.Listen, "still here", false); got[:8] != "10 bytes" || !s.alive() {
					t.Errorf("afterwards: %s", got)
				}
			}
		})
	}
}

// A toxic is removed while a client that does not read is flooded: Toxiproxy waits for
// that client, with the proxy locked.
func TestRemovalUnderLoad(t *testing.T) {
	flood := upstream(t, func(c net.Conn) {
		b := make([]byte, 64<<10)
		for {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	})
	for _, name := range []string{"stock", "ours"} {
		s := start(t, name)
		p, err := s.CreateProxy("p", "127.0.0.1:0", flood)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.AddToxic("l", "latency", "downstream", 1, client.Attributes{"latency": 1}); err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", p.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil { // then it stalls
			t.Fatal(err)
		}
		filled(c)
		begun := time.Now()
		removed := make(chan error, 1)
		go func() { removed <- p.RemoveToxic("l") }()
		select {
		case err := <-removed:
			if name == "stock" {
				t.Logf("stock removed it after %v: %v", time.Since(begun), err)
			} else if err != nil {
				t.Errorf("ours: %v", err)
			}
		case <-time.After(5 * time.Second):
			if name == "ours" {
				t.Error("ours hangs")
			} else {
				t.Log("stock hangs, as is known")
			}
		}
	}
}

// filled waits until the sender of a connection that nobody reads has been stuck for a
// while: the buffers in between are full.
func filled(net.Conn) { <-time.After(2 * time.Second) }

// The same seed draws the same connections.
func TestTheSeedWorks(t *testing.T) {
	drawn := func(seed string) string {
		s := start(t, "ours", "--seed", seed)
		p, err := s.CreateProxy("p", "127.0.0.1:0", upstream(t, echo))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.AddToxic("half", "limit_data", "downstream", 0.5, client.Attributes{"bytes": 1}); err != nil {
			t.Fatal(err)
		}
		result := ""
		for range 24 {
			c, err := net.Dial("tcp", p.Listen)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, "xyz")
			_ = c.(*net.TCPConn).CloseWrite()
			got, _ := io.ReadAll(c)
			_ = c.Close()
			result += fmt.Sprint(len(got))
		}
		return result
	}
	one, two, other := drawn("7"), drawn("7"), drawn("8")
	if one != two || one == other {
		t.Errorf("seed 7: %s and %s; seed 8: %s", one, two, other)
	}
}
