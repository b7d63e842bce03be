package faultproxy_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestHeadingsOfAnswersThatPass(t *testing.T) {
	const refusal = "HTTP/1.1 401 No\r\nWWW-authenticate:  Bearer\r\nContent-Length: 2\r\nDate: today\r\n\r\nno"
	for name, c := range map[string]struct {
		behavior     faultproxy.Behavior
		answer, want string
	}{
		"none":              {faultproxy.Behavior{}, oddAnswer, oddAnswer},
		"of another answer": {faultproxy.Behavior{Refused: faultproxy.Heading{Dated: true, Names: faultproxy.LowerCase}}, oddAnswer, oddAnswer},
		"lower case": {faultproxy.Behavior{Upgraded: faultproxy.Heading{Names: faultproxy.LowerCase}}, oddAnswer,
			"HTTP/1.1 101 whatever\r\nsec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nx-b:  2\r\nconnection:upgrade\r\nx-b: 1\r\nupgrade: WebSocket\r\n\r\n"},
		"canonical, set and dated": {faultproxy.Behavior{Upgraded: faultproxy.Heading{
			Names: faultproxy.Canonical, Dated: true, Set: http.Header{"Server": {"box"}, "X-B": {"3"}}}}, oddAnswer,
			"HTTP/1.1 101 whatever\r\nSec-Websocket-Accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-B: 3\r\nConnection:upgrade\r\nUpgrade: WebSocket\r\n" +
				"Server: box\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n"},
		"of a refusal that has a date": {faultproxy.Behavior{Refused: faultproxy.Heading{Names: faultproxy.Canonical, Dated: true}}, refusal,
			"HTTP/1.1 401 No\r\nWww-Authenticate:  Bearer\r\nContent-Length: 2\r\nDate: today\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				url := answering(t, n, func(conn net.Conn, _ string, _ []byte) {
					io.WriteString(conn, c.answer)
					io.Copy(io.Discard, conn)
				})
				p := (&faultproxy.Proxy{Upstream: url}).On(t, n).StartIn(t)
				c.behavior.Name = "box"
				p.Behave(c.behavior)
				client := rawConnect(t, n, p)
				io.WriteString(client, strings.Replace(oddRequest, "TARGET", "/", 1))
				got, _, err := readHTTPHead(client)
				if err != nil || got != c.want {
					t.Errorf("the client got %q, %v; want %q", got, err, c.want)
				}
				tale := p.View().CanonicalText()
				made := strings.Contains(tale, `rule="box"`)
				if want := c.answer == oddAnswer && got != oddAnswer; made != want {
					t.Errorf("the timeline says that the 101 was made by the box: %t, want %t\n%s", made, want, tale)
				}
			})
		})
	}
}
