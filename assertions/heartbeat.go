package assertions

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// HaveHeartbeat succeeds if the client beats in a dialect. As it is, one beat will do,
// and Times counts them:
//
//	Expect(srv).To(HaveHeartbeat(heartbeat.Protocol()).Times(3))
//
// With [Every] it is about the rhythm, of each connection by itself: every gap between
// two beats has to be the interval, give or take the tolerance. So have the edges, which
// may be shorter: from the opening to the first beat, and from the last beat to the
// connection's end, or to now. Of what begins at a moment, that moment is an edge.
//
//	Consistently(srv, 10*time.Second).Should(HaveConnected(1))
//	Expect(srv.Conn(1)).To(HaveHeartbeat(heartbeat.Phoenix(), Every(1500*time.Millisecond, PlusMinus(300*time.Millisecond))))
//
// It needs one whole gap, and cannot judge before: let the connection live for more
// than two intervals. A connection that ended sooner is not judged on a server that
// has others. A wrong gap is final. A beat counts when it arrived from the client, and
// is told from an answer as [heartbeat.Tracker] does. The end is the first Close, FIN or
// RST. Where nobody reads (Freeze, StopReading) nothing is judged from there on, and
// where events are lost, or payloads that may be beats cannot be read, nothing at all.
//
// For clients whose timer is re-armed by other traffic the gaps are longer: see
// [HaveFollowed]. Beats of servers are answered: see [HaveAnsweredEveryBeat].
func HaveHeartbeat(d heartbeat.Dialect, every ...Interval) Counted {
	return counted(call("HaveHeartbeat", d, every), beatsOfClient(d, every), func(s *scene, n value) verdict {
		if len(every) > 0 {
			if v := s.rhythm(d, every[len(every)-1]); v.is != yes || n.once {
				return v
			}
		}
		return s.beatCount(d, n)
	})
}

// HaveHeartbeatJitter succeeds if the gaps between the client's beats differ by so
// much: the longest less the shortest, of all connections. spread is a duration, or a
// matcher for one. A fleet that must not beat in phase needs some, a timer should have
// little:
//
//	Expect(srv).To(HaveHeartbeatJitter(heartbeat.Protocol(), BeNumerically("<=", 50*time.Millisecond)))
//	Expect(srv).To(HaveHeartbeatJitter(heartbeat.Protocol(), BeNumerically(">=", time.Second)))
//
// The edges of a connection do not count. It needs two gaps of one connection or of
// several, and cannot judge before, nor where beats may have passed unseen.
func HaveHeartbeatJitter(d heartbeat.Dialect, spread any) Matcher {
	want := duration(spread)
	err := beatsOfClient(d, nil)
	if err == nil {
		err = want.err
	}
	return Matcher{call: call("HaveHeartbeatJitter", d, want), err: err, judge: func(s *scene) verdict { return s.jitter(d, want) }}
}

// Interval is how often something has to happen; see [Every].
type Interval struct{ every, plusMinus time.Duration }

// Every is an interval of d, give or take a tolerance:
//
//	Every(25*time.Second, PlusMinus(time.Second))
//
// Without a tolerance it is exact, which only virtual time is.
func Every(d time.Duration, tolerance ...Tolerance) Interval {
	i := Interval{every: d}
	for _, t := range tolerance {
		i.plusMinus = t.by
	}
	return i
}

// String returns the call that made it.
func (i Interval) String() string {
	if i.plusMinus == 0 {
		return call("Every", i.every)
	}
	return call("Every", i.every, PlusMinus(i.plusMinus))
}

// text says it in words.
func (i Interval) text() string {
	if i.plusMinus == 0 {
		return fmt.Sprintf("exactly every %s (no PlusMinus was given)", span(i.every))
	}
	return fmt.Sprintf("every %s ± %s", span(i.every), span(i.plusMinus))
}

// bounds are the shortest and the longest gap.
func (i Interval) bounds() (low, high time.Duration) {
	return i.every - i.plusMinus, i.every + i.plusMinus
}

// Tolerance is by how much a time may be missed, in either direction; see [PlusMinus].
type Tolerance struct{ by time.Duration }

// PlusMinus is a tolerance: both d less and d more will do.
func PlusMinus(d time.Duration) Tolerance { return Tolerance{max(d, -d)} }

// String returns the call that made it.
func (t Tolerance) String() string { return call("PlusMinus", t.by) }

// beatsOfClient says what is wrong with the arguments of who judges a client's beats.
func beatsOfClient(d heartbeat.Dialect, every []Interval) error {
	switch {
	case d.By == heartbeat.Server:
		return fmt.Errorf("the beats of %s are the server's; the client's part is to answer: see HaveAnsweredEveryBeat", d)
	case d.By&heartbeat.Client == 0 || d.Beat.Match == nil:
		return errors.New("the dialect has no beats: use one of package heartbeat, such as heartbeat.Protocol()")
	}
	for _, i := range every {
		switch {
		case i.every <= 0:
			return fmt.Errorf("an interval of %s cannot be kept", span(i.every))
		case i.plusMinus >= i.every:
			return fmt.Errorf("an interval of %s is no rhythm, since PlusMinus permits any number of beats: give less than the interval", i.text())
		}
	}
	return nil
}

// beatCount counts the client's beats.
func (s *scene) beatCount(d heartbeat.Dialect, want value) verdict {
	n := 0
	var marks []mark
	var blind *blindness
	pulses := s.pulses(d, heartbeat.Client)
	for _, p := range pulses {
		n += len(p.beats)
		for _, b := range p.beats {
			marks = append(marks, mark{seq: b.Tag, at: b.At})
		}
		if blind == nil {
			blind = p.blind
		}
	}
	if !want.settled(float64(n)) {
		if len(pulses) == 0 {
			return cannot("the client has not connected"+s.where()+", so it could not beat", "")
		}
		if blind != nil {
			return blind.verdict()
		}
	}
	v := want.verdict(n, fmt.Sprintf("The client beat %s%s (%s)", times(n), s.where(), d))
	v.marks = marks
	return v
}

// jitter measures how much the gaps differ.
func (s *scene) jitter(d heartbeat.Dialect, want value) verdict {
	var gaps []time.Duration
	var shortest, longest mark
	for _, p := range s.pulses(d, heartbeat.Client) {
		if p.blind != nil {
			return p.blind.verdict()
		}
		for i, b := range p.beats[min(1, len(p.beats)):] {
			gap := b.At - p.beats[i].At
			if len(gaps) == 0 || gap < slices.Min(gaps) {
				shortest = mark{seq: b.Tag, text: span(gap) + " after the one before"}
			}
			if len(gaps) == 0 || gap > slices.Max(gaps) {
				longest = mark{seq: b.Tag, text: span(gap) + " after the one before"}
			}
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) < 2 {
		return cannot(fmt.Sprintf("%s between beats of the client%s, and it takes two", plural(len(gaps), "gap"), s.where()),
			"Let the client beat three times on a connection.")
	}
	spread := slices.Max(gaps) - slices.Min(gaps)
	ok, err := want.match(spread)
	if err != nil {
		return unfit(err)
	}
	marks := []mark{shortest, longest}
	if shortest.seq == longest.seq {
		marks = marks[:1]
	}
	return verdict{is: is(ok), final: want.settled(float64(spread)),
		said: fmt.Sprintf("The client's %s gaps%s differ by %s (%s)", d, s.where(),
			exact(spread, want.durations()...), fromTo(slices.Min(gaps), slices.Max(gaps))),
		expected: want.wish(spread, false, argument), unexpected: want.wish(spread, true, argument),
		marks: marks}
}
