package replay

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// hear does what the server did when it heard such a frame.
func (p *playing) hear(f frame.Frame) {
	if f.Opcode == frame.OpClose {
		if !p.closed {
			p.closed = true
			p.answerClose(f)
		}
		return
	}
	v := frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload}
	for i, b := range p.plan.beats {
		if !b.dialect.Beats().Match(v) {
			continue
		}
		p.counts[i]++
		for _, a := range b.of(p.counts[i]) {
			answer := a.to(v, b.dialect)
			p.agenda.add(todo{time.Now().Add(p.scale(a.after)), a.event, byClock, func() {
				if !p.isQuiet() {
					p.send(answer)
				}
			}})
		}
		return
	}
}

// answerClose answers the client's Close as the server did: by the clock nothing
// follows any more. One that the recording does not have is answered as RFC 6455
// section 5.5.1 asks, unless the connection is silent.
func (p *playing) answerClose(f frame.Frame) {
	recorded := p.plan.heard != nil
	if p.plan.ignored || !recorded && p.isQuiet() {
		return
	}
	p.agenda.drop(byClock)
	if !p.sent && (!recorded || p.plan.sentFirst) {
		p.send(sending{Frame: echo(f, nil, nil)})
	}
	if !recorded {
		_ = p.conn.HalfClose()
		p.part()
		return
	}
	for _, a := range p.plan.closing {
		if a.frame != nil && a.frame.Opcode == frame.OpClose {
			a.frame = &sending{Frame: echo(f, p.plan.heard, &a.frame.Frame)}
		}
		p.agenda.add(todo{time.Now().Add(p.scale(a.at)), a.event, always, func() { p.act(a) }})
	}
}

// echo is the answer to a client's Close: the code of it, as a server has to send (RFC
// 6455 section 5.5.1), unless the recorded answer had another code than the recorded
// Close. The reason is the recorded one, or the client's where it was repeated.
func echo(f frame.Frame, heard, answer *frame.Frame) frame.Frame {
	code, reason, ok := frame.ParseClose(f.Payload)
	if heard == nil {
		reason = ""
	} else {
		heardCode, heardReason, _ := frame.ParseClose(heard.Payload)
		answerCode, answerReason, known := frame.ParseClose(answer.Payload)
		if !known || heardCode != answerCode {
			return *answer
		}
		if heardReason != answerReason {
			reason = answerReason
		}
	}
	if !ok || code == frame.CodeNoStatus {
		return frame.EmptyClose()
	}
	return frame.Close(code, reason)
}

// awaitClose ends the connection of a client that does not answer the Close that the
// recorded one answered.
func (p *playing) awaitClose() {
	if p.closed || p.plan.heard == nil {
		return
	}
	took := p.scale(p.plan.heardAt) - time.Since(p.opened)
	p.later(max(took, 0)+patience, func() {
		if !p.closed {
			_ = p.conn.HalfClose()
			p.part()
		}
	})
}

// part closes the connection of a client that does not.
func (p *playing) part() {
	p.later(patience, func() { _ = p.conn.Reset() })
}

// later does what is not recorded, whatever the client does meanwhile.
func (p *playing) later(d time.Duration, do func()) {
	p.agenda.add(todo{at: time.Now().Add(d), group: always, do: do})
}
