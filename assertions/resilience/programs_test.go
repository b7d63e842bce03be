package resilience_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

// The programs that the tests start are the test binary, run again in a role.
const roleEnv = "HEARTBREAK_RESILIENCE_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// program is a client that plays a role. With the race detector it would exit a second
// later than it means to.
func program(role string, args ...string) resilience.Client {
	return resilience.Command(testBinary(), args...).Env(roleEnv+"="+role, "GORACE=atexit_sleep_ms=0")
}

func testBinary() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

func play(role string, args []string) error {
	switch role {
	case "say": // each argument is a line, for standard error if it begins with !
		for _, a := range args {
			if line, isErr := strings.CutPrefix(a, "!"); isErr {
				fmt.Fprintln(os.Stderr, line)
			} else {
				fmt.Println(a)
			}
		}
		return nil
	case "write": // the bytes that a Go string literal stands for, so many times
		s, _ := strconv.Unquote(`"` + args[0] + `"`)
		n, _ := strconv.Atoi(args[1])
		for range n {
			_, _ = io.WriteString(os.Stdout, s)
		}
		return nil
	case "cat":
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, f)
		return err
	case "show":
		wd, _ := os.Getwd()
		stdin, _ := io.ReadAll(os.Stdin)
		said("show", "args", args, "WS_URL", os.Getenv("WS_URL"), "HTTP_URL", os.Getenv("HTTP_URL"), "HOST", os.Getenv("HOST"),
			"MINE", os.Getenv("MINE"), "dir", wd, "stdin", len(stdin))
		return nil
	case "exit":
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fallthrough
	case "wait":
		said("ready")
		time.Sleep(time.Hour)
	case "dial":
		return dialAndStay()
	case "chat": // reports the close it receives, and gives up on 44xx
		ws, _, err := websocket.DefaultDialer.Dial(args[0], nil)
		if err != nil {
			return err
		}
		said("open")
		_, _, err = ws.ReadMessage()
		if e := (*websocket.CloseError)(nil); errors.As(err, &e) {
			said("close", "code", e.Code, "reason", e.Text)
			os.Exit(3)
		}
		return err
	case "keep":
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		if err := startHolder(false); err != nil {
			return err
		}
		said("kept")
		<-hup
		said("hung up")
		time.Sleep(time.Hour)
	case "leave", "escape":
		if err := startHolder(role == "escape"); err != nil {
			return err
		}
		os.Exit(3)
	case "test":
		resilience.Start(&recorder{T: &testing.T{}}, elsewhere(os.Getenv("WS_URL")), program("dial"))
		time.Sleep(time.Hour)
	}
	return nil
}

// said prints a report.
func said(event string, pairs ...any) {
	members := []string{`"event":` + strconv.Quote(event)}
	for i := 0; i+1 < len(pairs); i += 2 {
		value, _ := json.Marshal(pairs[i+1])
		members = append(members, strconv.Quote(pairs[i].(string))+":"+string(value))
	}
	fmt.Println("{" + strings.Join(members, ",") + "}")
}

// dialAndStay holds a connection until that ends.
func dialAndStay() error {
	ws, _, err := websocket.DefaultDialer.Dial(os.Getenv("WS_URL"), nil)
	if err != nil {
		return err
	}
	said("open", "pid", os.Getpid())
	if ready := os.NewFile(3, "ready"); os.Getenv("READY_FD") != "" {
		_ = ready.Close()
	}
	_, _, err = ws.ReadMessage()
	return err
}

// startHolder starts a process that has a connection and holds our standard output,
// and returns when it has both.
func startHolder(escape bool) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(testBinary())
	cmd.Env = append(os.Environ(), roleEnv+"=dial", "READY_FD=3")
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{w}
	if escape {
		cmd.SysProcAttr = newSession()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = w.Close()
	_, _ = io.Copy(io.Discard, r)
	return nil
}

// fileWith returns the path of a file with this content.
func fileWith(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "output")
	if err := os.WriteFile(path, []byte(strings.Join(parts, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// elsewhere is a target of another process.
type elsewhere string

func (e elsewhere) Address() string      { return string(e) }
func (e elsewhere) View() *timeline.View { return timeline.New().View() }
