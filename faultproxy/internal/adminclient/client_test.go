package adminclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
)

func TestNewTakesAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8474":  "http://127.0.0.1:8474",
		"http://127.0.0.1:8474/": "http://127.0.0.1:8474", // as the dashboard is printed
		"127.0.0.1:8474":         "http://127.0.0.1:8474",
		"[::1]:8474":             "http://[::1]:8474",
		"https://proxy.test":     "https://proxy.test",
	} {
		c, err := adminclient.New(address, "")
		if err != nil || c.Base.String() != want {
			t.Errorf("%s: got %v, %v; want %s", address, c, err, want)
		}
	}
	for _, address := range []string{"", "ws://127.0.0.1:8474", "http://", "http://127.0.0.1:8474/v1", "http://127.0.0.1:8474/?a=b", "http://[::1"} {
		if _, err := adminclient.New(address, ""); err == nil || !strings.Contains(err.Error(), "such as http://127.0.0.1:8474") {
			t.Errorf("%q: got %v; want it refused with an example", address, err)
		}
	}
}

func TestPathEscapes(t *testing.T) {
	if got := adminclient.Path("proxies", "ws", "rules", "outage/late 1s?"); got != "/v1/proxies/ws/rules/outage%2Flate%201s%3F" {
		t.Errorf("got %s", got)
	}
}

// client asks a handler over loopback.
func client(t *testing.T, h http.HandlerFunc) *adminclient.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := adminclient.New(s.URL, "secret")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDoSendsTheTokenAndTheBody(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("Authorization"), body[:n])
	})
	got, err := c.Do(t.Context(), http.MethodPut, "/v1/x", map[string]int{"a": 1})
	if want := `PUT /v1/x Bearer secret {"a":1}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := c.Do(t.Context(), http.MethodPut, "/v1/x", func() {}); err == nil || !strings.Contains(err.Error(), "cannot be sent") {
		t.Errorf("a value that is no JSON: got %v", err)
	}
}

func TestDoReturnsRefusals(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`{"title":"x","status":422,"detail":"do: missing","problems":[{"path":"do","text":"missing"}]}`))
	})
	_, err := c.Do(t.Context(), http.MethodPost, "/v1/x", nil)
	var p *adminclient.Problem
	if !errors.As(err, &p) || p.Status != 422 || err.Error() != "do: missing" || len(p.Problems) != 1 || p.Problems[0].Path != "do" {
		t.Errorf("got %#v", err)
	}
}

func TestDoSaysWhenNoFaultproxyIsThere(t *testing.T) {
	other := client(t, http.NotFound)
	if _, err := other.Do(t.Context(), http.MethodGet, "/v1/health", nil); !errors.Is(err, adminclient.ErrUnreachable) || !strings.Contains(err.Error(), "404 Not Found, as no faultproxy does") {
		t.Errorf("another server: got %v", err)
	}
	torn := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
	})
	if _, err := torn.Do(t.Context(), http.MethodGet, "/v1/health", nil); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("half an answer: got %v", err)
	}
}

// A server that says nothing is given up after Patience.
func TestDoIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := adminclient.New("127.0.0.1:8474", "")
		if err != nil {
			t.Fatal(err)
		}
		c.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		began := time.Now()
		_, err = c.Do(t.Context(), http.MethodGet, "/v1/health", nil)
		if took := time.Since(began); !errors.Is(err, adminclient.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) || took != adminclient.Patience {
			t.Errorf("got %v after %v; want ErrUnreachable after %v", err, took, adminclient.Patience)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
