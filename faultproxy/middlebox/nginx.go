package middlebox

import (
	"fmt"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

const nginxVersion = "nginx/1.22.1"

// Nginx is nginx with a location that passes upgrades on (proxy_http_version 1.1,
// Upgrade and Connection set) and the default proxy_read_timeout of 60 s.
//
//   - 60 s without a byte in either direction (in spite of the setting's name) close
//     both sockets, the upstream's first, without a Close frame. Pings are bytes, and
//     need no answer.
//   - The timer keeps its old deadline if the new one is less than 300 ms later
//     (NGX_TIMER_LAZY_DELAY), so it may fire up to 300 ms early.
//   - The FIN of either side tears down both, without waiting for what the other
//     still sends. A reset of one side is a FIN for the other.
//   - An upstream that does not answer an upgrade within proxy_read_timeout is a 504,
//     one that cannot be reached or ends before its answer a 502.
//   - proxy_send_timeout, keepalives and reloads do nothing to a quiet connection.
func Nginx() Preset {
	return Preset{
		Name:    "nginx",
		Version: "nginx 1.22.1",
		Summary: "closes both sides without a Close frame after proxy_read_timeout (60 s) without a byte in either direction",
		Source: "measured with nginx 1.22.1 on Linux, loopback; nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout, " +
			"ngx_event_timer.h for NGX_TIMER_LAZY_DELAY",
		Idle: 60 * time.Second,
		Lazy: 300 * time.Millisecond,
		End:  faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose, ServerFirst: true},
		Behavior: faultproxy.Behavior{
			OnFIN:            faultproxy.TearDown,
			OnRST:            faultproxy.ResetFIN,
			HandshakeTimeout: 60 * time.Second,
			Pages: map[int]faultproxy.Page{
				http.StatusBadGateway:     nginxPage("502 Bad Gateway"),
				http.StatusGatewayTimeout: nginxPage("504 Gateway Time-out"),
			},
		},
	}
}

// nginxPage is what nginx answers with when it has no error_page.
func nginxPage(status string) faultproxy.Page {
	return faultproxy.Page{
		Reason: status[len("502 "):],
		Header: http.Header{"Server": {nginxVersion}, "Content-Type": {"text/html"}},
		Dated:  true,
		Body: fmt.Sprintf("<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n"+
			"<hr><center>%[2]s</center>\r\n</body>\r\n</html>\r\n", status, nginxVersion),
	}
}
