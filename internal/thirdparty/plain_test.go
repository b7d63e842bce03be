package thirdparty

import (
	"bytes"
	"context"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// plainClient is a client library that leaves reconnecting to its user.
type plainClient struct {
	name  string
	dial  func(ctx context.Context, srv *fake.Server) (plainConn, error)
	close frame.CloseCode // what the server closes with
}

// plainConn is a connection of such a library, used as its documentation says.
type plainConn interface {
	send(text string) error
	// receive waits for the next message, no longer than that.
	receive(within time.Duration) (string, error)
	// closed returns what the library says about the Close frame behind an error.
	closed(err error) (code int, reason string, ok bool)
	// timedOut reports whether an error says that the wait was too long.
	timedOut(err error) bool
	drop()
}

var plainClients = []plainClient{
	{"gorilla", dialGorilla, 1012},
	{"coder", dialCoder, 1012},
	{"gobwas", dialGobwas, 1001}, // 1012: TestGobwasAndRestart
}

func TestPlainClients(t *testing.T) {
	for _, client := range plainClients {
		t.Run(client.name, func(t *testing.T) {
			t.Run("echo, ping, restart", func(t *testing.T) {
				inVirtualTime(t, 0, func(t *testing.T) { talks(t, client) })
			})
			t.Run("60 s of silence", func(t *testing.T) {
				inVirtualTime(t, time.Minute, func(t *testing.T) { waits(t, client) })
			})
		})
	}
}

// talks: a message comes back, a ping is answered, and the server's Close is
// reported and answered.
func talks(t *testing.T, client plainClient) {
	srv := fake.InMemory(t, fake.Echo)
	conn := connected(t, client, srv)
	server := srv.Conn(1)

	if err := conn.send("hello"); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, conn, "hello")

	_ = server.Send(frame.Ping([]byte("there?")), frame.Text("and a message"))
	wantMessage(t, conn, "and a message")
	wantSent(t, server, frame.Text("hello"), frame.Pong([]byte("there?")))

	_ = server.SendClose(client.close, "restart")
	_, err := conn.receive(time.Second)
	code, reason, ok := conn.closed(err)
	if !ok || code != int(client.close) || reason != "restart" {
		t.Errorf("the client reports %q, that is %d %q, want %d \"restart\"", err, code, reason, client.close)
	}
	answer, err := server.Next(t.Context())
	if err != nil || answer.Opcode != frame.OpClose || !bytes.HasPrefix(answer.Payload, frame.Close(client.close, "").Payload) {
		t.Errorf("the client answered the Close with %v (%v), want a Close %d", answer, err, client.close)
	}
}

// waits: a read timeout on a server that says nothing is up at its very time.
func waits(t *testing.T, client plainClient) {
	srv := fake.InMemory(t, fake.Silent)
	conn := connected(t, client, srv)
	start := time.Now()
	text, err := conn.receive(time.Minute)
	if err == nil || !conn.timedOut(err) {
		t.Errorf("the client received %q (%v), want a timeout", text, err)
	}
	if waited := time.Since(start); waited != time.Minute {
		t.Errorf("the client gave up after %v, want 1m0s", waited)
	}
}

func connected(t *testing.T, client plainClient, srv *fake.Server) plainConn {
	t.Helper()
	conn, err := client.dial(t.Context(), srv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.drop)
	return conn
}

func wantMessage(t *testing.T, conn plainConn, want string) {
	t.Helper()
	if got, err := conn.receive(time.Second); err != nil || got != want {
		t.Fatalf("the client received %q (%v), want %q", got, err, want)
	}
}

func wantSent(t *testing.T, server *fake.Conn, want ...frame.Frame) {
	t.Helper()
	for i, w := range want {
		f, err := server.Next(t.Context())
		if err != nil || f.Opcode != w.Opcode || !bytes.Equal(f.Payload, w.Payload) {
			t.Errorf("%d of the client's frames is %v (%v), want %v", i+1, f, err, w)
		}
	}
}
