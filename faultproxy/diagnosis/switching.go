package diagnosis

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// flaw is what keeps a client from opening a connection with a 101.
type flaw struct{ text, section string }

func (f flaw) String() string { return f.text + " (" + f.section + ")" }

// The rules by which a client judges a 101.
const (
	section41      = "RFC 6455 section 4.1"
	sectionParams  = "RFC 7692 section 7.1"
	redactedMarker = "[redacted]" // of package timeline
)

// acceptGUID is what RFC 6455 section 1.3 appends to the key.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// judge returns what is wrong with a 101 for a client of this kind, in the order in
// which Chromium looks, or nil. A recording that did not keep the headers of the
// request cannot be judged.
func (k ClientKind) judge(request, response *timeline.Event) *flaw {
	if request == nil || response == nil || field(*response, "status") != "101" || field(*request, "sec-websocket-key") == "" {
		return nil
	}
	for _, rule := range []func(request, response timeline.Event) *flaw{
		upgradeFlaw, connectionFlaw, acceptFlaw, subprotocolFlaw, k.extensionFlaw,
	} {
		if f := rule(*request, *response); f != nil {
			return f
		}
	}
	return nil
}

func upgradeFlaw(_, response timeline.Event) *flaw {
	switch values := all(response, "upgrade"); {
	case len(values) == 0:
		return &flaw{"the 101 has no Upgrade header", section41}
	case len(values) > 1 || !strings.EqualFold(values[0], "websocket"):
		return &flaw{fmt.Sprintf("the 101 upgrades to %q, not to websocket", strings.Join(values, ", ")), section41}
	}
	return nil
}

func connectionFlaw(_, response timeline.Event) *flaw {
	values := all(response, "connection")
	if len(values) == 0 {
		return &flaw{"the 101 has no Connection header", section41}
	}
	if !slices.ContainsFunc(list(values), func(token string) bool { return strings.EqualFold(token, "upgrade") }) {
		return &flaw{fmt.Sprintf("the 101's Connection header is %q, without Upgrade", strings.Join(values, ", ")), section41}
	}
	return nil
}

func acceptFlaw(request, response timeline.Event) *flaw {
	sum := sha1.Sum([]byte(field(request, "sec-websocket-key") + acceptGUID))
	switch values := all(response, "sec-websocket-accept"); {
	case len(values) == 0:
		return &flaw{"the 101 has no Sec-WebSocket-Accept", section41}
	case len(values) > 1:
		return &flaw{"the 101 has more than one Sec-WebSocket-Accept", section41}
	case values[0] != base64.StdEncoding.EncodeToString(sum[:]):
		return &flaw{"the 101's Sec-WebSocket-Accept does not answer the key of the request", section41}
	}
	return nil
}

// subprotocolFlaw also minds a 101 that selects nothing of what was offered. RFC
// 6455 does not forbid it, but browsers and Node's ws take no such connection.
func subprotocolFlaw(request, response timeline.Event) *flaw {
	offered := list(all(request, "sec-websocket-protocol"))
	selected := all(response, "sec-websocket-protocol")
	switch {
	case len(offered) == 0 && len(selected) > 0:
		return &flaw{fmt.Sprintf("the 101 selects the subprotocol %q, and none was asked for", strings.Join(selected, ", ")), section41}
	case len(selected) > 1:
		return &flaw{"the 101 selects more than one subprotocol", section41}
	case len(offered) > 0 && len(selected) == 0:
		return &flaw{"the 101 selects none of the subprotocols that were offered, which browsers and Node's ws do not accept", section41}
	case len(selected) == 1 && !slices.Contains(offered, selected[0]) && !strings.Contains(strings.Join(offered, ""), redactedMarker):
		return &flaw{fmt.Sprintf("the 101 selects the subprotocol %q, which was not offered", selected[0]), section41}
	}
	return nil
}

// extensionFlaw minds what was not offered, and permessage-deflate with parameters
// that RFC 7692 does not know in an answer.
func (k ClientKind) extensionFlaw(request, response timeline.Event) *flaw {
	offered := map[string]bool{}
	for _, ext := range list(all(request, "sec-websocket-extensions")) {
		offered[extensionName(ext)] = true
	}
	values := all(response, "sec-websocket-extensions")
	seen := map[string]bool{}
	for _, ext := range list(values) {
		name := extensionName(ext)
		switch {
		case !offered[name]:
			return &flaw{fmt.Sprintf("the 101 has the extension %q, which was not offered", name), section41}
		case seen[name] && k == Chromium:
			return &flaw{fmt.Sprintf("the 101 has the extension %q twice", name), section41}
		case name == deflateName:
			if why := deflateFlaw(ext); why != "" {
				return &flaw{"the 101's permessage-deflate has " + why, sectionParams}
			}
		}
		seen[name] = true
	}
	if len(values) > 0 && len(seen) == 0 {
		return &flaw{"the 101's Sec-WebSocket-Extensions is empty", section41}
	}
	return nil
}

const deflateName = "permessage-deflate"

// deflateFlaw says what is wrong with the parameters of an answer; empty if nothing
// is.
func deflateFlaw(ext string) string {
	for _, param := range strings.Split(ext, ";")[1:] {
		name, value, hasValue := strings.Cut(strings.TrimSpace(param), "=")
		value = strings.Trim(value, `"`)
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if hasValue {
				return fmt.Sprintf("%s=%s, which takes no value", name, value)
			}
		case "server_max_window_bits", "client_max_window_bits":
			if bits, err := strconv.Atoi(value); err != nil || bits < 8 || bits > 15 {
				return fmt.Sprintf("%s=%s, which must be 8 to 15", name, value)
			}
		default:
			return fmt.Sprintf("the parameter %q, which is not defined", name)
		}
	}
	return ""
}

func extensionName(ext string) string {
	name, _, _ := strings.Cut(ext, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// all returns the values of a header, one for each time it stands there.
func all(ev timeline.Event, name string) []string {
	var values []string
	for _, f := range ev.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, strings.TrimSpace(f.Value))
		}
	}
	return values
}

// list splits the values of a list header; empty members are left out.
func list(values []string) []string {
	var members []string
	for _, v := range values {
		for member := range strings.SplitSeq(v, ",") {
			if member = strings.TrimSpace(member); member != "" {
				members = append(members, member)
			}
		}
	}
	return members
}

// interim reports whether a response is one of those that come before the answer
// (RFC 9110 section 15.2).
func interim(ev timeline.Event) bool {
	status := field(ev, "status")
	return len(status) == 3 && status[0] == '1' && status != "101"
}
