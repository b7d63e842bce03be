package timeline_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestRedactURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"/ws", "/ws"},
		{"/ws?room=5", "/ws?room=5"},
		{"/ws?token=abc", "/ws?token=[redacted]"},
		{"/ws?a=1&access_token=abc&b=2", "/ws?a=1&access_token=[redacted]&b=2"},
		{"/ws?ACCESS-TOKEN=abc", "/ws?ACCESS-TOKEN=[redacted]"},
		{"/ws?to%6Ben=abc", "/ws?to%6Ben=[redacted]"},
		{"/ws?x-api-key=a;sig=b", "/ws?x-api-key=[redacted];sig=[redacted]"},
		{"/ws?a=1?token=b", "/ws?a=1?token=[redacted]"},
		{"/cb#id_token=abc&state=1", "/cb#id_token=[redacted]&state=1"},
		{"/ws?token=", "/ws?token="},
		{"/ws?token", "/ws?token"},
		{"/ws?token=a=b==", "/ws?token=[redacted]"},
		{"/ws?token=[redacted]&key=x", "/ws?token=[redacted]&key=[redacted]"},
		{"/ws?keyboard=de&author=me&coder=x&design=y", "/ws?keyboard=de&author=me&coder=x&design=y"},
		{"/ws?auth=a&key=b&pass=c&jwt=d&code=e&session=f&sid=g&ticket=h&X-Amz-Signature=i",
			"/ws?auth=[redacted]&key=[redacted]&pass=[redacted]&jwt=[redacted]&code=[redacted]&session=[redacted]&sid=[redacted]&ticket=[redacted]&X-Amz-Signature=[redacted]"},
		{"wss://me:secret@host/ws?token=a", "wss://me:[redacted]@host/ws?token=[redacted]"},
		{"wss://me@host/", "wss://me@host/"},
		{"wss://me:@host/", "wss://me:@host/"},
		{"wss://host:8080/a@b:c", "wss://host:8080/a@b:c"},
		{`dial "ws://u:p@h?key=abc": refused, code=1006`, `dial "ws://u:[redacted]@h?key=[redacted]": refused, code=1006`},
		{"closed, code=1006 reason=token", "closed, code=1006 reason=token"},
	} {
		got := timeline.RedactURL(c.in)
		if got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
		if again := timeline.RedactURL(got); again != got {
			t.Errorf("%q redacted again is %q", got, again)
		}
	}
}

func TestRedactField(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	for _, c := range []struct{ name, in, want string }{
		{"authorization", "Bearer x", "[redacted]"},
		{"Authorization", "", ""},
		{"Proxy-Authorization", "Basic eA==", "[redacted]"},
		{"Cookie", "a=b", "[redacted]"},
		{"Set-Cookie", "a=b", "[redacted]"},
		{"X-Csrf-Token", "x", "[redacted]"},
		{"client_secret", "x", "[redacted]"},
		{"X-Api-Key", "x", "[redacted]"},
		{"apiKey", "x", "[redacted]"},
		{"password", "x", "[redacted]"},
		{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="},
		{"host", "example.com", "example.com"},
		{"location", "/login?code=1", "/login?code=[redacted]"},
		{"error", "dial ws://h/?token=x: EOF", "dial ws://h/?token=[redacted]: EOF"},
		{"head", "GET /?key=a HTTP/1.1\r\nHost: h:80\r\nCookie: a=b\r\n\r\n", "GET /?key=[redacted] HTTP/1.1\r\nHost: h:80\r\nCookie: [redacted]\r\n\r\n"},

		{"sec-websocket-protocol", "chat", "chat"},
		{"sec-websocket-protocol", "graphql-transport-ws, graphql-ws", "graphql-transport-ws, graphql-ws"},
		{"sec-websocket-protocol", "v12.stomp, v11.stomp", "v12.stomp, v11.stomp"},
		{"sec-websocket-protocol", "actioncable-v1-json, actioncable-unsupported", "actioncable-v1-json, actioncable-unsupported"},
		{"sec-websocket-protocol", "v5.channel.k8s.io, base64.binary.k8s.io", "v5.channel.k8s.io, base64.binary.k8s.io"},
		{"sec-websocket-protocol", "ocpp2.0.1, wamp.2.json, v10.pcp.sap.com, mqtt", "ocpp2.0.1, wamp.2.json, v10.pcp.sap.com, mqtt"},
		{"sec-websocket-protocol", "token-free, auth0", "token-free, auth0"},
		{"sec-websocket-protocol", "chat, " + jwt, "chat, [redacted]"},
		{"Sec-WebSocket-Protocol", "Bearer,hunter2, chat", "Bearer,[redacted], chat"},
		{"sec-websocket-protocol", "access_token, x", "access_token, [redacted]"},
		{"sec-websocket-protocol", "base64url.bearer.authorization.k8s.io.aHVudGVyMg", "[redacted]"},
		{"sec-websocket-protocol", "bearer.hunter22", "[redacted]"},
		{"sec-websocket-protocol", "bearer.x1", "[redacted]"},
		{"sec-websocket-protocol", "token-hunter22x, chat", "[redacted], chat"},
		{"sec-websocket-protocol", "chat, a81bc81bdead4e5dabff90865d1e13b1", "chat, [redacted]"},
		{"sec-websocket-protocol", "a81bc81b-dead-4e5d-abff-90865d1e13b1", "[redacted]"},
		{"sec-websocket-protocol", "sk9Kx02mQpL77vBnTyUwZ", "[redacted]"},
		{"subprotocol", jwt, "[redacted]"},
		{"sec-websocket-protocol", ", ,", ", ,"},
	} {
		f := timeline.Field{Name: c.name, Value: c.in}
		got := timeline.RedactField(f)
		if got.Name != c.name || got.Value != c.want {
			t.Errorf("%s: %q\n got %q\nwant %q", c.name, c.in, got.Value, c.want)
		}
		if again := timeline.RedactField(got); again != got {
			t.Errorf("%s: %q redacted again is %q", c.name, got.Value, again.Value)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("sec-websocket-protocol", "bearer, x")
	f.Add("target", "wss://a:b@c/d?token=e&f=g#h")
	f.Add("head", "A: b\nCookie: c\n")
	f.Fuzz(func(t *testing.T, name, value string) {
		once := timeline.RedactField(timeline.Field{Name: name, Value: value})
		if twice := timeline.RedactField(once); twice != once {
			t.Errorf("%q: %q, redacted again %q", name, once.Value, twice.Value)
		}
	})
}
