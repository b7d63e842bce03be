package middlebox

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// kept is an answer behind which the connection stays open.
func kept(status int, page faultproxy.Page) faultproxy.Answer {
	return faultproxy.Answer{Status: status, KeepOpen: true, Page: page}
}

// empty is an answer of Go's: a Date, no body, and the connection stays open.
func empty(status int, header http.Header) faultproxy.Answer {
	return kept(status, faultproxy.Page{Header: header, Dated: true})
}

// bare is a FIN instead of an answer.
var bare = faultproxy.Answer{Bare: true}

// named is the heading of a middlebox that names itself, and dates what it passes on.
func named(server string) faultproxy.Heading {
	return faultproxy.Heading{Set: http.Header{"Server": {server}}, Dated: true}
}

// upgrading is the same with Connection: upgrade, in lower case.
func upgrading(server string) faultproxy.Heading {
	return faultproxy.Heading{Set: http.Header{"Server": {server}, "Connection": {"upgrade"}}, Dated: true}
}
