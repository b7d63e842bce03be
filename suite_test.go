// Package heartbreak_test holds the specs that take more than one package.
package heartbreak_test

import (
	"bytes"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestHeartbreak(t *testing.T) { specs.Run(t, "Heartbreak") }

// virtually runs a spec's body in virtual time, on a virtual network.
func virtually(body func(n *memnet.Network)) func(SpecContext) {
	return specs.Virtual(func(t *specs.T) {
		n := memnet.New()
		t.Cleanup(func() {
			synctest.Wait()
			Expect(n.Close()).To(Succeed(), "everything on the network has ended")
		})
		body(n)
	})
}

// echo serves gorilla's side: echoes, and answers pings. stop ends it.
func echo(n *memnet.Network) (url string, stop func()) {
	l, err := n.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, msg, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, msg) != nil {
				return
			}
		}
	})}
	go srv.Serve(l)
	return "ws://" + l.Addr().String(), func() { _ = srv.Close() }
}

func dial(n *memnet.Network, url string) *websocket.Conn {
	c, _, err := (&websocket.Dialer{NetDialContext: n.DialContext}).Dial(url, nil)
	Expect(err).NotTo(HaveOccurred())
	return c
}

func behindNginx(n *memnet.Network, upstream string) *faultproxy.Proxy {
	l, err := n.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	p := &faultproxy.Proxy{Upstream: upstream, Listener: l, Dial: n.DialContext}
	Expect(p.Use(middlebox.Nginx())).To(Succeed())
	Expect(p.Start()).To(Succeed())
	return p
}

var _ = Describe("a socket behind nginx's rules", func() {
	It("dies after exactly 60 s of silence, and the diagnosis names nginx", virtually(func(n *memnet.Network) {
		url, stop := echo(n)
		defer stop()
		p := behindNginx(n, url)
		defer p.Close()
		c := dial(n, p.URL)
		defer c.Close()

		start := time.Now()
		_, _, err := c.ReadMessage()
		Expect(time.Since(start)).To(Equal(60 * time.Second))
		Expect(websocket.IsCloseError(err, 1006)).To(BeTrue(), "%v", err)

		synctest.Wait()
		r := diagnosis.Diagnose(p.Timeline, 1)
		Expect(r.Cause.ID).To(Equal(diagnosis.IDIdleTimeout))
		Expect(r.CloseEvent).To(Equal(frame.CloseEvent{Code: 1006}))
		Expect(r.Cause.Text).To(ContainSubstring("proxy_read_timeout"))
	}))

	It("lives for an hour if the client beats every 25 s", virtually(func(n *memnet.Network) {
		url, stop := echo(n)
		defer stop()
		p := behindNginx(n, url)
		defer p.Close()
		c := dial(n, p.URL)
		defer c.Close()

		pongs := make(chan string, 1)
		c.SetPongHandler(func(s string) error { pongs <- s; return nil })
		go c.ReadMessage()
		for range int(time.Hour / (25 * time.Second)) {
			time.Sleep(25 * time.Second)
			Expect(c.WriteControl(websocket.PingMessage, []byte("beat"), time.Time{})).To(Succeed())
			Expect(<-pongs).To(Equal("beat"))
		}
		Expect(p.Conns()).To(HaveLen(1))
	}))
})

var _ = Describe("a recording", func() {
	It("is diagnosed as the live timeline was", virtually(func(n *memnet.Network) {
		url, stop := echo(n)
		defer stop()
		p := behindNginx(n, url)
		c := dial(n, p.URL)
		Expect(p.Add(faultproxy.DropPongs())).To(Succeed())
		Expect(c.WriteControl(websocket.PingMessage, []byte("beat"), time.Time{})).To(Succeed())
		time.Sleep(time.Second)
		Expect(p.Conn(1).SendClose(1012, "restart")).To(Succeed())
		_, _, err := c.ReadMessage()
		Expect(websocket.IsCloseError(err, 1012)).To(BeTrue(), "%v", err)
		Expect(c.Close()).To(Succeed())
		Expect(p.Close()).To(Succeed())

		var file bytes.Buffer
		Expect(p.Timeline.WriteJSONL(&file)).To(Succeed())
		loaded, err := timeline.ReadJSONL(&file)
		Expect(err).NotTo(HaveOccurred())
		live := diagnosis.Diagnose(p.Timeline, 1)
		Expect(diagnosis.Diagnose(loaded, 1).String()).To(Equal(live.String()))
		Expect(live.CloseEvent).To(Equal(frame.CloseEvent{Code: 1012, Reason: "restart", WasClean: true}))
		Expect(live.Unanswered).To(HaveLen(1))
	}))
})

var _ = Describe("a rule from a document", func() {
	It("does what the same rule does in Go", virtually(func(n *memnet.Network) {
		url, stop := echo(n)
		defer stop()
		rule, err := faultproxy.ParseRule(map[string]any{
			"name": "quiet", "on": map[string]any{"frame": map[string]any{"op": []any{"pong"}}}, "do": map[string]any{"drop": map[string]any{}},
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(rule).To(Equal(faultproxy.Rule{Name: "quiet", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}}))

		p := behindNginx(n, url)
		defer p.Close()
		Expect(p.Add(rule)).To(Succeed())
		c := dial(n, p.URL)
		defer c.Close()
		c.SetPongHandler(func(string) error { Fail("the pong came through"); return nil })
		go c.ReadMessage()
		Expect(c.WriteControl(websocket.PingMessage, nil, time.Time{})).To(Succeed())
		time.Sleep(time.Second)
		Expect(p.Rules()).To(ContainElement(HaveField("Fired", 1)))
	}))
})
