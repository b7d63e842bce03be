package thirdparty

import (
	"net"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/nats-io/nats.go"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

// limit is something that virtual time does not bear. It ends the process, or stops
// the clock for good, so it is tried in a process of its own.
type limit struct {
	name string
	try  func(t *testing.T)
	says []string // in what that process prints
}

// child is set in the environment of that process.
const child = "HEARTBREAK_LIMIT"

var limits = []limit{
	// nats.go keeps the timers of all its connections in one sync.Pool, and a timer
	// belongs to the bubble it was made in. See forgetTimers.
	{"a pool of timers outlives the bubble",
		func(t *testing.T) {
			for range 20 { // the race detector makes a sync.Pool forget some
				synctest.Test(t, func(t *testing.T) {
					_ = connectNATS(t, fake.InMemory(t, natsClient.serve)).Flush()
				})
			}
		},
		[]string{"synctest", "outside bubble", "nats"},
	},
	// discordgo sleeps for 1 s after its Close frame with its session locked. The
	// server's answer comes meanwhile, and the reader, which wants the lock too, is not
	// durably blocked by a mutex.
	{"a mutex is held over a sleep",
		func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t, discord.serve)
				session := openDiscord(t, srv)
				time.Sleep(time.Second) // until the first beat is answered
				_ = session.Close()
			})
		},
		[]string{"clock stands still", "sync.(*RWMutex).RLock", "discordgo.(*Session).listen", "time.Sleep", "discordgo.(*Session).CloseWithCode"},
	},
	// nats.go reads the server's greeting with its connection locked. While that does not
	// come, whoever asks for the state waits for the lock, and so does the read's timeout.
	{"a mutex is held over a read",
		func(t *testing.T) {
			forgetTimers()
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t, natsClient.serve.Times(1), fake.Silent)
				nc := connectNATS(t, srv)
				srv.DropAll(fake.Fin())
				time.Sleep(nats.DefaultReconnectWait + time.Second)
				_ = nc.IsConnected()
			})
		},
		[]string{"clock stands still", "sync.(*RWMutex).RLock", "(*Conn).IsConnected", "memnet.(*Conn).Read", "(*Conn).processConnectInit"},
	},
	// Paho's own WebSocket transport dials for itself. It finds a server on loopback, but
	// nobody who reads a real socket is durably blocked: fakeserver refuses to start there
	// by itself.
	{"a client dials for itself",
		func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				srv := (&fake.Server{Listener: l, Handlers: []fake.Handler{paho.serve}}).StartIn(t)
				client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(srv.URL))
				client.Connect().Wait()
				time.Sleep(time.Minute)
			})
		},
		[]string{"clock stands still", "internal/poll.(*FD).Read", "paho%2emqtt%2egolang.startIncoming", "time.Sleep"},
	},
}

func TestLimits(t *testing.T) {
	for _, l := range limits {
		t.Run(l.name, func(t *testing.T) {
			if os.Getenv(child) != "" {
				watchdog := time.AfterFunc(2*time.Second, clockStandsStill)
				defer watchdog.Stop()
				l.try(t)
				return
			}
			t.Parallel()
			this := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			this.Env = append(os.Environ(), child+"=1")
			out, err := this.CombinedOutput()
			if err == nil {
				t.Errorf("it ran in virtual time after all:\n%s", out)
			}
			for _, w := range l.says {
				if !strings.Contains(string(out), w) {
					t.Errorf("the process does not say %q but:\n%s", w, out)
				}
			}
		})
	}
}

// clockStandsStill is called from outside the bubble.
func clockStandsStill() {
	_, _ = os.Stdout.WriteString("the clock stands still:\n")
	_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
	os.Exit(1)
}
