package diagnosis_test

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"
)

const (
	key   = "dGhlIHNhbXBsZSBub25jZQ=="
	offer = "permessage-deflate; client_max_window_bits" // what both clients offer
)

// accept answers key, as RFC 6455 section 1.3 says.
var accept = func() string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// request is the client's upgrade request.
func (s sample) request() string {
	lines := []string{"GET /ws HTTP/1.1", "Host: example.test", "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Extensions: " + offer}
	if strings.HasPrefix(s.Case, "hs_proto_") {
		lines = append(lines, "Sec-WebSocket-Protocol: chat, v2")
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// answer is the server's answer to the upgrade; empty if it never comes.
func (s sample) answer() string {
	status, isStatus := strings.CutPrefix(s.Case, "hs_status_")
	switch {
	case isStatus:
		return "HTTP/1.1 " + status + " Whatever\r\nContent-Length: 0\r\n\r\n"
	case s.Case == "hs_503_body_never_ends":
		return "HTTP/1.1 503 Whatever\r\nContent-Length: 1000\r\n\r\nthe beginning"
	case s.Case == "hs_partial_never_ends":
		return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs"
	case s.Case == "hs_never_answer", strings.HasPrefix(s.Case, "pageclose_connecting"), s.Case == "pageclose_same_tick":
		return ""
	}
	if s.Server != nil && len(*s.Server) > 0 {
		switch (*s.Server)[0].Do {
		case "hold":
			return ""
		case "503":
			return "HTTP/1.1 503 Whatever\r\nContent-Length: 0\r\n\r\n"
		}
	}
	return s.switching()
}

// switching is the 101.
func (s sample) switching() string {
	first, upgrade, connection := "HTTP/1.1 101 Switching Protocols", []string{"websocket"}, []string{"Upgrade"}
	accepts := []string{accept}
	var protocols, extensions, more []string
	switch s.Case {
	case "hs_unasked_ext":
		extensions = []string{"x-foo"}
	case "hs_deflate_bad_param":
		extensions = []string{"permessage-deflate; x_foo=1"}
	case "hs_deflate_twice":
		extensions = []string{"permessage-deflate, permessage-deflate"}
	case "hs_empty_ext":
		extensions = []string{""}
	case "hs_unasked_proto":
		protocols = []string{"chat"}
	case "hs_proto_other":
		protocols = []string{"v3"}
	case "hs_proto_two":
		protocols = []string{"chat", "v2"}
	case "hs_wrong_accept":
		accepts = []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
	case "hs_missing_accept":
		accepts = nil
	case "hs_accept_twice":
		accepts = []string{accept, accept}
	case "hs_missing_upgrade":
		upgrade = nil
	case "hs_wrong_upgrade":
		upgrade = []string{"h2c"}
	case "hs_missing_connection":
		connection = nil
	case "hs_connection_close":
		connection = []string{"close"}
	case "hs_connection_list":
		connection = []string{"keep-alive, upgrade"}
	case "hs_http10_101":
		first = "HTTP/1.0 101 Switching Protocols"
	case "hs_body_len_101":
		more = []string{"Content-Length: 5"}
	case "hs_100_then_101":
		first = "HTTP/1.1 100 Continue\r\n\r\n" + first
	case "hs_103_then_101":
		first = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + first
	}
	if ext, ok := strings.CutPrefix(s.Case, "deflate: "); ok {
		extensions = []string{ext}
	} else if strings.HasPrefix(s.Case, "x_deflate_") {
		extensions = []string{"permessage-deflate"}
	}
	lines := []string{first}
	for _, h := range []struct {
		name   string
		values []string
	}{
		{"Upgrade", upgrade}, {"Connection", connection}, {"Sec-WebSocket-Accept", accepts},
		{"Sec-WebSocket-Protocol", protocols}, {"Sec-WebSocket-Extensions", extensions},
	} {
		for _, v := range h.values {
			lines = append(lines, h.name+": "+v)
		}
	}
	end := "\r\n"
	if s.Case == "hs_lf_only" {
		end = "\n"
	}
	return strings.Join(append(lines, more...), end) + end + end
}
