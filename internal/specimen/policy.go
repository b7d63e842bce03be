package specimen

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Policy returns what a client of this config promises, if it is no mutant's. Take it
// before a mutant changes the config.
func (c Config) Policy() diagnosis.Policy {
	c = c.WithDefaults()
	p := diagnosis.Policy{
		Name:           "specimen",
		Client:         diagnosis.NodeWS,
		Dialect:        c.Dialect,
		Interval:       max(c.Interval, 0),
		Rearm:          rearms[c.Rearm],
		AnswerTimeout:  max(c.AnswerWithin, 0),
		ConnectTimeout: max(c.ConnectTimeout, 0),
		CloseTimeout:   max(c.CloseTimeout, 0),
		Backoff:        c.Backoff.promised(),
		RetryAfter:     true,
		TryAgainAfter:  max(c.TryAgainAfter, 0),
		GiveUpStatuses: diagnosis.Codes(c.GiveUpStatuses...),
		MaxLive:        1,
		Reports:        diagnosis.ReportNames{Open: "open", Close: "close", Disconnect: "stopped"},
	}
	if p.Interval == 0 {
		p.AnswerTimeout = 0 // without beats nothing is due
	}
	if c.beats() && c.Dialect.Answered() {
		p.Dialect.By = heartbeat.Client
	}
	for _, code := range c.GiveUpCodes {
		p.GiveUpCodes = append(p.GiveUpCodes, diagnosis.Codes(int(code))...)
	}
	for _, f := range c.Hello {
		p.Resubscribe = append(p.Resubscribe, f)
	}
	if c.Number {
		p.Continuity = diagnosis.Continuity{
			Messages: frame.AllOf(frame.Toward(frame.ToServer), frame.Regexp(`^\{"n":`)),
			Number:   "{$.n}",
			Repeats:  true, // what was on its way when a connection ended
		}
	}
	return p
}

var rearms = map[Activity]diagnosis.Rearm{
	Nothing: diagnosis.RearmNone, Received: diagnosis.RearmReceived, Sent: diagnosis.RearmSent, Both: diagnosis.RearmAny,
}

var jitters = map[Jitter]diagnosis.Jitter{
	Equal: diagnosis.EqualJitter, Full: diagnosis.FullJitter, Proportional: diagnosis.ProportionalJitter, Unjittered: diagnosis.NoJitter,
}

// promised is the model of the backoff; none if it does not wait.
func (b Backoff) promised() diagnosis.Backoff {
	b = b.withDefaults()
	if b.First < 0 {
		return diagnosis.Backoff{}
	}
	model := diagnosis.Exponential(b.First, b.Factor)
	switch b.Growth {
	case Linear:
		model = diagnosis.Linear(b.First, b.First)
	case Fixed:
		model = diagnosis.Fixed(b.First)
	case Decorrelated:
		model = diagnosis.Decorrelated(b.First, b.Max)
		model.Factor = b.Factor
	}
	if b.Growth != Decorrelated {
		model = model.WithJitter(jitters[b.Jitter])
	}
	if model.Jitter == diagnosis.ProportionalJitter {
		model.Share = b.Share
	}
	model.Attempts = b.Attempts
	return model.UpTo(b.Max).ResetsAfter(b.ResetAfter)
}
