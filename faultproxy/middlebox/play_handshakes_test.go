package middlebox_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Handshakes that fail.

func playUnreachable(s *scene) observed {
	_ = s.listener.Close()
	return observed{client: s.answer(s.dial())}
}

func playUnanswered(s *scene) observed {
	c := s.dial()
	server := s.accept()
	answers, ends := make(chan string, 1), make(chan seen, 1)
	go func() { answers <- s.answer(c) }()
	go func() { ends <- watch(server, 30*time.Minute) }()
	v := <-ends
	if v.after == 0 {
		_ = c.Close()
		<-answers
		return observed{client: "nothing", server: "nothing"}
	}
	return observed{client: strings.TrimSuffix(<-answers, fmt.Sprintf(", %v later", v.after)), server: v.words, at: v.after.String()}
}

func playIncomplete(s *scene) observed {
	c := s.dial()
	_ = s.accept().Close()
	return observed{client: s.answer(c)}
}

func playUpgraded(s *scene) observed {
	c := s.dial()
	loud := strings.Replace(answer, "websocket", "WebSocket", 1)
	s.send(s.accept(), loud)
	return observed{client: "that 101" + changed(loud, s.head(c))}
}

func playNotUpgraded(s *scene) observed {
	c := s.dial()
	plain := strings.Replace(answer, "Upgrade: websocket\r\n", "", 1)
	s.send(s.accept(), plain)
	head := s.head(c)
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		return observed{client: s.answerBehind(c, head)}
	}
	return observed{client: "that 101" + changed(plain, head)}
}

func playRefused(s *scene) observed {
	const refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"
	c := s.dial()
	s.send(s.accept(), refusal)
	head := s.head(c)
	words := strings.Replace(s.answerBehind(c, head), "401 Unauthorized", "that 401", 1)
	return observed{client: words + changed(refusal, head)}
}

// changed says what a head has that the one it was made of had not.
func changed(was, is string) string {
	values := map[string]string{}
	for _, line := range strings.Split(was, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		values[strings.ToLower(name)] = value
	}
	var words []string
	dated, lower, canonical := false, true, false
	for _, line := range strings.Split(strings.TrimSpace(is), "\r\n")[1:] {
		name, value, _ := strings.Cut(line, ": ")
		lower = lower && name == strings.ToLower(name)
		canonical = canonical || name == "Sec-Websocket-Accept" || name == "Www-Authenticate"
		switch {
		case name == "Date":
			dated = true
		case strings.EqualFold(line, "Connection: close"): // the proxy ends what it passes on
		case values[strings.ToLower(name)] != value:
			words = append(words, line)
		}
	}
	slices.Sort(words)
	if dated {
		words = append(words, "a Date")
	}
	if lower {
		words = append(words, "names in lower case")
	}
	if canonical {
		words = append(words, "names as Go writes them")
	}
	if words == nil {
		return ""
	}
	return " with " + strings.Join(words, ", ")
}

// answer says what a client gets instead of a WebSocket, and when.
func (s *scene) answer(c net.Conn) string {
	s.Helper()
	return s.answerBehind(c, "")
}

// answerBehind is the same for a client that has read the head.
func (s *scene) answerBehind(c net.Conn, head string) string {
	s.Helper()
	begun := time.Now()
	br := bufio.NewReader(io.MultiReader(strings.NewReader(head), c))
	resp, err := http.ReadResponse(br, nil)
	words := "FIN without HTTP"
	after := time.Since(begun)
	if err == nil {
		words = resp.Status
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return words
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return fmt.Sprintf("%s, then %v", words, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := br.ReadByte(); isTimeout(err) {
			words += ", stays open"
		} else {
			words += ", FIN"
		}
	} else if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err.Error()
	}
	if after > 0 {
		words += fmt.Sprintf(", %v later", after)
	}
	return words
}
