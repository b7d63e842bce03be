package confusion

import (
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// meanings are what codes of the whole registry say.
var meanings = map[frame.CloseCode]diagnosis.ID{
	0:    diagnosis.IDCloseByServer, // no code at all
	999:  diagnosis.IDCloseByServer,
	1000: diagnosis.IDCloseByServer, 1001: diagnosis.IDRestart, 1002: diagnosis.IDProtocolError, 1003: diagnosis.IDCloseByServer,
	1004: diagnosis.IDCloseByServer, 1007: diagnosis.IDBadUTF8, 1008: diagnosis.IDPolicy, 1009: diagnosis.IDTooBig,
	1010: diagnosis.IDCloseByServer, 1011: diagnosis.IDCloseByServer, 1012: diagnosis.IDRestart, 1013: diagnosis.IDCloseByServer,
	1014: diagnosis.IDCloseByServer, 1016: diagnosis.IDCloseByServer, 2000: diagnosis.IDCloseByServer,
	3000: diagnosis.IDPolicy, 3001: diagnosis.IDCloseByServer, 3003: diagnosis.IDPolicy, 3004: diagnosis.IDCloseByServer,
	3008: diagnosis.IDCloseByServer, 3999: diagnosis.IDCloseByServer, 4000: diagnosis.IDCloseByServer, 4004: diagnosis.IDCloseByServer,
	4401: diagnosis.IDCloseByServer, 4999: diagnosis.IDCloseByServer, 5000: diagnosis.IDCloseByServer,
}

var codes = []frame.CloseCode{0, 999, 1000, 1001, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1016, 2000,
	3000, 3001, 3003, 3004, 3008, 3999, 4000, 4004, 4401, 4999, 5000}

// closeRows are Closes that the proxy sends.
func closeRows() []row {
	const group = "the proxy, closes"
	do := func(f faultproxy.Close) row { return rule(group, usual(), faultproxy.Elapsed(when), f) }
	var rows []row
	for _, code := range codes {
		rows = append(rows, do(faultproxy.Close{Code: code}).expect(meanings[code]))
	}
	return append(rows,
		do(faultproxy.CloseWith(1012, "restart")).expect(diagnosis.IDRestart),
		do(faultproxy.Close{Code: 1001, Other: faultproxy.OtherFIN}).expect(diagnosis.IDRestart),
		do(faultproxy.Close{Code: 1001, Other: faultproxy.OtherKeep}).expect(diagnosis.IDRestart),
		do(faultproxy.Close{Code: 1001, Toward: frame.ToServer}).also("the server first").expect(diagnosis.IDRestart),
		do(faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.OtherFIN}).expect(diagnosis.IDNoCloseFrame),
		do(faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.OtherKeep}).expect(diagnosis.IDHalfOpen, diagnosis.IDHeartbeatTimeout),
		do(faultproxy.Close{Code: 1001, Toward: frame.Both}).also("said to both").expect(diagnosis.IDRestart),
	)
}

// endRows are ends of TCP: every one on either side, in either order, with a gap.
func endRows() []row {
	const group = "the proxy, ends"
	do := func(e faultproxy.End) row { return rule(group, usual(), faultproxy.Elapsed(when), e) }
	endings := []faultproxy.Ending{faultproxy.Keep, faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST, faultproxy.FINRST, faultproxy.Silent}
	var rows []row
	for _, client := range endings {
		for _, server := range endings {
			r := do(faultproxy.End{Client: client, Server: server})
			switch {
			case client == faultproxy.Keep && server == faultproxy.Keep:
				continue
			case client == faultproxy.RST:
				r = r.expect(diagnosis.IDResetByServer)
			case client == faultproxy.Silent && server == faultproxy.Silent, client == faultproxy.Silent && server == faultproxy.Keep,
				client == faultproxy.Keep && server == faultproxy.Silent:
				r = r.expect(diagnosis.IDHeartbeatTimeout)
			case client == faultproxy.Keep && server == faultproxy.HalfClose:
				r = r.expect(diagnosis.IDNoCloseFrame) // the server answers the FIN with its own
			case client == faultproxy.Silent, client == faultproxy.Keep:
				r = r.expect(diagnosis.IDHalfOpen, diagnosis.IDHeartbeatTimeout)
			default:
				r = r.expect(diagnosis.IDNoCloseFrame)
			}
			rows = append(rows, r)
		}
	}
	return append(rows,
		do(faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose, ServerFirst: true}).also("server first").expect(diagnosis.IDNoCloseFrame),
		do(faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN, Gap: 300 * ms}).also("300 ms apart").expect(diagnosis.IDNoCloseFrame),
		do(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST, Gap: 2 * sec, ServerFirst: true}).also("server first, 2 s apart").
			expect(diagnosis.IDHalfOpen, diagnosis.IDResetByServer),
		rule(group, chatty(), faultproxy.Elapsed(when), faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}).
			also("data flows").expect(diagnosis.IDNoCloseFrame),
		rule(group, chatty(), faultproxy.Elapsed(when), faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FullClose}).
			also("data flows").expect(diagnosis.IDResetByServer),
	)
}

// silenceRows are lines that fall silent.
func silenceRows() []row {
	const group = "the proxy, silence"
	do := func(c client, f faultproxy.Fault) row { return rule(group, c, faultproxy.Elapsed(when), f) }
	asks := quiet() // one without a heartbeat, that asks and gives up on what it does not get
	asks.says, asks.leaves, asks.leaving = append(asks.says, 5*sec, 14*sec), 25*sec, "4001"
	var rows []row
	for _, dir := range []frame.Direction{frame.ToClient, frame.ToServer, frame.Both} {
		rows = append(rows,
			do(usual(), faultproxy.Silence{Dir: dir}).expect(diagnosis.IDHeartbeatTimeout),
			do(usual(), faultproxy.Silence{Dir: dir, For: 2 * sec}).expect(diagnosis.IDStillOpen),
			do(usual(), faultproxy.Discard{Dir: dir}).expect(diagnosis.IDHeartbeatTimeout),
			do(usual(), faultproxy.Discard{Dir: dir, For: 400 * ms}).expect(diagnosis.IDStillOpen),
			do(chatty(), faultproxy.Silence{Dir: dir}).also("data flowed").expect(diagnosis.IDHeartbeatTimeout),
			do(asks, faultproxy.Silence{Dir: dir}).also("a client that asks and gives up").expect(diagnosis.IDHalfOpen),
			do(quiet(), faultproxy.Silence{Dir: dir}).also("a client without a heartbeat").expect(diagnosis.IDStillOpen),
		)
	}
	late := do(usual(), faultproxy.Silence{}).also("then the server dies").server(fakeserver.Script(fakeserver.Pause(when+sec), fakeserver.Fin()))
	return append(rows, late.expect(diagnosis.IDHalfOpen, diagnosis.IDHeartbeatTimeout))
}
