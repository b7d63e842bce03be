package faultproxy

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// handshakeForms are the forms of what is done before a connection is open.
var handshakeForms = map[string]faultForm{
	"hang":   plain[Hang](),
	"refuse": plain[Refuse](),
	"delay": form(false, []string{"by", "jitter"},
		func(n schema.Node) Delay { return Delay{n.Required("by").Duration(), n.At("jitter").Duration()} },
		func(n schema.Node) Delay { d, j := decodeSpread(n); return Delay{d, j} },
		func(f Delay, t tree) error {
			t["by"] = f.By.String()
			putTime(t, "jitter", f.Jitter)
			return nil
		}),
	"reject": form(true, []string{"status", "headers", "body"},
		func(n schema.Node) Reject {
			return Reject{n.At("status").IntIn(0, 999), decodeHeaders(n.At("headers")), n.At("body").String()}
		},
		func(n schema.Node) Reject { return Reject{Status: n.IntIn(0, 999)} },
		func(f Reject, t tree) error {
			put(t, "status", f.Status)
			put(t, "body", f.Body)
			t.headers("headers", f.Header)
			return nil
		}),
	"down": form(true, []string{"hang", "for", "drop"},
		func(n schema.Node) Down {
			return Down{n.At("hang").Bool(), n.At("for").Duration(), decodeEnd(n.At("drop"))}
		},
		func(n schema.Node) Down { return Down{For: n.Duration()} },
		func(f Down, t tree) error {
			put(t, "hang", f.Hang)
			putTime(t, "for", f.For)
			t.end("drop", f.Drop)
			return nil
		}),
	"redirect": form(false, []string{"location", "status"},
		func(n schema.Node) Redirect {
			return Redirect{n.Required("location").String(), n.At("status").IntIn(0, 999)}
		},
		func(n schema.Node) Redirect { return Redirect{Location: n.String()} },
		func(f Redirect, t tree) error {
			t["location"] = f.Location
			put(t, "status", f.Status)
			return nil
		}),
	"cut": form(true, []string{"after", "how"},
		func(n schema.Node) Cut { return Cut{n.At("after").IntIn(0, maxCount), decodeEnding(n.At("how"))} },
		func(n schema.Node) Cut { return Cut{How: decodeEnding(n)} },
		func(f Cut, t tree) error {
			put(t, "after", f.After)
			if f.How != Keep {
				t["how"] = f.How.String()
			}
			return nil
		}),
	"bad-certificate": form(false, []string{"problem"},
		func(n schema.Node) BadCertificate { return BadCertificate{decodeProblem(n.Required("problem"))} },
		func(n schema.Node) BadCertificate { return BadCertificate{decodeProblem(n)} },
		func(f BadCertificate, t tree) error { t["problem"] = f.Problem.String(); return nil }),
	"cut-tls": form(true, []string{"after", "how"},
		func(n schema.Node) CutTLS { return CutTLS{n.At("after").IntIn(0, maxCount), decodeEnding(n.At("how"))} },
		func(n schema.Node) CutTLS { return CutTLS{How: decodeEnding(n)} },
		func(f CutTLS, t tree) error {
			put(t, "after", f.After)
			if f.How != Keep {
				t["how"] = f.How.String()
			}
			return nil
		}),
	"request-headers": headersForm(
		func(set http.Header, remove []string) RequestHeaders { return RequestHeaders{set, remove} },
		func(f RequestHeaders) (http.Header, []string) { return f.Set, f.Remove }),
	"response-headers": headersForm(
		func(set http.Header, remove []string) ResponseHeaders { return ResponseHeaders{set, remove} },
		func(f ResponseHeaders) (http.Header, []string) { return f.Set, f.Remove }),
	"strip-deflate": plain[StripDeflate](),
}

func decodeProblem(n schema.Node) CertificateProblem {
	return CertificateProblem(decodeOption(n, problemNames))
}

// headersForm is the form of a fault that changes headers.
func headersForm[F Fault](make func(http.Header, []string) F, take func(F) (http.Header, []string)) faultForm {
	return form(false, []string{"set", "remove"},
		func(n schema.Node) F {
			var remove []string
			for _, each := range n.At("remove").OneOrMany() {
				remove = append(remove, each.String())
			}
			return make(decodeHeaders(n.At("set")), remove)
		}, nil,
		func(f F, t tree) error {
			set, remove := take(f)
			t.headers("set", set)
			if len(remove) > 0 {
				list := []any{}
				for _, name := range remove {
					list = append(list, name)
				}
				t["remove"] = list
			}
			return nil
		})
}
