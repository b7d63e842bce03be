//go:build linux

package fidelity

import (
	"debug/buildinfo"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// program is a middlebox of the real world and how it is run in the foreground.
type program struct {
	name    string   // for install.sh, and in messages
	binary  string   // below the folder install.sh fills, such as usr/sbin/nginx
	config  string   // its template in testdata/config
	version []string // what makes it tell its version. nil: it is a Go program of install.sh's
	args    func(file, dir string, a data) []string
	env     func(dir string) []string
	// trace is a pattern of files that it leaves outside its folder when it is killed.
	trace func(a data) string
	// child is set for what this test binary runs itself, as a process of its own.
	child string
}

// settings are the configuration that differs from one run of a program to the
// next, by its own names.
type settings map[string]string

// data is what a template is filled with.
type data struct {
	Dir, Root, User            string
	Listen, Host, Port         string
	Upstream                   string
	UpstreamHost, UpstreamPort string
	Certificate                string
	Old                        bool // of Caddy: 2.6, which knows fewer options
	settings                   settings
}

// Get is a setting, or "" where it was left alone.
func (d data) Get(name string) string { return d.settings[name] }

// Or is a setting, or what it is if it was left alone.
func (d data) Or(name, other string) string {
	if s := d.settings[name]; s != "" {
		return s
	}
	return other
}

// List splits words.
func (data) List(words string) []string { return strings.Fields(words) }

// installed is the folder that install.sh fills.
func installed() string {
	if dir := os.Getenv("FIDELITY_PROGRAMS"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "/tmp"
	}
	return filepath.Join(cache, "heartbreak-fidelity")
}

// find returns the program's path, and the root of the tree it was found in: the
// folder of install.sh first, then the system.
func (p program) find(tb testing.TB) (path, root string) {
	tb.Helper()
	if p.child != "" {
		self, err := os.Executable()
		if err != nil {
			tb.Fatal(err)
		}
		return self, ""
	}
	root = installed()
	path = filepath.Join(root, p.binary)
	if _, err := os.Stat(path); err == nil {
		return path, root
	}
	return realparts.Find(tb, "internal/fidelity/install.sh "+p.name, filepath.Base(p.binary)), ""
}

// libraries lets a program of install.sh's folder find its shared libraries there.
func libraries(root string) []string {
	dirs, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
	if root == "" || err != nil || len(dirs) == 0 {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(dirs, ":")}
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// release asks the program for its version.
func (p program) release(tb testing.TB) string {
	tb.Helper()
	path, root := p.find(tb)
	if p.child != "" {
		return strings.TrimPrefix(goVersion(), "go")
	}
	if p.version == nil {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	cmd := exec.Command(path, p.version...)
	cmd.Env = append(os.Environ(), libraries(root)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return versionNumber.FindString(string(out))
}

// daemon is a program that runs in front of an upstream.
type daemon struct {
	*realparts.Running
	addr, dir  string
	path, root string
}

// start runs the program in front of upstream with settings s.
func (p program) start(tb testing.TB, upstream string, s settings) *daemon {
	tb.Helper()
	path, root := p.find(tb)
	dir := runDir(tb)
	d := &daemon{dir: dir, addr: realparts.FreeAddr(tb), path: path, root: root}
	a := data{Dir: dir, Root: root, Listen: d.addr, Upstream: upstream, settings: s,
		Certificate: certificateFile(tb, dir, s), Old: p.name == "caddy-2.6"}
	a.Host, a.Port, _ = net.SplitHostPort(d.addr)
	a.UpstreamHost, a.UpstreamPort, _ = net.SplitHostPort(upstream)
	if os.Geteuid() == 0 {
		a.User = "root"
	}
	file := filepath.Join(dir, p.config)
	if p.config != "" {
		fill(tb, p.config, file, a)
	}
	if p.trace != nil {
		tb.Cleanup(func() { removeAll(p.trace(a)) })
	}
	env := libraries(root)
	if p.env != nil {
		env = append(env, p.env(dir)...)
	}
	if p.child != "" {
		env = append(env, childVariable+"="+p.child, childArguments+"="+strings.Join(p.args(file, dir, a), " "))
		d.Running = realparts.StartDaemon(tb, realparts.Daemon{Name: p.name, Path: path, Env: env, Listens: d.addr})
		return d
	}
	d.Running = realparts.StartDaemon(tb, realparts.Daemon{
		Name: p.name, Path: path, Args: p.args(file, dir, a), Env: env, Listens: d.addr,
	})
	return d
}

// runDir makes a directory for a program's files. Its path is short: the sockets
// in it may have no more than 107 bytes.
func runDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "fid")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	// Some programs read it as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func fill(tb testing.TB, name, file string, a data) {
	tb.Helper()
	t, err := template.ParseFiles(filepath.Join("testdata", "config", name))
	if err != nil {
		tb.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if err := t.Execute(f, a); err != nil {
		tb.Fatal(fmt.Errorf("fill %s: %w", name, err))
	}
}

func removeAll(pattern string) {
	left, _ := filepath.Glob(pattern)
	for _, file := range left {
		os.Remove(file)
	}
}
