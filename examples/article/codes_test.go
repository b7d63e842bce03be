package article_test

import (
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// closing is a Close of the server's, and the CloseEvent that Chromium makes of it.
type closing struct {
	sent     frame.Frame
	code     int
	reason   string
	wasClean bool
}

// closings go through the table of close codes; README.md of the module says what they
// mean. Chromium tells its page of the codes that no server may send, too, except of those
// that stand for ends without a Close: they are errors in one.
var closings = func() []closing {
	const reason = "as the table says"
	all := []closing{{frame.EmptyClose(), 1005, "", true}}
	for _, code := range []int{
		0, 999, 1000, 1001, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1016, 1999,
		2000, 2999, 3000, 3001, 3003, 3008, 3999, 4000, 4999, 5000,
	} {
		all = append(all, closing{frame.Close(frame.CloseCode(code), reason), code, reason, true})
	}
	for _, code := range []frame.CloseCode{1005, 1006, 1015} {
		all = append(all, closing{frame.Close(code, reason), 1006, "", false})
	}
	return all
}()

// codes: the page is told of every code. It reconnects after each, so that all come in
// turn.
func codes(p *play) {
	p.await("close", len(closings))
	events := p.log().of("close")
	for i, c := range closings {
		p.closed(events[i], c.code, c.reason, c.wasClean)
		p.agrees(i + 1)
	}
	if n := len(p.log().of("error")); n != 3 {
		p.t.Errorf("%d error events, want 3, for 1005, 1006 and 1015 in a Close", n)
	}
}

// serverEvery is how often the server sends data where it does.
const serverEvery = 250 * ms

// server answers the text ping, except where the path asks for something else.
func server() *fakeserver.Server {
	answers := fakeserver.Script(fakeserver.AnswerBeats(beats))
	s := &fakeserver.Server{
		Handlers: []fakeserver.Handler{answers},
		Routes: []fakeserver.Route{{Path: "/socket/data", Handlers: []fakeserver.Handler{
			fakeserver.Script(fakeserver.Every(serverEvery, fakeserver.Send(frame.Text(`{"n":1}`)))),
		}}},
	}
	for _, page := range []string{article, corrected} {
		var handlers []fakeserver.Handler
		for _, c := range closings {
			handlers = append(handlers, fakeserver.Script(fakeserver.Send(c.sent)))
		}
		s.Routes = append(s.Routes, fakeserver.Route{Path: "/socket/codes/" + page, Handlers: append(handlers, answers)})
	}
	return s
}
