package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// ends opens a connection, lets the server say hello and end it, and plays f.
func ends(t *testing.T, how fake.Ending, f func(t *testing.T, c *client, conn *fake.Conn)) {
	t.Helper()
	secured(t, func(t *testing.T, start func(*fake.Server) *fake.Server) {
		srv := start(&fake.Server{Handlers: []fake.Handler{{}}})
		c := dial(t, srv)
		conn, err := srv.NextConn(within(t, 5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Send(frame.Text("hello")); err != nil {
			t.Error(err)
		}
		if err := conn.End(how); err != nil {
			t.Error(err)
		}
		c.wants(`text "hello"`)
		f(t, c, conn)
	})
}

func TestSendCloseIsAClosingHandshake(t *testing.T) {
	ends(t, fake.Close(1012, "restart"), func(t *testing.T, c *client, conn *fake.Conn) {
		c.wants(`close 1012 "restart"`)
		if err := conn.Send(frame.Text("late")); err == nil || !strings.Contains(err.Error(), "a Close was sent") {
			t.Errorf("Send after SendClose: %v", err)
		}
		c.send(frame.Text("still here"), frame.Close(1012, ""))
		c.wants("fin")
		_ = c.conn.Close()
		over(t, conn)
		tells(t, conn, "opened", "-> request", `-> text "still here"`, "-> close 1012", "-> fin",
			"<- response 101", `<- text "hello"`, `<- fault Close(1012, "restart")`, `<- close 1012 "restart"`, "<- fin", "ended")
	})
}

func TestFinIsAnsweredAsADeadProcessWould(t *testing.T) {
	ends(t, fake.Fin(), func(t *testing.T, c *client, conn *fake.Conn) {
		c.wants("fin")
		c.send(frame.Text("are you there"))
		over(t, conn)
		tells(t, conn, "opened", "-> request", `-> text "are you there"`,
			"<- response 101", `<- text "hello"`, "<- fault Fin()", "<- fin", "<- rst", "ended")
	})
}

func TestFinSeesTheClientsOwn(t *testing.T) {
	ends(t, fake.Fin(), func(t *testing.T, c *client, conn *fake.Conn) {
		c.wants("fin")
		_ = c.conn.(interface{ CloseWrite() error }).CloseWrite()
		if _, secure := c.conn.(interface{ ConnectionState() any }); !secure {
			_ = c.conn.Close()
		}
		over(t, conn)
		if s := story(conn); strings.Contains(s, "RST") && !strings.HasPrefix(c.res.Request.URL.Scheme, "https") {
			t.Errorf("a client that only closes drew an RST:\n%s", s)
		}
	})
}

func TestHalfCloseReadsOn(t *testing.T) {
	ends(t, fake.HalfClose(), func(t *testing.T, c *client, conn *fake.Conn) {
		c.wants("fin")
		c.send(frame.Text("one"), frame.Ping(nil))
		for _, want := range []string{`text "one"`, "ping"} {
			if f, err := conn.Next(within(t, 5*time.Second)); err != nil || f.String() != want {
				t.Errorf("Next: %v, %v; want %s", f, err, want)
			}
		}
		_ = c.conn.Close()
		over(t, conn)
		tells(t, conn, "opened", "-> request", `-> text "one"`, "-> ping", "-> fin",
			"<- response 101", `<- text "hello"`, "<- fault HalfClose()", "<- fin", "ended")
	})
}

func TestResetIsAnRST(t *testing.T) {
	ends(t, fake.Reset(), func(t *testing.T, c *client, conn *fake.Conn) {
		c.wants("rst")
		over(t, conn)
		tells(t, conn, "opened", "-> request", "<- response 101", `<- text "hello"`, "<- fault Reset()", "<- rst", "ended")
	})
}

func TestGoDarkSwallowsAndNoticesTheEnd(t *testing.T) {
	ends(t, fake.GoDark(), func(t *testing.T, c *client, conn *fake.Conn) {
		awaitFault(t, conn)
		c.send(frame.Ping(nil), frame.Close(1000, ""))
		_ = c.conn.Close()
		over(t, conn)
		tells(t, conn, "opened", "-> request", "-> ping", "-> close 1000", "-> fin",
			"<- response 101", `<- text "hello"`, "<- fault GoDark()", "<- closed", "ended")
	})
}

// awaitFault waits until an ending is in force.
func awaitFault(t *testing.T, conn *fake.Conn) {
	t.Helper()
	for i := 0; ; i++ {
		for e := range conn.View().All() {
			if e.Rule != "" {
				return
			}
		}
		if i > 10_000 {
			t.Fatalf("no ending:\n%s", story(conn))
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFreezeNeitherReadsNorSends(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		conn := srv.Conn(1)
		if err := conn.Freeze(); err != nil {
			t.Fatal(err)
		}
		c.send(frame.Ping(nil), frame.Close(1000, ""))
		c.closeWrite()
		c.wants("nothing")
		if err := conn.Send(frame.Text("x")); err == nil || !strings.Contains(err.Error(), "is frozen") {
			t.Errorf("Send to a frozen connection: %v", err)
		}
		tells(t, conn, "opened", "-> request", "<- response 101", "<- fault Freeze()")
		// The stopped process is killed: its kernel sends FIN, and the client's bytes draw an RST.
		if err := conn.Fin(); err != nil {
			t.Error(err)
		}
		c.wants("fin")
		over(t, conn)
	})
}

func TestStopReadingSendsOn(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		conn := srv.Conn(1)
		_ = conn.StopReading()
		c.send(frame.Ping(nil), frame.Close(1000, ""))
		_ = conn.Send(frame.Text("beat"))
		c.wants(`text "beat"`, "nothing")
		_ = c.conn.Close()
		time.Sleep(time.Second)
		_ = conn.Send(frame.Text("draws the reset"))
		time.Sleep(time.Second)
		_ = conn.Send(frame.Text("meets it"))
		over(t, conn)
		tells(t, conn, "opened", "-> request", "-> rst", "<- response 101", "<- fault StopReading()",
			`<- text "beat"`, `<- text "draws the reset"`, `<- text "meets it"`, "ended")
	})
}

// virtual runs a test in virtual time with one connection open.
func virtual(t *testing.T, handlers []fake.Handler, f func(t *testing.T, srv *fake.Server, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, handlers...)
		f(t, srv, dial(t, srv))
	})
}

