package memnet_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// serve runs an HTTP server on the network, inside the bubble, until the
// returned function is called.
func serve(t *testing.T, n *memnet.Network, address string, handler http.HandlerFunc) (stop func()) {
	t.Helper()
	l := listen(t, n, address)
	server := &http.Server{Handler: handler, IdleTimeout: time.Minute}
	done := make(chan error)
	go func() { done <- server.Serve(l) }()
	return func() {
		server.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Error(err)
		}
	}
}

// closed closes the network and fails the test if anything was left open.
func closed(t *testing.T, n *memnet.Network) {
	t.Helper()
	synctest.Wait()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// TestHTTP runs net/http for more than a minute of virtual time: requests on
// one kept-alive connection, the server's idle timeout, a cancelled request.
func TestHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ended := make(chan time.Duration, 1)
		stop := serve(t, n, "example.test:80", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				elapsed := clock()
				<-r.Context().Done()
				ended <- elapsed()
				return
			}
			body, _ := io.ReadAll(r.Body)
			io.WriteString(w, r.RemoteAddr+" "+string(body))
		})
		transport := &http.Transport{DialContext: n.DialContext}
		client := &http.Client{Transport: transport}
		post := func() string {
			t.Helper()
			resp, err := client.Post("http://example.test/", "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		expect(t, "answer", post(), "127.0.0.1:49152 hello")
		time.Sleep(time.Minute - 1)
		expect(t, "answer just before the idle timeout", post(), "127.0.0.1:49152 hello")
		time.Sleep(time.Minute + 1)
		expect(t, "answer after it", post(), "127.0.0.1:49153 hello")

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://example.test/slow", nil)
		if _, err := client.Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("slow request: %v", err)
		}
		expectTime(t, "the handler saw the client leave", <-ended, 3*time.Second)

		transport.CloseIdleConnections()
		stop()
		closed(t, n)
	})
}

// TestGorilla has a server that gives up after 60 s of silence and a client
// that beats for five minutes, then stops.
func TestGorilla(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		upgrader := websocket.Upgrader{}
		served := make(chan error, 1)
		stop := serve(t, n, ":80", func(w http.ResponseWriter, r *http.Request) {
			ws, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.Close()
			for {
				ws.SetReadDeadline(time.Now().Add(time.Minute))
				kind, message, err := ws.ReadMessage()
				if err != nil {
					served <- err
					return
				}
				ws.WriteMessage(kind, message)
			}
		})
		dialer := websocket.Dialer{NetDialContext: n.DialContext}
		ws, resp, err := dialer.DialContext(t.Context(), "ws://example.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "status", resp.Status, "101 Switching Protocols")
		elapsed := clock()
		for range 10 {
			time.Sleep(30 * time.Second)
			if err := ws.WriteMessage(websocket.TextMessage, []byte("beat")); err != nil {
				t.Fatal(err)
			}
			if _, message, err := ws.ReadMessage(); err != nil || string(message) != "beat" {
				t.Fatal(message, err)
			}
		}
		_, _, err = ws.ReadMessage()
		if !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
			t.Errorf("the client read %v, want close 1006", err)
		}
		expectTime(t, "the socket was closed", elapsed(), 6*time.Minute)
		var timeout net.Error
		if err := <-served; !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("the server read %v, want a timeout", err)
		}
		ws.Close()
		stop()
		closed(t, n)
	})
}

func TestTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		certificate, roots := certify(t, "example.test")
		l := listen(t, n, "example.test:443")
		const size = 3 << 20
		sent := bytes.Repeat([]byte("heartbreak "), size/11)
		served := make(chan error, 1)
		go func() {
			c, err := l.Accept()
			if err != nil {
				served <- err
				return
			}
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}})
			defer s.Close()
			_, err = io.Copy(s, s)
			served <- err
		}()
		raw, err := n.DialContext(t.Context(), "tcp", "example.test:443")
		if err != nil {
			t.Fatal(err)
		}
		c := tls.Client(raw, &tls.Config{ServerName: "example.test", RootCAs: roots})
		if err := c.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		go func() {
			c.Write(sent)
			c.CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes of %d came back, %v", len(got), len(sent), err)
		}
		c.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		l.Close()
		closed(t, n)
	})
}

// TestTLSCloseOfStuckConnection shows that Close of a TLS connection whose
// peer does not read comes back, by its write deadline.
func TestTLSCloseOfStuckConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		certificate, roots := certify(t, "example.test")
		a, b := connect(t, memnet.New())
		c := tls.Client(a, &tls.Config{ServerName: "example.test", RootCAs: roots})
		s := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate}})
		go s.Handshake()
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := c.Write(make([]byte, 2*capacity)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write: %v, want a timeout", err)
		}
		elapsed := clock()
		c.Close()
		if elapsed() > 5*time.Second {
			t.Errorf("Close took %v", elapsed())
		}
	})
}

// certify returns a certificate for a host and what trusts it.
func certify(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{host},
		IsCA:         true,

		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
