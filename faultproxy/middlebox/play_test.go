package middlebox_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// observed is what the two ends of a connection saw of an event, and when.
type observed struct {
	client, server string
	at             string // since the cause; empty: at once, or never
	fresh          string // what becomes of new connections, if not what usually does
}

// plays makes the events of a preset happen, by name. All others are timers or rules.
var plays = map[string]func(s *scene) observed{
	"client FIN":   playClientFIN,
	"server FIN":   playServerFIN,
	"client reset": playClientReset,
	"server reset": playServerReset,
	"early bytes":  playEarlyBytes,
	"unreachable":  playUnreachable,
	"unanswered":   playUnanswered,
	"incomplete":   playIncomplete,
	"not upgraded": playNotUpgraded,
	"upgraded":     playUpgraded,
	"refused":      playRefused,
	"too-big":      playTooBig,
	"send":         playSend,
	"reload":       func(s *scene) observed { return playStop(s, s.box.Reload()) },
	"shutdown":     func(s *scene) observed { return playStop(s, s.box.Shutdown()) },
	"drain":        func(s *scene) observed { return playStop(s, s.box.Drain(10*time.Second)) },
}

// quiet are the events that timers would get in the way of.
var quiet = map[string]bool{"send": true, "reload": true, "shutdown": true, "drain": true}

// playEvent makes an event happen in virtual time.
func playEvent(t *testing.T, box middlebox.Preset, name string) (o observed) {
	t.Helper()
	f, ok := plays[name]
	if !ok {
		return playTimer(t, box, name)
	}
	if quiet[name] {
		for _, timer := range box.Timers {
			if timer.Send && timer.For > 0 && name == "send" {
				box.Behavior.SendTimeout = timer.For
			}
		}
		box.Timers = nil
	}
	play(t, box, func(s *scene) { o = f(s) })
	return o
}

// only is the preset with some of its timers.
func only(box middlebox.Preset, which func(middlebox.Timer) bool) middlebox.Preset {
	box.Timers = slices.DeleteFunc(slices.Clone(box.Timers), func(t middlebox.Timer) bool { return !which(t) })
	return box
}

// alone is the preset with one timer and no other; with a minute, if that is off.
func alone(box middlebox.Preset, name string) (middlebox.Preset, middlebox.Timer) {
	box = only(box, func(t middlebox.Timer) bool { return t.Name == name })
	if box.Timers[0].For == 0 {
		box.Timers[0].For = time.Minute
	}
	return box, box.Timers[0]
}

func playTimer(t *testing.T, box middlebox.Preset, name string) (o observed) {
	t.Helper()
	box, timer := alone(box, name)
	if _, ok := timer.Do.(faultproxy.Forget); ok {
		return playForget(t, box, timer)
	}
	play(t, box, func(s *scene) {
		client, server := s.open()
		c, v := s.watchBoth(client, server, timer.For+time.Minute)
		o = observed{client: c.words, server: v.words, at: time.Duration(max(c.after, v.after)).String()}
		if c.after > v.after && v.after > 0 {
			o.client += fmt.Sprintf(", %v later", c.after-v.after)
			o.at = v.after.String()
		}
	})
	return o
}

// playForget lets one side send first, and then the other.
func playForget(t *testing.T, box middlebox.Preset, timer middlebox.Timer) (o observed) {
	t.Helper()
	var clientFirst, serverFirst, clientLater string
	play(t, box, func(s *scene) {
		client, server := s.open()
		time.Sleep(timer.For + time.Second)
		clientFirst = s.sends(client, server, ping)
	})
	play(t, box, func(s *scene) {
		client, server := s.open()
		time.Sleep(timer.For + time.Second)
		serverFirst = s.sends(server, client, word)
		clientLater = s.sends(client, server, ping)
		if strings.HasPrefix(serverFirst, "its next bytes are lost") && look(client) == word {
			serverFirst = "its next bytes wait for that"
		}
	})
	if clientFirst != clientLater {
		clientFirst += ", or draw an RST if the server sent first"
		if clientLater != "RST to its next bytes" {
			clientFirst += ": " + clientLater
		}
	}
	return observed{client: "nothing, " + clientFirst, server: "nothing, " + serverFirst, at: timer.For.String()}
}

