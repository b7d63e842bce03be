package fakeserver

import (
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

var (
	shakeBare  = []string{"reset", "fin", "half-close", "freeze", "go-dark"}
	shakeWords = append([]string{"reject", "redirect", "pause", "send-raw", "accept-with", "require-header", "require-subprotocol",
		"require-bearer", "require-basic"}, shakeBare...)
)

// shakes reads what happens before the 101.
func (d *document) shakes(n schema.Node) []HandshakeStep {
	var list []HandshakeStep
	for _, each := range n.OneOrMany() {
		if s := d.shake(each); s != nil {
			list = append(list, s)
		}
	}
	if len(list) == 0 && !n.Failed() {
		n.Fail("want what happens before the 101, such as [{pause: 4s}, {reject: 503}], got nothing")
	}
	return list
}

// shake reads a step of a handshake; nil if something is wrong.
func (d *document) shake(n schema.Node) HandshakeStep {
	if _, text := n.Value().(string); text {
		return bareShake(n.Enum(shakeBare...))
	}
	if n.IsNull() {
		n.Fail("want a step such as {pause: 4s} or reset, got nothing")
		return nil
	}
	switch word, v := oneWord(n, shakeWords, nil); word {
	case "":
		return nil
	case "reject":
		return decodeReject(v).before[0]
	case "redirect":
		return Redirect(v.String())
	case "pause":
		return Pause(v.Duration())
	case "send-raw":
		return SendRaw(decodeRaw(v))
	case "accept-with":
		return AcceptWith(decodeAccept(v)...)
	case "require-header":
		v.Only("name", "value")
		return RequireHeader(v.Required("name").String(), v.At("value").String())
	case "require-subprotocol":
		return RequireSubprotocol(v.String())
	case "require-bearer":
		return RequireBearer(v.String())
	case "require-basic":
		v.Only("user", "password")
		return RequireBasic(v.Required("user").String(), v.Required("password").String())
	default:
		nothingBehind(word, v)
		return bareShake(word)
	}
}

// bareShake is a step of a handshake that needs nothing but its name.
func bareShake(name string) HandshakeStep {
	switch name {
	case "reset":
		return Reset()
	case "fin":
		return Fin()
	case "half-close":
		return HalfClose()
	case "freeze":
		return Freeze()
	case "go-dark":
		return GoDark()
	}
	return nil
}

// decodeAccept reads what a 101 is to be like.
func decodeAccept(n schema.Node) []Detail {
	n.Only("headers", "subprotocol", "extension", "compression", "body", "wrong_accept", "without_upgrade")
	details := decodeDetails(n)
	if sub := n.At("subprotocol"); sub.Exists() {
		details = append(details, Subprotocol(sub.String()))
	}
	if extension := n.At("extension"); extension.Exists() {
		details = append(details, Extension(extension.String()))
	}
	if on := n.At("compression"); on.Exists() {
		details = append(details, Compression(on.Bool()))
	}
	if n.At("wrong_accept").Bool() {
		details = append(details, WrongAccept())
	}
	if n.At("without_upgrade").Bool() {
		details = append(details, WithoutUpgrade())
	}
	return details
}
