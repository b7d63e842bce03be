package middlebox

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// seen says what the client and the server see of a fault.
func seen(do faultproxy.Fault) (client, server string) {
	switch do := do.(type) {
	case faultproxy.End:
		client, server = ended(do.Client), ended(do.Server)
		if do.Gap > 0 && do.ServerFirst {
			client += ", " + do.Gap.String() + " later"
		}
	case faultproxy.Forget:
		client, server = forgotten(do.Client), forgotten(do.Server)
		switch {
		case do.Revive && do.Server == faultproxy.RST:
			client = "nothing, its next bytes bring the connection back, or draw an RST if the server sent first"
		case do.Revive:
			client, server = "nothing, its next bytes bring the connection back", "nothing, its next bytes wait for that"
		}
	case faultproxy.Close:
		client = fmt.Sprintf("Close %d, FIN", do.Code)
		if do.Abrupt {
			client += ", RST" // which the answer draws
		}
		switch {
		case do.Toward.Has(frame.ToServer), do.Other == faultproxy.SameCode:
			server = client
		case do.Other == faultproxy.OtherFIN:
			server = "FIN"
		default:
			server = "nothing"
		}
	default:
		client, server = "nothing", "nothing"
	}
	return client, server
}

// ended says what a peer sees of an ending.
func ended(how faultproxy.Ending) string {
	switch how {
	case faultproxy.HalfClose, faultproxy.FIN:
		return "FIN"
	case faultproxy.FullClose:
		return "FIN, RST to writes"
	case faultproxy.RST:
		return "RST"
	case faultproxy.FINRST:
		return "FIN, RST"
	case faultproxy.Silent:
		return "silence"
	}
	return "nothing"
}

// forgotten says what a peer sees of a connection that was forgotten.
func forgotten(how faultproxy.Ending) string {
	if how == faultproxy.RST {
		return "nothing, RST to its next bytes"
	}
	return "nothing, its next bytes are lost"
}

// resetAs says what a peer sees of the other one's reset.
func resetAs(fin bool) string {
	if fin {
		return "FIN, RST to writes"
	}
	return "RST"
}

func (p Preset) serverReset() string {
	if p.Behavior.InStream != nil {
		return "an HTTP 500 in its stream, FIN"
	}
	if p.Behavior.TornDown.Client == faultproxy.FIN {
		return "FIN"
	}
	return resetAs(p.Behavior.OnRST != faultproxy.PassRST)
}

// answered says what the client sees of a failed handshake.
func answered(a faultproxy.Answer, usual int) string {
	s := "FIN without HTTP"
	if !a.Bare {
		status := cmp.Or(a.Status, usual)
		s = fmt.Sprintf("%d %s", status, cmp.Or(a.Page.Reason, http.StatusText(status)))
		if a.KeepOpen {
			s += ", stays open"
		} else {
			s += ", FIN"
		}
	}
	if a.After > 0 {
		s += ", " + a.After.String() + " later"
	}
	return s
}

// isZero reports whether an answer is none.
func isZero(a faultproxy.Answer) bool {
	return a.Status == 0 && a.After == 0 && !a.Bare && !a.KeepOpen && a.Page.Reason == "" && a.Page.Header == nil && !a.Page.Dated && a.Page.Body == ""
}

// when says when a timer fires.
func (t Timer) when(p Preset) string {
	if !p.counts(t) {
		s := "off"
		if t.For > 0 {
			s = "off, because " + t.Without + " is set"
		}
		return s + "; else its time " + t.about()
	}
	s := t.For.String() + " " + t.about()
	early, late := max(t.Early, t.Lazy), t.Delay+t.Late
	switch {
	case t.Delay > 0:
		s += fmt.Sprintf(", %v to %v late", t.Delay, late)
	case early > 0 && late > 0:
		s += fmt.Sprintf(", up to %v early or %v late", early, late)
	case early > 0:
		s += fmt.Sprintf(", up to %v early", early)
	case late > 0:
		s += fmt.Sprintf(", up to %v late", late)
	}
	return s
}

// after says when a Stop ends connections, and what it does to new ones.
func (s Stop) after() string {
	text := ""
	if d := s.After + s.Late; d > 0 && !s.Survive && s.Do != nil {
		text += ", " + d.String() + " later"
	}
	switch {
	case s.Hang:
		text += "; new connections wait"
	case s.Refuse:
		text += "; new connections are refused"
	}
	return text
}

// seen says what the live connections see of a Stop.
func (s Stop) seen() (client, server string) {
	if s.Survive || s.Do == nil {
		return "nothing", "nothing"
	}
	return seen(s.Do)
}

// changes says what a heading changes about an answer.
func changes(g faultproxy.Heading) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(g.Set)) {
		words = append(words, name+": "+strings.Join(g.Set[name], ", "))
	}
	if g.Dated {
		words = append(words, "a Date")
	}
	switch g.Names {
	case faultproxy.LowerCase:
		words = append(words, "names in lower case")
	case faultproxy.Canonical:
		words = append(words, "names as Go writes them")
	}
	if words == nil {
		return ""
	}
	return " with " + strings.Join(words, ", ")
}