// sends says what becomes of what one end sends.
func (s *scene) sends(from, to net.Conn, bytes string) string {
	s.Helper()
	if _, err := from.Write([]byte(bytes)); err != nil {
		return "RST to its next bytes"
	}
	time.Sleep(time.Millisecond)
	if look(to) == bytes {
		return "its next bytes bring the connection back"
	}
	if got := look(from); got != "nothing" {
		return got + " to its next bytes"
	}
	return "its next bytes are lost"
}

func playClientFIN(s *scene) (o observed) {
	client, server := s.open()
	halfClose(s, client)
	time.Sleep(time.Millisecond)
	o.server = look(server)
	if o.server == "FIN" && look(client) == "FIN" {
		return observed{client: "FIN", server: "FIN" + afterFIN(server)}
	}
	s.send(server, word)
	o.client = "nothing"
	if look(client) == word {
		o.client = "what the server sends"
	}
	return o
}

func playServerFIN(s *scene) (o observed) {
	client, server := s.open()
	halfClose(s, server)
	time.Sleep(time.Millisecond)
	if o.client = look(client); o.client != "FIN" {
		return o
	}
	if o.server = look(server); o.server == "FIN" {
		o.client += afterFIN(client)
		return o
	}
	s.send(client, ping)
	if look(server) == ping {
		o.server = "what the client sends"
	}
	return o
}

func playClientReset(s *scene) observed {
	client, server := s.open()
	reset(s, client)
	return observed{server: watch(server, time.Minute).words}
}

func playServerReset(s *scene) observed {
	client, server := s.open()
	reset(s, server)
	words := watch(client, time.Minute).words
	if strings.HasPrefix(words, "an HTTP 500") {
		words = strings.TrimSuffix(words, ", RST to writes")
	}
	return observed{client: words}
}

func playEarlyBytes(s *scene) observed {
	c := s.connect()
	s.send(c, request+ping)
	server := s.acceptRaw()
	s.head(server)
	s.send(server, answer)
	s.head(c)
	o := observed{server: "nothing, it is lost"}
	if look(server) == ping {
		o.server = "the frame"
	}
	return o
}

func playTooBig(s *scene) observed {
	client, server := s.open()
	theirs := make(chan seen)
	go func() { theirs <- watch(server, time.Minute) }()
	s.send(client, "\x82\xff\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00"+strings.Repeat("x", 32<<10+1))
	head := make([]byte, 4)
	if _, err := io.ReadFull(client, head); err != nil {
		s.Fatal(err)
	}
	s.send(client, "\x88\x82\x00\x00\x00\x00"+string(head[2:]))
	words := fmt.Sprintf("Close %d, %s", int(head[2])<<8|int(head[3]), watch(client, time.Minute).words)
	v := <-theirs
	return observed{client: words, server: v.words[max(strings.LastIndex(v.words, "FIN"), 0):]}
}

// playSend lets the server send to a client that does not read.
func playSend(s *scene) observed {
	client, server := s.open()
	_ = server.SetWriteDeadline(time.Now().Add(time.Hour))
	var blocked time.Time // since when
	var err error
	for err == nil {
		blocked = time.Now()
		_, err = server.Write([]byte("\x82\x7e\x40\x00" + strings.Repeat("x", 16<<10)))
		if time.Since(blocked) > time.Second {
			break // it is read again, and lost
		}
		time.Sleep(time.Nanosecond)
	}
	took := time.Since(blocked).Round(time.Millisecond)
	v := "RST"
	if err == nil {
		v = look(server)
		if v != "RST" {
			v += afterFIN(server)
		}
		if s.box.Behavior.SendEnd.Server == faultproxy.FullClose {
			// Its last bytes draw an RST, which may come before the FIN is read, behind it,
			// or not before the next write.
			v = strings.TrimSuffix(strings.TrimPrefix(v, "FIN, "), " to writes")
		}
	} else if !isReset(err) {
		s.Errorf("the server's write failed with %v, want a reset", err)
	}
	_ = client.SetReadDeadline(time.Now().Add(time.Minute))
	n, err := io.Copy(io.Discard, client)
	c := "FIN"
	if isReset(err) {
		c = "RST"
	} else if err == nil {
		c += afterFIN(client)
	}
	if n == 0 {
		s.Error("the client got nothing of what was sent")
	}
	return observed{client: c, server: v, at: took.String()}
}
