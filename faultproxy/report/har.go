package report

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// harCreator is who HAR files say made them; its version is that of what they hold.
var harCreator = harTool{"heartbreak faultproxy", "1"}

// HAR writes recordings as an HTTP Archive 1.2 with an entry for each upgrade attempt,
// which the network panel of Chrome's developer tools imports. Frames are in
// "_webSocketMessages", Chrome's own extension: each has type ("send" or "receive"),
// time (seconds since 1970), opcode and data, which is text if the opcode is 1 and
// base64 otherwise. Chrome itself exports messages; here every frame stands apart,
// control frames and fragments too.
//
// Those are the frames on the client's side, as a browser would have seen them. What
// was seen on the server's side only (a pong that was dropped on its way to the client,
// a frame that was injected toward the server) is in "_serverSideMessages", in the same
// form, so that each event of a frame is in the archive once.
//
// Where there is more to say, messages and entries have keys of their own: "_rule" is
// the rule that did it, "_length" the length of a payload of which only the beginning
// was kept, "_compressed" says that data is what could not be inflated, in base64,
// "_base64" has the bytes of a text that is not UTF-8, and "_fin" is false for all
// fragments but the last. The comment of an entry is the diagnosis.
//
// URLs have the scheme ws, since recordings do not say what TLS was used. Plain HTTP
// exchanges are left out. The error is that of w.
func HAR(w io.Writer, recordings ...timeline.Viewer) error {
	b := bufio.NewWriter(w)
	head, err := json.Marshal(harCreator)
	if err != nil {
		return err
	}
	if _, err := b.WriteString(`{"log":{"version":"1.2","creator":` + string(head) + `,"pages":[],"entries":[`); err != nil {
		return err
	}
	separator := "\n"
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for _, r := range recordings {
		for _, e := range entriesOf(r) {
			if _, err := b.WriteString(separator); err != nil {
				return err
			}
			if err := enc.Encode(e); err != nil {
				return err
			}
			separator = ","
		}
	}
	if _, err := b.WriteString("]}}\n"); err != nil {
		return err
	}
	return b.Flush()
}

// entriesOf makes an entry of every connection of a recording, in the order of their
// requests.
func entriesOf(r timeline.Viewer) []*harEntry {
	view, _ := vantageOf(r)
	tl := view.Timeline()
	name := nameOf(r)
	byConn := map[int]*harEntry{}
	for e := range view.All() {
		if e.Conn <= 0 || e.Kind == timeline.KindLost {
			continue
		}
		entry := byConn[e.Conn]
		if entry == nil {
			entry = newEntry(tl.Start(), e)
			byConn[e.Conn] = entry
		}
		entry.see(e)
	}
	reports := diagnoses(diagnosis.Analyzer{}, view)
	entries := make([]*harEntry, 0, len(byConn))
	for _, n := range numbers(byConn) {
		byConn[n].finish(reports[n], name)
		entries = append(entries, byConn[n])
	}
	slices.SortStableFunc(entries, func(a, b *harEntry) int { return a.began.Compare(b.began) })
	return entries
}
