package faultproxy_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// oddRequest has what a rewriting that parses and prints headers would not keep.
const oddRequest = "GET TARGET HTTP/1.1\r\n" +
	"sec-websocket-KEY:dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"hOST:  proxy.test:8080\r\n" +
	"X-Twice: a\r\nUpgrade:websocket\r\nX-Twice:\tb \r\n" +
	"Connection: keep-alive, Upgrade\r\n" +
	"origin: http://proxy.test:8080\r\n" +
	"Cookie: a=b; Host: not-me\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate;client_max_window_bits , x-foo\r\n" +
	"Sec-WebSocket-Version: 13\r\nX-Empty:\r\n\r\n"

const oddAnswer = "HTTP/1.1 101 whatever\r\nSEC-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
	"x-b:  2\r\nConnection:upgrade\r\nX-B: 1\r\nupgrade: WebSocket\r\n\r\n"

func TestOnlyTargetHostAndOriginAreRewritten(t *testing.T) {
	for _, c := range []struct {
		upstream, target string
		preserve         bool
		wantTarget       string
	}{
		{"", "/", false, "/"},
		{"", "/chat?x=%20y&x", false, "/chat?x=%20y&x"},
		{"/", "/a//b/../c", false, "/a//b/../c"},
		{"/base", "/", false, "/base"},
		{"/base/", "/ws", false, "/base/ws"},
		{"/base%2F", "/ws/", false, "/base%2F/ws/"},
		{"/base?token=1", "/ws?b=2", false, "/base/ws?token=1&b=2"},
		{"?token=1", "/", false, "/?token=1"},
		{"/base", "http://proxy.test:8080/ws?x=http://y/z", false, "/base/ws?x=http://y/z"},
		{"", "ws://proxy.test", false, "/"},
		{"", "/ws?to=http://elsewhere/x", false, "/ws?to=http://elsewhere/x"},
		{"/base", "/ws", true, "/base/ws"},
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			saw := make(chan string, 1)
			url := answering(t, n, func(c net.Conn, head string, _ []byte) {
				saw <- head
				io.WriteString(c, oddAnswer)
				io.Copy(io.Discard, c)
			})
			p := (&faultproxy.Proxy{Upstream: url + c.upstream, PreserveHost: c.preserve}).On(t, n).StartIn(t)
			client := rawConnect(t, n, p)
			io.WriteString(client, strings.Replace(oddRequest, "TARGET", c.target, 1))
			answer, _, err := readHTTPHead(client)
			if err != nil || answer != oddAnswer {
				t.Errorf("the client saw %q, %v; want %q", answer, err, oddAnswer)
			}
			want := strings.Replace(oddRequest, "TARGET", c.wantTarget, 1)
			if !c.preserve {
				authority := strings.TrimPrefix(url, "ws://")
				want = strings.Replace(want, "hOST:  proxy.test:8080", "hOST: "+authority, 1)
				want = strings.Replace(want, "origin: http://proxy.test:8080", "origin: http://"+authority, 1)
			}
			if got := <-saw; got != want {
				t.Errorf("%s to %q: the upstream saw\n%q, want\n%q", c.target, c.upstream, got, want)
			}
			client.Close()
			if e := mustFind(t, p, 1, timeline.KindRequest); e.Field("target") != c.target || e.Field("host") != "proxy.test:8080" {
				t.Errorf("the timeline shows the request as %v", e)
			}
		})
	}
}

func TestUpstreamURLsThatCannotBeAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"":                   "no upstream",
		"127.0.0.1:9000":     "upstream",
		"ftp://a":            `the scheme is "ftp"; want ws, wss, http, https or tcp`,
		"ws:///path":         "names no host",
		"ws://a:port":        "invalid port",
		"localhost:9000/foo": `the scheme is "localhost"`,
	} {
		p := faultproxy.Proxy{Upstream: url}
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", url, err, want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