func TestAnEndingOvertakesWhatTheClientDoesNotRead(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		conn := srv.Conn(1)
		for range 4 {
			_ = conn.Send(frame.Binary(make([]byte, 256<<10)))
		}
		start := time.Now()
		if err := conn.Reset(); err != nil {
			t.Fatal(err)
		}
		over(t, conn)
		if d := time.Since(start); d != time.Second {
			t.Errorf("the reset came after %v, want 1s", d)
		}
	})
}

func TestACloseOfOneThatReadsNothingEndsAfterFiveSeconds(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		_ = srv.Conn(1).StopReading()
		start := time.Now()
		_ = srv.Conn(1).SendClose(1001, "")
		c.wants("close 1001")
		c.send(frame.Close(1001, ""))
		over(t, srv.Conn(1))
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("closed after %v, want 5s", d)
		}
	})
}

func TestAClientThatNeverClosesIsClosedAfterFiveSeconds(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		start := time.Now()
		_ = srv.Conn(1).SendClose(1001, "")
		over(t, srv.Conn(1))
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("closed after %v, want 5s", d)
		}
		tells(t, srv.Conn(1), "opened", "-> request", "<- response 101", `<- fault Close(1001, "")`, "<- close 1001", "<- closed", "ended")
	})
}

func TestACloseThatCrossesTheClientsIsNotSentTwice(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		_ = srv.Conn(1).SendClose(1001, "")
		c.send(frame.Close(1000, "")) // before it has read the server's
		c.wants("close 1001", "fin")
	})
}

func TestACloseThatIsStillQueuedCountsAsSent(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		big := frame.Binary(make([]byte, 512<<10))
		_ = srv.Conn(1).Send(big) // more than TCP takes
		_ = srv.Conn(1).SendClose(1001, "")
		c.send(frame.Close(1000, ""))
		synctest.Wait()
		c.wants(big.String(), "close 1001", "fin")
	})
}

func TestSendingACloseByHandKeepsTheConnection(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		conn := srv.Conn(1)
		_ = conn.Send(frame.Close(1001, ""))
		time.Sleep(time.Hour)
		_ = conn.Send(frame.Text("after the Close"))
		_ = conn.SendRaw([]byte{0xff, 0xff})
		c.wants("close 1001", `text "after the Close"`)
	})
}

func TestEndingAClosedConnectionSaysSo(t *testing.T) {
	virtual(t, []fake.Handler{{}, fake.RejectWith(403)}, func(t *testing.T, srv *fake.Server, c *client) {
		_ = srv.Conn(1).Reset()
		over(t, srv.Conn(1))
		_, _ = tryDial(t, srv, "/")
		for conn, want := range map[*fake.Conn]string{
			srv.Conn(1): "connection 1 is over",
			srv.Conn(2): "connection 2 did not open: the server answered 403",
			srv.Conn(3): "connection 3 has not been attempted yet",
		} {
			if err := conn.Fin(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v, want %q", conn, err, want)
			}
		}
	})
}

func TestAClientThatNeverSendsItsFINIsClosedAfterFiveSeconds(t *testing.T) {
	virtual(t, nil, func(t *testing.T, srv *fake.Server, c *client) {
		start := time.Now()
		c.send(frame.Close(1000, ""))
		c.wants("close 1000", "fin")
		over(t, srv.Conn(1))
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("closed after %v, want 5s", d)
		}
	})
}
