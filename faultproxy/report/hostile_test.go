package report_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What peers may send to whoever reads the report.
var hostile = []string{
	`<script>alert(1)</script>`, `</title></style></svg><script src=https://evil.example.test/x.js></script>`,
	`"><img src=x onerror=alert(1)>`, `' onload='alert(1)`, `<![CDATA[<b>]]>`, `--><script>1</script>`, `&lt;script&gt;`,
	`javascript:alert(1)`, `{{.}}`, "\x00\x01\x1b[31m\x7f", "a\u202eb\ufffe", "\xff\xfe", `url(https://evil.example.test/)`,
}

// attack is a recording in which every text is hostile.
func attack(t testing.TB) *tape {
	tp := newTape(t)
	for i, h := range hostile {
		conn := i + 1
		tp.rule(h, h, h)
		tp.append(timeline.Record{Conn: conn, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Passed, Rule: tp.Intern(h),
			Fields: fields("method", h, "target", h, "host", h, h, h)})
		tp.append(timeline.Record{Conn: conn, Kind: timeline.KindDialed, Fields: fields("address", h, "error", h)})
		tp.append(timeline.Record{Conn: conn, Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: timeline.Passed,
			Fields: fields("status", "101", "subprotocol", h, "location", h)})
		tp.append(timeline.Record{Conn: conn, Kind: timeline.KindOpened})
		tp.pass(time.Second).sends(conn, frame.Text(h)).receives(conn, frame.Binary([]byte(h))).sends(conn, frame.Ping([]byte(h)))
		tp.happens(conn, timeline.KindFault, 0, 0, h, "does", h)
		tp.happens(conn, timeline.KindNotApplied, 0, 0, h, "why", h)
		tp.happens(conn, timeline.KindOpaque, frame.ToServer, 0, h, "why", h, "section", h)
		tp.happens(conn, timeline.KindError, 0, 0, h, "error", h, "what", h)
		tp.happens(0, timeline.KindNote, 0, 0, "", "name", h)
		tp.happens(0, timeline.KindReport, 0, 0, "", "name", h, h, h)
		tp.receives(conn, frame.Close(1000, h)).happens(conn, timeline.KindEnded, 0, 0, "")
	}
	return tp
}

func TestPageRunsNothingThatPeersSay(t *testing.T) {
	doc := page(t, report.Page{Title: hostile[0], Policy: &promise}, report.Named{Name: hostile[1], Viewer: attack(t)}, attack(t))
	if !strings.Contains(doc, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the payload is not shown as the text it is")
	}
}

// Elements that a page is made of; no other is harmless.
var harmlessElements = regexp.MustCompile(`^(html|head|meta|title|style|body|header|main|section|figure|details|summary|h[1-3]|p|a|b|i|ul|li|dl|dt|dd|br|div|span|code|table|thead|tbody|tr|th|td|svg|g|desc|line|rect|path|text)$`)

// harmless fails the test if an HTML document has an element or an attribute that could
// do or fetch something, or an ID twice. It returns its IDs and where its links lead.
func harmless(t *testing.T, doc []byte) (ids, links map[string]bool) {
	t.Helper()
	ids, links = map[string]bool{}, map[string]bool{}
	z := html.NewTokenizer(bytes.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Error(z.Err())
			}
			return ids, links
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if !harmlessElements.MatchString(tok.Data) {
				t.Errorf("there is a <%s>", tok.Data)
			}
			for _, a := range tok.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style", strings.HasPrefix(a.Key, "xlink"):
					t.Errorf("<%s> has %s=%q", tok.Data, a.Key, a.Val)
				case a.Key == "href":
					target, local := strings.CutPrefix(a.Val, "#")
					if !local {
						t.Errorf("a link leads out of the page: %q", a.Val)
					}
					links[target] = true
				case a.Key == "id" && ids[a.Val]:
					t.Errorf("the id %q is there twice", a.Val)
				case a.Key == "id":
					ids[a.Val] = true
				}
			}
			if tok.Data == "style" && tok.Type == html.StartTagToken {
				z.Next()
				if css := string(z.Text()); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
					t.Error("the style fetches something")
				}
			}
		}
	}
}

func TestDiagramIsWellFormedWhateverPeersSay(t *testing.T) {
	doc := diagram(t, report.Diagram{Title: hostile[9] + hostile[1]}, attack(t))
	harmless(t, []byte(doc))
}

func TestArchiveIsWellFormedWhateverPeersSay(t *testing.T) {
	a, _ := archived(t, attack(t))
	if len(a.Log.Entries) != len(hostile) {
		t.Errorf("got %d entries", len(a.Log.Entries))
	}
	for i, e := range a.Log.Entries {
		if got := e.Messages[0].bytes(t); got != hostile[i] {
			t.Errorf("the text %q became %q", hostile[i], got)
		}
	}
}
