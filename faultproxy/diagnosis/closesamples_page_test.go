package diagnosis_test

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// answered is when the server answers the page's Close.
func (s sample) answered() time.Duration {
	at := afterOpening + 100*time.Microsecond
	if s.Sent != nil {
		at += max(millis(s.Sent.Ms), 0)
	}
	return at
}

// echo is the Close that the page's Close deserves.
func (s sample) echo() frame.Frame {
	if s.Sent != nil && s.Sent.Code != frame.CodeNoStatus {
		return frame.Close(s.Sent.Code, s.Sent.Reason)
	}
	return frame.EmptyClose()
}

// answersClose is a server that answers the page's Close as it should.
func (s sample) answersClose() []act {
	return []act{serverSends(s.answered(), s.echo()), serverEnds(s.answered(), "fin")}
}

// afterPageClose is how the server takes the page's Close.
func (s sample) afterPageClose(what string) []act {
	answered := s.answered()
	send := func(frames ...frame.Frame) act { return serverSends(answered, frames...) }
	fin := serverEnds(answered, "fin")
	switch {
	case strings.HasPrefix(what, "noecho"):
		switch what {
		case "noecho_fin30":
			return []act{serverEnds(30*sec, "fin")}
		case "noecho_echo50":
			return []act{serverSends(50*sec, s.echo()), serverEnds(50*sec+ms, "fin")}
		case "noecho_data":
			return []act{serverSends(sec, frame.Text("m")), serverSends(2*sec, frame.Text("m"))}
		}
		return nil
	case strings.HasPrefix(what, "connecting"), what == "same_tick":
		return nil
	case strings.HasPrefix(what, "echo_delay1500"):
		acts := []act{serverSends(1500*ms, s.echo())}
		if strings.HasSuffix(what, "_fin") {
			acts = append(acts, serverEnds(1501*ms, "fin"))
		}
		return acts
	}
	switch what {
	case "echo1000_fin":
		return []act{send(frame.Close(1000, "")), fin}
	case "echo_other":
		return []act{send(frame.Close(1011, "srv")), fin}
	case "echo_empty":
		return []act{send(frame.EmptyClose()), fin}
	case "echo_invalid1006":
		return []act{send(frame.Close(1006, "")), fin}
	case "echo_invalid999":
		return []act{send(frame.Close(999, "")), fin}
	case "echo_rst":
		return []act{send(s.echo()), serverEnds(answered, "rst")}
	case "echo_nofin":
		return []act{send(s.echo())}
	case "fin_noecho":
		return []act{fin}
	case "rst_noecho":
		return []act{serverEnds(answered, "rst")}
	case "badframe":
		return []act{send(reservedOpcode)}
	case "crossing1012":
		return []act{serverSends(afterOpening, frame.Close(1012, "restart")), serverEnds(afterOpening+20*ms, "fin")}
	case "data_then_echo":
		return []act{send(frame.Text("m"), s.echo()), fin}
	case "ping_then_echo":
		return []act{send(frame.Ping(nil), s.echo()), fin}
	}
	return s.answersClose()
}

// afterOpening are the cases whose name begins with nothing in particular.
func (s sample) afterOpening() []act {
	now := func(frames ...frame.Frame) act { return serverSends(afterOpening, frames...) }
	later := frame.Close(1013, "later")
	message, big := frame.Text("m"), frame.Binary(bytes.Repeat([]byte("x"), 64_000))
	fin := serverEnds(afterOpening, "fin")
	switch s.Case {
	case "101_close_fin_one_segment":
		return []act{now(later), fin}
	case "101_msg_close_one_segment":
		return []act{now(message, later), fin}
	case "msgs_then_close_fin":
		return []act{now(message, message, frame.Close(1001, "bye")), serverEnds(sec, "fin")}
	case "bigmsgs_then_close_fin":
		return []act{now(big, big, frame.Close(1001, "bye")), serverEnds(sec, "fin")}
	case "bigmsgs_then_fin":
		return []act{now(big, big), fin}
	case "bigmsgs_then_rst":
		return []act{now(big, big), serverEnds(afterOpening, "rst")}
	case "fin_while_js_busy":
		return []act{fin}
	case "close_while_js_busy":
		return []act{now(frame.Close(1012, "r")), serverEnds(s.answered(), "fin")}
	case "unsolicited_pong":
		return append([]act{now(frame.Pong([]byte("u")))}, s.answersClose()...)
	case "ping_inside_fragmented":
		begin := frame.Text("fr")
		begin.Fin = false
		return append([]act{now(begin, frame.Ping([]byte("mid")), frame.Continuation(true, []byte("ag")))}, s.answersClose()...)
	}
	if what, ok := strings.CutPrefix(s.Case, "ping_behind_"); ok {
		size, _, _ := strings.Cut(what, "_")
		if n, err := strconv.Atoi(size); err == nil {
			return append([]act{now(frame.Binary(make([]byte, n)), frame.Ping([]byte("behind")))}, s.answersClose()...)
		}
	}
	switch {
	case strings.HasPrefix(s.Case, "ping_"):
		return append([]act{now(frame.Ping([]byte("p")))}, s.answersClose()...)
	case s.Sent != nil:
		return s.answersClose()
	}
	return nil
}
