package confusion

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// presetRows are all middleboxes, as they come.
func presetRows() (rows []row) {
	for _, p := range middlebox.All() {
		for _, t := range p.Timers {
			rows = append(rows, presetTimerRows(p, t)...)
		}
		rows = append(rows, presetEndRows(p)...)
	}
	return rows
}

func presetRow(p middlebox.Preset, what string, r row) row {
	r.group, r.name, r.box = "presets", p.Name+": "+what, p
	return r
}

// presetTimerRows are one timer of a preset, the others off.
func presetTimerRows(p middlebox.Preset, t middlebox.Timer) []row {
	if t.For == 0 { // off by default
		t.For = time.Minute
	}
	p.Timers = []middlebox.Timer{t}
	do := func(what string, c client) row {
		return presetRow(p, t.Name+" "+t.For.String()+", "+what, row{client: c, watch: 2*t.For + time.Minute})
	}
	forget, forgets := t.Do.(faultproxy.Forget)
	switch {
	case forgets:
		word := do("a client that speaks again", again(t.For+40*sec)).expect(diagnosis.IDStillOpen)
		if !forget.Revive && (forget.Client == faultproxy.RST || forget == (faultproxy.Forget{})) {
			word = word.expect(diagnosis.IDIdleTimeout)
		}
		return []row{do("an idle client", quiet()).expect(diagnosis.IDStillOpen), word}
	case t.Lifetime:
		return []row{do("a client that beats", usual()).expect(diagnosis.IDMaxLifetime)}
	}
	return []row{
		do("an idle client", quiet()).expect(diagnosis.IDIdleTimeout),
		do("a client that talks quickly, then idles", murmur(800*ms)).expect(diagnosis.IDIdleTimeout),
	}
}

// presetEndRows are what a preset makes of the server's ends.
func presetEndRows(p middlebox.Preset) []row {
	end := func(e fakeserver.Ending) row {
		return row{client: usual(), handlers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(when), e)}}
	}
	reset := end(fakeserver.Reset()).expect(diagnosis.IDResetByServer)
	if p.Behavior.OnRST != faultproxy.PassRST {
		reset = reset.expect(diagnosis.IDResetByServer, diagnosis.IDNoCloseFrame)
	}
	cut := row{client: usual(), handlers: []fakeserver.Handler{fakeserver.Handshake(fakeserver.Fin())}}.
		expect(diagnosis.IDHandshakeCut, answered(p.Behavior.Incomplete, diagnosis.IDHandshakeCut))
	patient := usual()
	patient.shake = time.Hour
	mute := row{client: patient, handlers: []fakeserver.Handler{fakeserver.Stall()}, watch: 2 * time.Hour}.
		expect(diagnosis.IDNeverAnswered, answered(p.Behavior.Unanswered, diagnosis.IDNeverAnswered))
	if handshakeTimeout(p) == 0 {
		mute = mute.expect(diagnosis.IDNeverAnswered, diagnosis.IDNeverAnswered)
	}
	down := row{client: later(), do: func(s *scene) { _ = s.server.Refuse() }}.
		expect(diagnosis.IDRefused, answered(p.Behavior.Unreachable, diagnosis.IDHandshakeCut))
	var rows []row
	if p.Behavior.InStream != nil { // an HTTP page in the middle of the stream
		early := end(fakeserver.Reset()).expect(diagnosis.IDResetByServer, diagnosis.IDProtocolError)
		early.client = quiet()
		rows = append(rows, presetRow(p, "the server's reset before its first byte", early))
	}
	return append(rows,
		presetRow(p, "a client that beats", row{client: usual(), watch: 25 * sec}.expect(diagnosis.IDStillOpen)),
		presetRow(p, "the server's FIN", end(fakeserver.Fin()).expect(diagnosis.IDNoCloseFrame)),
		presetRow(p, "the server's reset", reset),
		presetRow(p, "the server's Close", end(fakeserver.Close(1012, "")).expect(diagnosis.IDRestart)),
		presetRow(p, "the upstream ends before its answer", cut),
		presetRow(p, "the upstream never answers", mute),
		presetRow(p, "the upstream refuses", down),
	)
}

// answered is what is seen in front of an answer for the upstream; bare is that of one
// without HTTP, at once.
func answered(a faultproxy.Answer, bare diagnosis.ID) diagnosis.ID {
	switch {
	case !a.Bare:
		return diagnosis.IDHandshakeRejected
	case a.After >= sec:
		return diagnosis.IDNeverAnswered
	}
	return bare
}

// handshakeTimeout is what a preset sets on a proxy.
func handshakeTimeout(p middlebox.Preset) (d time.Duration) {
	if d = p.Behavior.HandshakeTimeout; d != 0 {
		return d
	}
	for _, t := range p.Timers {
		if t.Handshake {
			d = t.For
		}
	}
	return d
}
