package main

import (
	"context"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// output is what a server tells, and for how long: flags of run, fake and replay.
type output struct {
	JSON   bool     `group:"output" name:"json" help:"Print one JSON object a line on stdout, first a ready line, and nothing else."`
	Record string   `group:"output" placeholder:"FILE" help:"Record all events, as --json prints them, for faultproxy explain."`
	TTL    duration `group:"output" name:"ttl" placeholder:"D" help:"End after D."`
}

// open makes the broadcast, whose lines go by the clock of a timeline. The context ends
// when the server should; cancel frees it.
func (o *output) open(s *session, clock *timeline.Timeline) (ctx context.Context, cancel context.CancelFunc, b *broadcast) {
	b = newBroadcast(s, clock)
	b.json = o.JSON
	if o.TTL > 0 {
		ctx, cancel = context.WithTimeout(s.ctx, time.Duration(o.TTL))
	} else {
		ctx, cancel = context.WithCancel(s.ctx)
	}
	return ctx, cancel, b
}

// recording begins the one that is asked for; nil if none is.
func (o *output) recording() (*recording, error) {
	if o.Record == "" {
		return nil, nil
	}
	r, err := openRecording(o.Record)
	if err != nil {
		return nil, err
	}
	return r, r.begin()
}
