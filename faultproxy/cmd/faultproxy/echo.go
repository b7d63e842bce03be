package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// echoServer is the upstream for those who have none: it sends every message back,
// but answers the text ping with pong. It answers protocol pings too, agrees to
// compression, and takes any path, origin and first subprotocol.
type echoServer struct {
	listener net.Listener
	http     http.Server
	serving  sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func startEcho() (*echoServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the embedded echo server: %w", err)
	}
	e := &echoServer{listener: l, conns: map[net.Conn]struct{}{}}
	e.http.Handler = e
	e.serving.Go(func() { _ = e.http.Serve(l) })
	return e, nil
}

func (e *echoServer) url() string { return "ws://" + e.listener.Addr().String() }

// close ends everything and waits for it.
func (e *echoServer) close() {
	_ = e.http.Close()
	e.mu.Lock()
	e.closed = true
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.serving.Wait()
}

// lateEcho is an echo server that starts when it is needed.
type lateEcho struct {
	mu   sync.Mutex
	echo *echoServer
}

func (l *lateEcho) url() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.echo == nil {
		echo, err := startEcho()
		if err != nil {
			return "", err
		}
		l.echo = echo
	}
	return l.echo.url(), nil
}

func (l *lateEcho) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.echo != nil {
		l.echo.close()
	}
}

// ServeHTTP takes upgrades, and tells others what this is.
func (e *echoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		fmt.Fprintln(w, "faultproxy's echo server: connect with a WebSocket")
		return
	}
	upgrader := websocket.Upgrader{
		CheckOrigin:       func(*http.Request) bool { return true },
		EnableCompression: true,
		Subprotocols:      websocket.Subprotocols(r),
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	if e.enter(ws.NetConn()) {
		defer e.leave(ws.NetConn())
		serveEcho(ws)
	}
	_ = ws.Close()
}

func (e *echoServer) enter(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns[c] = struct{}{}
	e.serving.Add(1)
	return true
}

func (e *echoServer) leave(c net.Conn) {
	e.mu.Lock()
	delete(e.conns, c)
	e.mu.Unlock()
	e.serving.Done()
}

// serveEcho answers until the connection ends. After a closing handshake it sends
// its FIN and waits for the client's, so that no reset overtakes the Close.
func serveEcho(ws *websocket.Conn) {
	ws.SetCloseHandler(func(code int, reason string) error { // the default keeps the reason to itself
		return ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
	})
	for {
		kind, message, err := ws.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if tcp, ok := ws.NetConn().(*net.TCPConn); ok && errors.As(err, &closed) && tcp.CloseWrite() == nil {
				_ = tcp.SetReadDeadline(time.Now().Add(5 * time.Second))
				_, _ = io.Copy(io.Discard, tcp)
			}
			return
		}
		if kind == websocket.TextMessage && string(message) == "ping" {
			message = []byte("pong")
		}
		if ws.WriteMessage(kind, message) != nil {
			return
		}
	}
}
