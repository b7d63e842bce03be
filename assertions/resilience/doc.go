// Package resilience runs the client under test against a server or a proxy, and
// records what it says and how it ends beside what it does on the wire.
//
//	srv := fakeserver.Start(t, fakeserver.Silent)
//	client := resilience.Command("node", "client.mjs", "{url}").Env("HEARTBEAT_MS=500")
//	s := resilience.Start(t, srv, client)
//
// [Start] takes anything with a timeline and an address: a fakeserver.Server, or a
// faultproxy.Proxy in front of a real one. When the test ends, the client ends.
//
// # Programs
//
// A [Command] is any program, in any language. It learns where to connect from its
// arguments or from its environment:
//
//	{url}   WS_URL     ws://127.0.0.1:41234
//	{http}  HTTP_URL   http://127.0.0.1:41234
//	{host}  HOST       127.0.0.1:41234
//
// A secure target has wss and https there. The placeholders may stand anywhere in an
// argument or in the value of a variable that [Client.Env] sets; what else is in
// braces stays. The rest of the environment is the test's. Standard input is empty.
//
// # What it says
//
// A line of standard output that is a JSON object with a text "event" is a report:
//
//	{"event":"close","code":1006,"clean":false}
//
// It is put on the target's timeline as a KindReport event of that name, with the
// other members as fields, in their order: texts as they are, everything else as
// compact JSON. It can be waited for (timeline.Reported("close")), and secrets in it
// are removed as in all that a timeline records. Its time is when the line was
// read. If the client has been named, or several were started on the timeline, the
// field "client" comes first and says which one spoke.
//
// A line may be 1 MiB long, and a client's reports 64 MiB in all; what is beyond is
// left out, and a KindNote event says so. All other output is kept, the last 64 KiB
// of each stream ([Session.Stdout], [Session.Stderr]), and goes to the log of a test
// that failed.
//
// # How it ends
//
// The timeline has a KindStarted event before the client runs and a KindExit event
// after the last thing it said, with its exit code or the signal that ended it. To
// exit is no failure by itself: a test that cares says so ([Session.Wait]). Once all
// clients have left, the timeline's views say so (timeline.View.ClientsLeft), and
// who waits for more from them can give up.
//
// On Unix a program runs in a process group of its own. What it started and left
// behind there is killed when it exits. At the end of the test, or by
// [Session.Stop], the group gets SIGTERM (and SIGCONT, if it is stopped) and, 1 s
// later, SIGKILL. A process that left the group by setsid escapes; if it holds the
// program's output open, it is waited for until nothing has come for 1 s. On Linux the program
// is also killed when the test process dies, as after a timeout of go test. Elsewhere
// than on Unix only the program itself is killed.
//
// # In-process clients
//
// A [Func] is a client in Go that runs in the test's process, and in its virtual time
// if the test has one:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := fakeserver.InMemory(t)
//		resilience.Start(t, srv, resilience.Func("chat", func(ctx context.Context, s *resilience.Session) error {
//			chat := New(s.URL(), srv.Dialer())
//			chat.OnClose = func(code int) { s.Report("close", timeline.Field{Name: "code", Value: strconv.Itoa(code)}) }
//			return chat.Run(ctx)
//		}))
//		…
//	})
//
// Its return is its exit: code 0, or 1 and the error. A panic in it fails the test
// and is an exit with code 2, as it would be of a program. In virtual time a Command
// is refused: the clock of a bubble stands still while a process runs.
package resilience
