package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"
)

// wsClient is `wsclient [flags] URL`: it connects, sends, reads, and prints what
// happened, a line each.
func wsClient() {
	attempts := flag.Int("n", 1, "how often to try")
	reads := flag.Int("read", -1, "close after so many messages; negative: wait for the end")
	flood := flag.Int("flood", 0, "send so many messages of 1000 bytes, and read the answers")
	bye := flag.String("close", "", "CODE:REASON of the Close to send after all messages")
	ca := flag.String("ca", "", "a PEM file of what to trust")
	origin := flag.String("origin", "", "the Origin to name")
	var sends texts
	flag.Var(&sends, "send", "a text to send")
	flag.Parse()
	dialer := websocket.Dialer{HandshakeTimeout: patience, EnableCompression: *flood == 0, Subprotocols: []string{"beat"}}
	if *ca != "" {
		dialer.TLSClientConfig = &tls.Config{RootCAs: trusted(*ca)}
	}
	header := http.Header{}
	if *origin != "" {
		header.Set("Origin", *origin)
	}
	ws := dial(dialer, flag.Arg(0), header, *attempts)
	defer ws.Close()
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	ws.SetPongHandler(func(string) error { fmt.Println("pong"); return nil })
	for _, s := range sends {
		kind := websocket.TextMessage
		if s == "PING" {
			kind, s = websocket.PingMessage, ""
		}
		if err := ws.WriteMessage(kind, []byte(s)); err != nil {
			fatal("send: %v", err)
		}
	}
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for range *flood {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 1000)))
		}
	})
	for n := 0; ; n++ {
		if n == *reads || *flood > 0 && n == *flood {
			flooding.Wait()
			code, reason, _ := strings.Cut(*bye+":", ":")
			status := websocket.CloseNormalClosure
			if code != "" {
				status = number(code)
			}
			_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(status, strings.TrimSuffix(reason, ":")))
		}
		_, message, err := ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			fmt.Printf("closed %d %q\n", closed.Code, closed.Text)
			return
		case err != nil:
			fmt.Println("failed", err)
			return
		case *flood == 0:
			fmt.Printf("message %q\n", message)
		}
	}
}

// call is `call [-H HEADER:VALUE] METHOD URL [BODY]`: it sends a request and prints the
// status and the body of the answer.
func call() {
	var headers texts
	flag.Var(&headers, "H", "a header to send")
	flag.Parse()
	r, err := http.NewRequest(flag.Arg(0), flag.Arg(1), strings.NewReader(flag.Arg(2)))
	if err != nil {
		fatal("%v", err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	resp, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		fatal("%v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		fatal("%v", err)
	}
	fmt.Printf("%d %s\n", resp.StatusCode, body)
}

type texts []string

func (t *texts) String() string     { return strings.Join(*t, ",") }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

// dial tries to connect and prints how that went.
func dial(dialer websocket.Dialer, url string, header http.Header, attempts int) *websocket.Conn {
	for range attempts {
		ws, resp, err := dialer.Dial(url, header)
		switch {
		case err == nil:
			fmt.Println("open", ws.Subprotocol(), resp.Header.Get("Sec-WebSocket-Extensions"))
			return ws
		case resp != nil:
			body, _ := io.ReadAll(resp.Body)
			fmt.Printf("rejected %d %q\n", resp.StatusCode, body)
		default:
			fmt.Println("failed", err)
		}
	}
	os.Exit(0)
	return nil
}

func trusted(file string) *x509.CertPool {
	text, err := os.ReadFile(file)
	if err != nil {
		fatal("%v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		fatal("%s holds no certificate", file)
	}
	return pool
}

// rawClient is `rawclient [-file] ADDRESS TEXT`: it sends the text, with its escapes
// of line ends, or the file of that name, says that it is done when an answer begins,
// and prints all that comes back.
func rawClient() {
	file := flag.Bool("file", false, "send a file")
	flag.Parse()
	c, err := net.DialTimeout("tcp", flag.Arg(0), patience)
	if err != nil {
		fatal("%v", err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	bytes := strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(flag.Arg(1))
	if *file {
		raw, err := os.ReadFile(flag.Arg(1))
		if err != nil {
			fatal("%v", err)
		}
		bytes = string(raw)
	}
	if _, err := io.WriteString(c, bytes); err != nil {
		fatal("%v", err)
	}
	if bytes != "" {
		answer := make([]byte, 4096)
		n, _ := c.Read(answer)
		_, _ = os.Stdout.Write(answer[:n])
	}
	// Not connected: the other end was faster, and has reset the connection.
	if err := c.(*net.TCPConn).CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
		fatal("%v", err)
	}
	if _, err := io.Copy(os.Stdout, c); err != nil {
		fmt.Println("failed", err)
	}
}

// upstream starts a server that lasts as long as the script.
func upstream(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: upstream http|ws|tls|garbage")
	}
	switch args[0] {
	case "http": // speaks HTTP, knows no WebSocket, and shows what it was asked
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/teapot" {
				w.WriteHeader(http.StatusTeapot)
			}
			fmt.Fprintf(w, "plain %s for %s from %s", r.URL, r.Host, r.Header.Get("Origin"))
		}))
		ts.Defer(s.Close)
		ts.Setenv("UPSTREAM", strings.TrimPrefix(s.URL, "http://"))
	case "ws": // the echo server
		echo := &echoServer{conns: map[net.Conn]struct{}{}}
		s := httptest.NewServer(echo)
		ts.Defer(func() { s.Close(); echo.close() })
		ts.Setenv("UPSTREAM", strings.TrimPrefix(s.URL, "http://"))
	case "tls": // the echo server behind TLS; its certificate is ca.pem
		echo := &echoServer{conns: map[net.Conn]struct{}{}}
		s := httptest.NewTLSServer(echo)
		ts.Defer(func() { s.Close(); echo.close() })
		ts.Setenv("UPSTREAM", strings.TrimPrefix(s.URL, "https://"))
		cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
		ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), cert, 0o600))
	case "garbage": // answers anything with what is no HTTP
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { _ = l.Close() })
		ts.Setenv("UPSTREAM", l.Addr().String())
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, "220 mail.example.test ESMTP\r\n")
				_ = c.Close()
			}
		}()
	default:
		ts.Fatalf("unknown upstream %s", args[0])
	}
}
