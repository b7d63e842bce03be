//go:build linux

package fidelity

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A test binary with these variables is no test but a middlebox: Go's own.
const (
	childVariable  = "FIDELITY_CHILD"
	childArguments = "FIDELITY_ARGUMENTS"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		args := strings.Fields(os.Getenv(childArguments))
		fmt.Fprintln(os.Stderr, reverseProxy(args[0], args[1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// reverseProxy is net/http/httputil's as its documentation has it.
func reverseProxy(listen, upstream string) error {
	to := &url.URL{Scheme: "http", Host: upstream}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	srv := &http.Server{Addr: listen, Handler: proxy, ReadHeaderTimeout: time.Minute}
	return srv.ListenAndServe()
}

func goVersion() string { return runtime.Version() }
