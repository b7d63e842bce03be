package realparts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nginxConfig runs nginx as one process in the foreground, as the invoking user,
// root included (master_process off changes no user), writing nowhere but below
// its prefix and to standard error.
const nginxConfig = `daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path client_body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
%s
}
`

// Nginx starts nginx and returns the address it accepts on, as "127.0.0.1:port".
// http is the body of the http block; in it, {listen} stands for that address.
// nginx is stopped when the test ends.
func Nginx(tb testing.TB, http string) string {
	tb.Helper()
	path := Find(tb, "apt-get install nginx-light", "nginx")
	prefix := tb.TempDir()
	addr := freeAddr(tb)
	config := fmt.Sprintf(nginxConfig, strings.ReplaceAll(http, "{listen}", addr))
	file := filepath.Join(prefix, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatalf("write the configuration of nginx: %v", err)
	}
	p := run(tb, "nginx", path, "-p", prefix+string(filepath.Separator), "-e", "stderr", "-c", file)
	if err := p.accepting(addr); err != nil {
		tb.Fatal(err)
	}
	return addr
}
