package fakeserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

// A client that reads what to trust from a file gets in with AuthorityPEM.
func TestAuthorityPEM(t *testing.T) {
	srv := fake.StartTLS(t)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(srv.AuthorityPEM()) {
		t.Fatalf("no certificate: %q", srv.AuthorityPEM())
	}
	ws, _, err := (&websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}).Dial(srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.Close()
	if pem := fake.Start(t, fake.ByURL).AuthorityPEM(); pem != nil {
		t.Errorf("a server without TLS has an authority: %q", pem)
	}
}
