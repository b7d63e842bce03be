//go:build linux

package fidelity

import "time"

// tick is the slack of a timer that looks at its clock once a second.
const tick = 600 * time.Millisecond

// command is the slack of what a command of the program's own does, which has to
// start first.
const command = 1500 * time.Millisecond

var subjects = []subject{
	{
		preset: "nginx", program: nginx,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"proxy_read_timeout": "2s"}, ours: "idle=2s"},
			secure: {real: settings{"tls": "1", "proxy_read_timeout": "2s"}, ours: "idle=2s"},
			floods: {real: settings{"proxy_read_timeout": "60s", "proxy_send_timeout": "2s", "send_timeout": "2s"}, ours: "send=2s"},
		},
		timers: []timer{
			{name: "proxy_read_timeout 2s", setup: setup{real: settings{"proxy_read_timeout": "2s"}, ours: "idle=2s"}},
			{name: "proxy_send_timeout 2s", setup: setup{real: settings{"proxy_send_timeout": "2s"}, ours: "send=2s"}, only: few},
			{name: "proxy_read_timeout 2s, proxy_socket_keepalive on", only: []string{"silent"},
				setup: setup{real: settings{"proxy_read_timeout": "2s", "proxy_socket_keepalive": "on"}, ours: "idle=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "reload+worker_shutdown_timeout2", setup: setup{real: settings{"worker_shutdown_timeout": "2s"}, ours: "reload=2s"}, does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGQUIT", does: "drain 1h"},
			{name: "SIGQUIT+worker_shutdown_timeout2", setup: setup{real: settings{"worker_shutdown_timeout": "2s"}}, does: "drain 2s"},
			{name: "SIGKILL", does: "nothing"},
		},
	},
	{
		preset: "haproxy", program: haproxy,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {},
			short:  {real: settings{"tunnel": "2s", "client": "2s", "server": "2s"}, ours: "idle=2s,client=2s,server=2s"},
			secure: {real: settings{"tls": "1", "tunnel": "2s"}, ours: "idle=2s"},
			floods: {real: settings{"tunnel": "2s", "client": "2s", "server": "2s"}, ours: "idle=2s,client=2s,server=2s"},
		},
		timers: []timer{
			{name: "timeout tunnel 2s; client/server 10s", setup: setup{real: settings{"tunnel": "2s", "client": "10s", "server": "10s"}, ours: "idle=2s"}},
			{name: "no timeout tunnel; client 10s; server 2s", only: few, setup: setup{real: settings{"client": "10s", "server": "2s"}, ours: "client=10s,server=2s"}},
			{name: "no timeout tunnel; client 2s; server 10s", only: few, setup: setup{real: settings{"client": "2s", "server": "10s"}, ours: "client=2s,server=10s"}},
			{name: "timeout tunnel 2s; client-fin/server-fin 1s", only: []string{"silent"},
				setup: setup{real: settings{"tunnel": "2s", "client-fin": "1s", "server-fin": "1s"}, ours: "idle=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "reload+hard-stop-after2", setup: setup{slack: command, real: settings{"hard-stop-after": "2s"}, ours: "reload=2s"}, does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGQUIT", does: "nothing"},
			{name: "SIGUSR1", does: "drain 1h"},
			{name: "SIGUSR1+hard-stop-after2", setup: setup{real: settings{"hard-stop-after": "2s"}}, does: "drain 2s"},
			{name: "SIGKILL", does: "shutdown"},
		},
	},
	{
		preset: "haproxy-tcp", program: haproxy,
		setups: map[string]setup{
			long: {real: settings{"mode": "tcp"}}, down: {real: settings{"mode": "tcp"}}, noUpgrade: {real: settings{"mode": "tcp"}},
			short:  {real: settings{"mode": "tcp", "tunnel": "2s", "client": "2s", "server": "2s"}, ours: "idle=2s"},
			floods: {real: settings{"mode": "tcp", "tunnel": "2s", "client": "2s", "server": "2s"}, ours: "idle=2s"},
		},
		timers: []timer{
			{name: "timeout client 2s; server 2s", setup: setup{real: settings{"mode": "tcp", "client": "2s", "server": "2s"}, ours: "idle=2s"}},
			{name: "timeout tunnel 2s", only: []string{"silent"}, setup: setup{real: settings{"mode": "tcp", "tunnel": "2s"}, ours: "idle=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", setup: setup{real: settings{"mode": "tcp"}}, does: "reload"},
			{name: "SIGTERM", setup: setup{real: settings{"mode": "tcp"}}, does: "shutdown"},
		},
	},
	{
		preset: "apache", program: apache,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"Timeout": "2"}, ours: "idle=2s"},
			floods: {real: settings{"Timeout": "2"}, ours: "idle=2s"},
		},
		timers: []timer{
			{name: "Timeout 2", setup: setup{real: settings{"Timeout": "2"}, ours: "idle=2s"}},
			{name: "ProxyTimeout 2", setup: setup{real: settings{"ProxyTimeout": "2"}}},
			{name: "wstunnel, Timeout 2", only: few, setup: setup{real: settings{"Timeout": "2", "wstunnel": "1"}, ours: "idle=2s"}},
			{name: "wstunnel, no fallback, Timeout 2", only: few,
				setup: setup{real: settings{"Timeout": "2", "wstunnel": "1", "ProxyWebsocketFallbackToProxyHttp": "Off"}, ours: "idle=off"}},
			{name: "worker timeout=2", only: few, setup: setup{real: settings{"worker-timeout": "2"}}},
		},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGHUP(restart)", does: "shutdown"},
			{name: "SIGWINCH(graceful-stop)", does: "drain 1h"},
			{name: "SIGWINCH+GracefulShutdownTimeout2", setup: setup{real: settings{"GracefulShutdownTimeout": "2"}}, does: "drain 1h"},
			{name: "SIGQUIT", does: "nothing"},
			{name: "SIGKILL", does: "nothing"},
		},
	},
	{
		preset: "caddy", program: caddy,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {},
			short:  {real: settings{"response_header_timeout": "2s"}, ours: "handshake=2s"},
			secure: {real: settings{"tls": "1", "stream_timeout": "2s"}, ours: "lifetime=2s"},
			floods: {},
		},
		timers: []timer{
			{name: "default", setup: setup{}},
			{name: "transport read_timeout 2s", setup: setup{real: settings{"read_timeout": "2s", "write_timeout": "2s"}, ours: "read=2s"}},
			{name: "stream_timeout 2s", setup: setup{real: settings{"stream_timeout": "2s"}, ours: "lifetime=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", setup: setup{slack: command}, does: "reload"},
			{name: "reload+stream_close_delay3", setup: setup{slack: command, real: settings{"stream_close_delay": "3s"}, ours: "reload=3s"}, does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGTERM+grace_period2", setup: setup{real: settings{"grace_period": "2s"}}, does: "shutdown"},
			{name: "SIGTERM+stream_close_delay3", setup: setup{real: settings{"stream_close_delay": "3s"}, ours: "reload=3s"}, does: "shutdown"},
			{name: "SIGQUIT"},
			{name: "SIGKILL"},
		},
		skipped: abrupt,
	},
	{
		preset: "caddy-2.6", program: caddyOld,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {},
			short:  {real: settings{"response_header_timeout": "2s"}, ours: "handshake=2s"},
			floods: {},
		},
		timers: []timer{
			{name: "default", setup: setup{}},
			{name: "transport read_timeout 2s", setup: setup{real: settings{"read_timeout": "2s", "write_timeout": "2s"}, ours: "read=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", setup: setup{slack: command}, does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGTERM+grace_period2", setup: setup{real: settings{"grace_period": "2s"}}, does: "shutdown"},
			{name: "SIGQUIT"},
			{name: "SIGKILL"},
		},
		skipped: abrupt,
	},
	{
		preset: "lighttpd", program: lighttpd,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"read-timeout": "2"}, ours: "backend=2s", slack: 3 * tick},
			floods: {real: settings{"max-write-idle": "2", "write-timeout": "2"}, ours: "write=2s", slack: 2 * tick},
		},
		timers: []timer{
			{name: "max-read-idle 2", setup: setup{slack: 2 * tick, real: settings{"max-read-idle": "2"}, ours: "read=2s"}},
			{name: "max-write-idle 2", only: few, setup: setup{slack: 2 * tick, real: settings{"max-write-idle": "2"}, ours: "write=2s"}},
			{name: "backend read-timeout 2", only: few, setup: setup{slack: 2 * tick, real: settings{"read-timeout": "2"}, ours: "backend=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "drain 1h"},
			{name: "SIGINT+graceful-shutdown-timeout2", setup: setup{slack: 2 * tick, real: settings{"graceful-shutdown-timeout": "2"}}, does: "drain 2s"},
			{name: "SIGQUIT", does: "shutdown"},
			{name: "SIGKILL", does: "shutdown"},
		},
	},
	{
		preset: "squid", program: squid,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"read_timeout": "2 seconds"}, ours: "idle=2s"},
			floods: {real: settings{"read_timeout": "2 seconds", "write_timeout": "2 seconds"}, ours: "idle=2s,send=2s", slack: 5 * tick},
		},
		timers: []timer{
			{name: "read_timeout 2s", setup: setup{slack: tick, real: settings{"read_timeout": "2 seconds"}, ours: "idle=2s"}},
		},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "SIGTERM", setup: setup{real: settings{"shutdown_lifetime": "3 seconds"}, ours: "shutdown=3s"}, does: "shutdown"},
			{name: "SIGINT", does: "drain 1s"},
			{name: "SIGQUIT"},
			{name: "SIGKILL"},
		},
		skipped: abrupt,
	},
	{
		preset: "varnish", program: varnish,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"pipe_timeout": "2", "first_byte_timeout": "2s"}, ours: "idle=2s"},
			floods: {real: settings{"pipe_timeout": "2"}, ours: "idle=2s"},
		},
		timers: []timer{{name: "pipe_timeout 2", setup: setup{real: settings{"pipe_timeout": "2"}, ours: "idle=2s"}}},
		lives: []lifecycle{
			{name: "reload", setup: setup{slack: command}, does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGQUIT", does: "shutdown"},
			{name: "SIGKILL", does: "shutdown"},
		},
	},
	{
		preset: "h2o", program: h2o,
		setups: map[string]setup{
			long: {}, down: {}, noUpgrade: {real: settings{"noupgrade": "1"}},
			short:  {real: settings{"websocket.timeout": "2000", "timeout.io": "2000"}, ours: "idle=2s,handshake=2s"},
			floods: {real: settings{"websocket.timeout": "2000", "timeout.io": "2000"}, ours: "idle=2s,handshake=2s"},
		},
		timers: []timer{{name: "proxy.websocket.timeout 2000", setup: setup{real: settings{"websocket.timeout": "2000"}, ours: "idle=2s"}}},
		lives: []lifecycle{
			{name: "reload", does: "reload"},
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "reload"},
			{name: "SIGQUIT", does: "reload"},
			{name: "SIGKILL", does: "reload"},
		},
	},
	{
		preset: "go-reverseproxy", program: goReverseProxy,
		setups: map[string]setup{long: {}, down: {}, noUpgrade: {}, short: {}, floods: {}},
		timers: []timer{{name: "default", setup: setup{}}},
		lives: []lifecycle{
			{name: "SIGTERM", does: "shutdown"},
			{name: "SIGINT", does: "shutdown"},
			{name: "SIGQUIT", does: "shutdown"},
			{name: "SIGKILL", does: "shutdown"},
		},
	},
}

// few are the patterns that tell which direction's bytes reset a timer.
var few = []string{"silent", "c2s-only", "s2c-only", "client-ping-pong"}

// abrupt are signals that end a program without what it does for a shutdown, and
// that its preset has no event for.
var abrupt = map[string]string{
	"SIGQUIT": "the preset has no event for a death: its Shutdown is that of TERM",
	"SIGKILL": "the preset has no event for a death: its Shutdown is that of TERM",
}
