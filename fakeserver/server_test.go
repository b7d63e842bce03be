package fakeserver_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestOneLineIsAnEchoServerThatAnswersPings(t *testing.T) {
	secured(t, func(t *testing.T, start func(*fake.Server) *fake.Server) {
		srv := start(&fake.Server{})
		c := dial(t, srv)
		c.send(frame.Text("hello"), frame.Ping([]byte("p")), frame.Binary([]byte{1}))
		c.wants(`text "hello"`, frame.Pong([]byte("p")).String(), frame.Binary([]byte{1}).String())
		c.send(frame.Close(1000, "bye"))
		c.wants("close 1000", "fin")
		_ = c.conn.Close()
		over(t, srv.Conn(1))
		tells(t, srv.Conn(1), "opened",
			"-> request", `-> text "hello"`, `-> ping "p"`, "-> binary 1 B 01", `-> close 1000 "bye"`, "-> fin",
			"<- response 101", `<- text "hello"`, `<- pong "p"`, "<- binary 1 B 01", "<- close 1000", "<- fin", "ended")
	})
}

func TestSilentSendsNotEvenPongs(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(fake.Silent)
		c := dial(t, srv)
		c.send(frame.Text("hello"), frame.Ping([]byte("p")), frame.Close(1001, ""))
		c.wants("close 1001", "fin")
	})
}

func TestStockGorillaClient(t *testing.T) {
	secured(t, func(t *testing.T, start func(*fake.Server) *fake.Server) {
		srv := start(&fake.Server{Compression: true})
		ws, _, err := srv.Dialer().Dial(srv.URL+"/any/path?x=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if err := ws.WriteMessage(websocket.TextMessage, []byte("compressed, compressed, compressed")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := ws.ReadMessage(); string(got) != "compressed, compressed, compressed" {
			t.Errorf("got %q, %v", got, err)
		}
		f, err := srv.Conn(1).Next(t.Context())
		if string(f.Payload) != "compressed, compressed, compressed" || f.RSV != 0 {
			t.Errorf("Next: %v, %v; want it inflated", f, err)
		}
	})
}

func TestStartTLSIsTrustedByItsPool(t *testing.T) {
	srv := fake.StartTLS(t)
	if _, _, err := websocket.DefaultDialer.Dial(srv.URL, nil); err == nil {
		t.Error("a client that does not know the certificate trusts it")
	}
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: srv.CertPool()}}
	ws, _, err := d.Dial(srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.Close()
	if want := "fakeserver " + srv.URL; srv.String() != want || !strings.HasPrefix(srv.URL, "wss://") {
		t.Errorf("got %s", srv)
	}
}
