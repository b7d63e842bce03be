package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// connView is a connection as it is shown. Times are seconds since the proxy's timeline
// began; what has not happened is missing.
type connView struct {
	Number      int         `json:"number"`
	State       fleet.State `json:"state"`
	Target      string      `json:"target"`
	Remote      string      `json:"remote,omitempty"`
	Subprotocol string      `json:"subprotocol,omitempty"`
	Status      string      `json:"status,omitempty"`
	RequestedAt float64     `json:"requested_at"`
	OpenedAt    *float64    `json:"opened_at,omitempty"`
	EndedAt     *float64    `json:"ended_at,omitempty"`
	ToServer    trafficView `json:"to_server"`
	ToClient    trafficView `json:"to_client"`
	BeatAt      *float64    `json:"beat_at,omitempty"`   // the client's newest
	AnswerAt    *float64    `json:"answer_at,omitempty"` // the newest to one
	Unanswered  int         `json:"unanswered"`          // the client's beats since then
	Faults      int         `json:"faults"`
	Silenced    bool        `json:"silenced"`
	LastEvent   int         `json:"last_event"`
	Close       *closeView  `json:"close,omitempty"`
	Cause       *causeView  `json:"cause,omitempty"`
}

type trafficView struct {
	Frames int      `json:"frames"`
	Bytes  int      `json:"bytes"`
	LastAt *float64 `json:"last_at,omitempty"`
}

// closeView is the close event of a browser.
type closeView struct {
	Code     frame.CloseCode `json:"code"`
	Reason   string          `json:"reason"`
	WasClean bool            `json:"wasClean"`
	Error    bool            `json:"error"`
}

// causeView is why a connection ended.
type causeView struct {
	ID         string `json:"id"`
	Text       string `json:"text"`
	Confidence string `json:"confidence"`
	Advice     string `json:"advice,omitempty"`
}

// at is a time as it is shown; nil for none.
func at(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

func viewConn(c fleet.Conn) connView {
	v := connView{
		Number: c.Number, State: c.State, Target: c.Target, Remote: c.Remote, Subprotocol: c.Subprotocol, Status: c.Status,
		RequestedAt: c.Requested.Seconds(), OpenedAt: at(c.Opened), EndedAt: at(c.Ended),
		ToServer: viewTraffic(c.ToServer), ToClient: viewTraffic(c.ToClient),
		BeatAt: at(c.Beat), AnswerAt: at(c.Answer), Unanswered: c.Unanswered, Faults: c.Faults, Silenced: c.Silenced, LastEvent: c.Last,
	}
	if r := c.Report; r != nil {
		v.Cause = &causeView{string(r.Cause.ID), r.Cause.Text, r.Cause.Confidence.String(), r.Cause.Advice}
		if r.Reported {
			v.Close = &closeView{r.CloseEvent.Code, r.CloseEvent.Reason, r.CloseEvent.WasClean, r.CloseEvent.Error}
		}
	}
	return v
}

func viewTraffic(t fleet.Traffic) trafficView { return trafficView{t.Frames, t.Bytes, at(t.Last)} }

func (s *Server) listConns(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	only := r.URL.Query().Get("state")
	if only != "" && only != "open" && only != "all" {
		failed(w, bad(http.StatusBadRequest, "state=%s: want open, or all", only))
		return
	}
	if p.Tracker().Await(r.Context(), p.Timeline().Last()) != nil {
		return // who asked has left
	}
	list := []connView{}
	for _, c := range p.Tracker().Conns() {
		if only != "open" || c.State == fleet.Open {
			list = append(list, viewConn(c))
		}
	}
	reply(w, http.StatusOK, map[string]any{"connections": list, "now": p.Timeline().Now().Seconds()})
}

// number is that of the connection that the path names.
func number(r *http.Request, p *fleet.Proxy) (int, error) {
	text := r.PathValue("conn")
	if text == "latest" {
		conns := p.Timeline().Conns()
		if len(conns) == 0 {
			return 0, bad(http.StatusNotFound, "there is no connection yet")
		}
		return conns[len(conns)-1], nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, bad(http.StatusBadRequest, "%q is no connection: want its number, from 1, or latest", text)
	}
	return n, nil
}

func (s *Server) getConn(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	n, err := number(r, p)
	if err == nil {
		if c, ok := p.Tracker().Conn(n); ok {
			reply(w, http.StatusOK, viewConn(c))
			return
		}
		err = noConn(n, p)
	}
	failed(w, err)
}

func noConn(n int, p *fleet.Proxy) error {
	return bad(http.StatusNotFound, "there is no connection %d, or it is over for long; there were %d so far", n, len(p.Timeline().Conns()))
}
