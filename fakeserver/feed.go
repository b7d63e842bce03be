package fakeserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// item is a frame on its way to whoever reads it.
type item struct {
	frame   frame.Frame
	n       int  // counted from 1, in the order of their arrival
	hidden  bool // from Expect and Next
	reacted bool // the automatic answer was given
	answer  bool // a Close that answers the server's
}

// feed is a queue of frames on their way to whoever reads them.
type feed struct {
	mu    sync.Mutex
	items []item
	size  int
	lost  int
	err   error         // after the frames; nil while more may come
	ready chan struct{} // closed when there is something to take, if anyone waits
}

func newFeed() *feed { return &feed{} }

// lostError is what a feed says, once, that dropped so many frames.
type lostError int

func (n lostError) Error() string {
	return fmt.Sprintf("%d frames were dropped: more than 1 MiB arrived before anyone asked for it", int(n))
}

// cost is what a frame counts for against maxPending.
func (it item) cost() int { return len(it.frame.Payload) + 64 }

// push adds a frame, and drops the oldest if that is too much.
func (q *feed) push(it item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, it)
	q.size += it.cost()
	for q.size > maxPending && len(q.items) > 1 {
		q.size -= q.items[0].cost()
		q.items[0] = item{}
		q.items = q.items[1:]
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

// next takes the next frame that is not hidden and waits for it, until ctx is done.
func (q *feed) next(ctx context.Context) (frame.Frame, error) {
	for {
		it, ready, err := q.take()
		switch {
		case err != nil:
			return frame.Frame{}, err
		case ready == nil && it.hidden:
			continue
		case ready == nil:
			return it.frame, nil
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return frame.Frame{}, fmt.Errorf("no frame came: %w", context.Cause(ctx))
		}
	}
}

// await takes the next frame, hidden or not, and waits for it until over is closed.
func (q *feed) await(over <-chan struct{}) (item, error) {
	for {
		it, ready, err := q.take()
		if err != nil || ready == nil {
			return it, err
		}
		select {
		case <-ready:
		case <-over:
			it, ready, err = q.take() // what came before the end
			if err == nil && ready != nil {
				err = errOver
			}
			return it, err
		}
	}
}

// take takes the next frame if there is one, else returns a channel to wait on.
func (q *feed) take() (it item, ready <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.lost > 0:
		err = lostError(q.lost)
		q.lost = 0
		return it, nil, err
	case len(q.items) > 0:
		it = q.items[0]
		q.items[0] = item{}
		q.size -= it.cost()
		if q.items = q.items[1:]; len(q.items) == 0 {
			q.items = nil
		}
		return it, nil, nil
	case q.err != nil:
		return it, nil, q.err
	}
	if q.ready == nil {
		q.ready = make(chan struct{})
	}
	return it, q.ready, nil
}

// sift goes through the frames nobody has taken yet and keeps those that keep says
// yes to. Frames are pushed only under the same lock as orders are added.
func (q *feed) sift(keep func(*item) bool) {
	q.mu.Lock()
	items := q.items
	q.items, q.size = nil, 0
	q.mu.Unlock()
	var kept []item
	size := 0
	for _, it := range items {
		if keep(&it) {
			kept = append(kept, it)
			size += it.cost()
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(kept, q.items...)
	q.size += size
	if len(q.items) > 0 {
		q.wake()
	}
}
