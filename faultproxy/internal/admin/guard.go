package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// tokenCookie is where a browser keeps the token.
const tokenCookie = "faultproxy_token"

// guard lets through who may ask: requests of this machine's programs, and with a token
// those of anybody who knows it. A page from elsewhere can make a browser send requests
// here, and by DNS rebinding even read the answers; it cannot choose Host and Origin.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case s.Token == "" && !localHost(r.Host):
			refuse(w, http.StatusForbidden, "the host %q is a name: ask by address, such as 127.0.0.1, or for localhost (a page that had its name point here could read everything otherwise)", r.Host)
		case foreign(r):
			refuse(w, http.StatusForbidden, "a page of another origin asked (Origin %q, Sec-Fetch-Site %q): only the dashboard's own may", r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site"))
		case s.Token != "" && r.URL.Path != "/v1/health" && !s.known(r):
			s.stranger(w, r)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
		}
	})
}

// localHost reports whether a Host header names this machine and nothing that a name
// server could have said: an address, or localhost.
func localHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return strings.EqualFold(name, "localhost") || net.ParseIP(name) != nil
}

// foreign reports whether a browser says that another site's page asked.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin":
	case "none": // typed by the user
	default:
		// A link that is followed shows a page to its user and nothing to who made it.
		if r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return true
		}
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// known reports whether the request brings the token: as bearer, as the password of
// Basic, which clients that know only URLs can send, or as the dashboard's cookie.
func (s *Server) known(r *http.Request) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.same(bearer)
	}
	if _, password, ok := r.BasicAuth(); ok {
		return s.same(password)
	}
	cookie, err := r.Cookie(tokenCookie)
	return err == nil && s.same(cookie.Value)
}

// same compares in a time that tells nothing.
func (s *Server) same(token string) bool {
	a, b := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.Token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// stranger answers who has not shown the token, or takes it from the address of the
// dashboard, which then stands there without it.
func (s *Server) stranger(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/" && s.same(r.URL.Query().Get("token")) {
		http.SetCookie(w, &http.Cookie{Name: tokenCookie, Value: s.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="faultproxy"`)
	refuse(w, http.StatusUnauthorized, "this needs the admin token: send Authorization: Bearer TOKEN, or open /?token=TOKEN in a browser")
}
