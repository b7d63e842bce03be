//go:build linux

package fidelity

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

var nginx = program{
	name: "nginx", binary: "usr/sbin/nginx", config: "nginx.conf", version: []string{"-v"},
	args: func(file, dir string, _ data) []string { return []string{"-p", dir, "-e", "stderr", "-c", file} },
}

var haproxy = program{
	name: "haproxy", binary: "usr/sbin/haproxy", config: "haproxy.cfg", version: []string{"-v"},
	args: func(file, _ string, _ data) []string { return []string{"-W", "-f", file} },
}

var apache = program{
	name: "apache", binary: "usr/sbin/apache2", config: "apache.conf", version: []string{"-v"},
	args: func(file, dir string, _ data) []string { return []string{"-DFOREGROUND", "-d", dir, "-f", file} },
}

var caddy = program{
	name: "caddy", binary: "go/caddy", config: "caddy.conf",
	args: caddyArguments, env: caddyHome,
}

// caddyOld is Debian's.
var caddyOld = program{
	name: "caddy-2.6", binary: "usr/bin/caddy", config: "caddy.conf", version: []string{"version"},
	args: caddyArguments, env: caddyHome,
}

func caddyArguments(file, _ string, _ data) []string {
	return []string{"run", "--config", file, "--adapter", "caddyfile"}
}

func caddyHome(dir string) []string {
	return []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir}
}

var lighttpd = program{
	name: "lighttpd", binary: "usr/sbin/lighttpd", config: "lighttpd.conf", version: []string{"-v"},
	args: func(file, _ string, a data) []string {
		args := []string{"-D", "-f", file}
		if a.Root != "" {
			args = append(args, "-m", filepath.Join(a.Root, "usr/lib/lighttpd"))
		}
		return args
	},
}

var squid = program{
	name: "squid", binary: "usr/sbin/squid", config: "squid.conf", version: []string{"-v"},
	// Each has its own name, for that of its shared memory.
	args:  func(file, _ string, a data) []string { return []string{"-N", "-n", "fid" + a.Port, "-f", file} },
	trace: func(a data) string { return "/dev/shm/fid" + a.Port + "-*" },
}

var varnish = program{
	name: "varnish", binary: "usr/sbin/varnishd", config: "varnish.vcl", version: []string{"-V"},
	args: func(file, dir string, a data) []string {
		return []string{"-F", "-j", "none", "-n", filepath.Join(dir, "work"), "-a", a.Listen, "-f", file, "-s", "malloc,16m",
			"-p", "pipe_timeout=" + a.Or("pipe_timeout", "60"), "-p", "thread_pools=1", "-p", "thread_pool_min=64"}
	},
}

var h2o = program{
	name: "h2o", binary: "usr/bin/h2o", config: "h2o.conf", version: []string{"-v"},
	args: func(file, _ string, _ data) []string { return []string{"-c", file} },
}

var goReverseProxy = program{name: "go-reverseproxy", child: "reverseproxy",
	args: func(_, _ string, a data) []string { return []string{a.Listen, a.Upstream} }}

// signals are those of the record, by the name they have there up to a "+" or "(".
var signals = map[string]os.Signal{
	"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGQUIT": syscall.SIGQUIT, "SIGKILL": syscall.SIGKILL,
	"SIGHUP": syscall.SIGHUP, "SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGWINCH": syscall.SIGWINCH,
}

// reload reads the configuration again, without a change.
func (p program) reload(d *daemon) error {
	switch p.name {
	case "nginx", "squid", "h2o":
		return d.Signal(syscall.SIGHUP)
	case "haproxy":
		return d.Signal(syscall.SIGUSR2)
	case "apache", "lighttpd":
		return d.Signal(syscall.SIGUSR1)
	case "caddy", "caddy-2.6":
		return p.command(d, d.path, "reload", "--force", "--config", filepath.Join(d.dir, p.config), "--adapter", "caddyfile",
			"--address", "unix/"+filepath.Join(d.dir, "admin.sock"))
	case "varnish":
		admin := filepath.Join(filepath.Dir(d.path), "../bin/varnishadm")
		return errors.Join(
			p.command(d, admin, "-n", filepath.Join(d.dir, "work"), "vcl.load", "again", filepath.Join(d.dir, p.config)),
			p.command(d, admin, "-n", filepath.Join(d.dir, "work"), "vcl.use", "again"))
	}
	return fmt.Errorf("%s has no reload", p.name)
}

// command runs a command for a program that runs.
func (p program) command(d *daemon, path string, args ...string) error {
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), libraries(d.root)...)
	if p.env != nil {
		cmd.Env = append(cmd.Env, p.env(d.dir)...)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return nil
}
