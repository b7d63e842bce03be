package timeline

import (
	"net/url"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// RedactURL replaces the secrets in a URL or request target by "[redacted]": the
// values of query and fragment parameters that are named like a secret (token,
// access_token, key, api_key, auth, secret, password, sig, jwt, code, session and
// the like), and a password before the host. It works on any text that URLs stand
// in, such as an error message. What is redacted stays as it is when redacted again.
func RedactURL(s string) string { return redactParameters(redactUserinfo(s)) }

// RedactField replaces the secret in a field, if there is one: the value of
// headers that carry credentials (Authorization, Cookie, Set-Cookie, and names
// that contain token, secret, api-key, password and the like), what looks like a
// bearer token among the subprotocols, and what [RedactURL] finds in any value.
//
// A subprotocol is taken for a bearer token if it is a JSON Web Token, if its name
// says that it carries one ("bearer.…", "base64url.bearer.authorization…"), if the
// subprotocol before it does ("bearer, …"), or if it is long and random: 32 hex
// digits, or 20 letters and digits in one run, mixed.
//
// A timeline redacts all it records this way; logs elsewhere should, too.
func RedactField(f Field) Field {
	name := strings.ToLower(strings.TrimSpace(f.Name))
	switch {
	case f.Value == "":
	case secretHeader(name):
		f.Value = redacted
	case name == "sec-websocket-protocol" || name == "subprotocol" || name == "subprotocols":
		f.Value = redactSubprotocols(f.Value)
	case strings.Contains(f.Value, "\n"):
		f.Value = redactLines(f.Value)
	default:
		f.Value = RedactURL(f.Value)
	}
	return f
}

// redactFields returns the fields as they may be kept.
func redactFields(fields []Field) []Field {
	kept := fields
	for i, f := range fields {
		safe := RedactField(Field{Name: clean(f.Name), Value: clean(f.Value)})
		if safe == f {
			continue
		}
		if &kept[0] == &fields[0] {
			kept = slices.Clone(fields)
		}
		kept[i] = safe
	}
	return kept
}

// redactLines redacts a head: lines of "Name: value".
func redactLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if ok && !strings.ContainsAny(name, " \t?&") {
			rest := strings.TrimLeft(value, " \t")
			body := strings.TrimRight(rest, "\r")
			safe := RedactField(Field{Name: name, Value: body})
			line = name + ":" + value[:len(value)-len(rest)] + safe.Value + rest[len(body):]
		} else {
			line = RedactURL(line)
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

var secretHeaderParts = []string{
	"authorization", "cookie", "token", "secret", "api-key", "api_key", "apikey",
	"password", "passwd", "credential", "x-auth", "x-amz-security",
}

func secretHeader(lower string) bool {
	for _, part := range secretHeaderParts {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// secretParameters are whole names, without case and separators.
var secretParameters = map[string]bool{
	"auth": true, "authorization": true, "key": true, "pass": true, "pwd": true, "sig": true, "jwt": true,
	"code": true, "session": true, "sessionid": true, "sessionkey": true, "sid": true, "ticket": true, "bearer": true,
}

// secretParameterParts make a secret of every name that contains them.
var secretParameterParts = []string{"token", "secret", "apikey", "password", "passwd", "signature", "credential", "accesskey"}

func secretParameter(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	if secretParameters[name] {
		return true
	}
	for _, part := range secretParameterParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// redactParameters redacts name=value where ?, &, ; or # stands before the name.
func redactParameters(s string) string {
	var b strings.Builder
	kept := 0 // s[:kept] has been copied
	for i := 0; i < len(s); i++ {
		if !strings.ContainsRune("?&;#", rune(s[i])) {
			continue
		}
		name := s[i+1:]
		if end := strings.IndexAny(name, "?&;#/= \t\r\n\"'"); end >= 0 {
			name = name[:end]
		}
		begin := i + 1 + len(name) + 1
		if begin > len(s) || s[begin-1] != '=' || !secretParameter(name) {
			continue
		}
		end := begin
		for end < len(s) && !strings.ContainsRune("&;# \t\r\n\"'<>", rune(s[end])) {
			end++
		}
		if end == begin {
			continue
		}
		if end < len(s) && s[end-1] == ':' && end-1 > begin { // "…?token=x: refused" in an error
			end--
		}
		b.WriteString(s[kept:begin])
		b.WriteString(redacted)
		kept = end
		i = end - 1
	}
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}

// redactUserinfo redacts the password in scheme://user:password@host.
func redactUserinfo(s string) string {
	var b strings.Builder
	kept := 0
	for {
		i := strings.Index(s[kept:], "://")
		if i < 0 {
			break
		}
		begin := kept + i + len("://")
		end := len(s)
		if n := strings.IndexAny(s[begin:], "/?# \t\r\n\"'"); n >= 0 {
			end = begin + n
		}
		authority := s[begin:end]
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			if user, password, ok := strings.Cut(authority[:at], ":"); ok && password != "" {
				authority = user + ":" + redacted + authority[at:]
			}
		}
		b.WriteString(s[kept:begin])
		b.WriteString(authority)
		kept = end
	}
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}

// redactSubprotocols redacts the elements of a list that look like bearer tokens.
func redactSubprotocols(list string) string {
	elements := strings.Split(list, ",")
	announced := false
	for i, element := range elements {
		name := strings.TrimSpace(element)
		if name == "" {
			continue
		}
		if announced || bearer(name) {
			elements[i] = strings.Replace(element, name, redacted, 1)
		}
		announced = announcesToken[strings.ToLower(name)]
	}
	return strings.Join(elements, ",")
}

// announcesToken are the subprotocols after which clients send their token.
var announcesToken = map[string]bool{
	"bearer": true, "token": true, "access_token": true, "access-token": true, "auth": true,
	"authorization": true, "jwt": true, "apikey": true, "api-key": true, "api_key": true, "ticket": true,
}

// bearer reports whether a subprotocol carries, or is, a token.
func bearer(name string) bool {
	lower := strings.ToLower(name)
	for word := range announcesToken {
		for _, mark := range []string{".", "-", "_", ":", "|", "="} {
			rest, ok := cutMark(lower, word+mark)
			if ok && (len(rest) >= 8 || rest != "" && word == "bearer" && mark != "-" && mark != "_") {
				return true
			}
		}
	}
	if strings.HasPrefix(name, "eyJ") && strings.Count(name, ".") == 2 {
		return true
	}
	return randomRun(name) || manyHexDigits(name)
}

// cutMark returns what follows the mark at the beginning of s or of a dotted part.
func cutMark(s, mark string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, mark); ok {
		return rest, true
	}
	_, rest, ok := strings.Cut(s, "."+mark)
	return rest, ok
}

// randomRun reports whether 20 letters and digits, both among them, stand in a row.
func randomRun(s string) bool {
	length, letters, digits := 0, false, false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = true
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '+', r == '/':
			letters = true
		default:
			length, letters, digits = 0, false, false
			continue
		}
		if length++; length >= 20 && letters && digits {
			return true
		}
	}
	return false
}

// manyHexDigits reports whether s is 32 or more hex digits, dashes not counted: a
// UUID or a key.
func manyHexDigits(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
			n++
		case r != '-':
			return false
		}
	}
	return n >= 32
}
