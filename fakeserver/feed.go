package fakeserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// feed is a queue of frames on their way to whoever reads them.
type feed struct {
	mu     sync.Mutex
	frames []frame.Frame
	size   int
	lost   int
	err    error         // after the frames; nil while more may come
	ready  chan struct{} // closed when there is something to take, if anyone waits
}

func newFeed() *feed { return &feed{} }

// cost is what a frame counts for against maxPending.
func cost(f frame.Frame) int { return len(f.Payload) + 64 }

// push adds a frame, and drops the oldest if that is too much.
func (q *feed) push(f frame.Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.frames = append(q.frames, f)
	q.size += cost(f)
	for q.size > maxPending && len(q.frames) > 1 {
		q.size -= cost(q.frames[0])
		q.frames[0] = frame.Frame{}
		q.frames = q.frames[1:]
		q.lost++
	}
	q.wake()
}

// end says that no more will come, and why. The first reason counts.
func (q *feed) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
	}
	q.wake()
}

func (q *feed) wake() {
	if q.ready != nil {
		close(q.ready)
		q.ready = nil
	}
}

// next takes the next frame and waits for it, until ctx is done.
func (q *feed) next(ctx context.Context) (frame.Frame, error) {
	for {
		f, ready, err := q.take()
		if err != nil || ready == nil {
			return f, err
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return frame.Frame{}, fmt.Errorf("no frame came: %w", context.Cause(ctx))
		}
	}
}

// take takes the next frame if there is one, else returns a channel to wait on.
func (q *feed) take() (f frame.Frame, ready <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.lost > 0:
		err = fmt.Errorf("%d frames were dropped: more than 1 MiB arrived before anyone asked for it", q.lost)
		q.lost = 0
		return f, nil, err
	case len(q.frames) > 0:
		f = q.frames[0]
		q.frames[0] = frame.Frame{}
		q.size -= cost(f)
		if q.frames = q.frames[1:]; len(q.frames) == 0 {
			q.frames = nil
		}
		return f, nil, nil
	case q.err != nil:
		return f, nil, q.err
	}
	if q.ready == nil {
		q.ready = make(chan struct{})
	}
	return f, q.ready, nil
}

// sift goes through the frames nobody has taken yet and keeps those that keep says
// yes to.
func (q *feed) sift(keep func(frame.Frame) bool) {
	q.mu.Lock()
	frames := q.frames
	q.frames, q.size = nil, 0
	q.mu.Unlock()
	var kept []frame.Frame
	size := 0
	for _, f := range frames {
		if keep(f) {
			kept = append(kept, f)
			size += cost(f)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.frames = append(kept, q.frames...)
	q.size += size
}
