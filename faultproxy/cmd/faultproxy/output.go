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

// open makes the broadcast of a timeline, and its recording if there is to be one. The
// context ends when the server should; cancel frees it.
func (o *output) open(s *session, tl *timeline.Timeline) (ctx context.Context, cancel context.CancelFunc, b *broadcast, err error) {
	b = newBroadcast(s, tl)
	b.json = o.JSON
	if o.Record != "" {
		if b.recording, err = createRecording(o.Record); err != nil {
			return nil, nil, nil, err
		}
	}
	if o.TTL > 0 {
		ctx, cancel = context.WithTimeout(s.ctx, time.Duration(o.TTL))
	} else {
		ctx, cancel = context.WithCancel(s.ctx)
	}
	return ctx, cancel, b, nil
}
