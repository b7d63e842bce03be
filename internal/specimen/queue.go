package specimen

import "sync"

// queue holds the texts that are to be sent.
type queue struct {
	mu    sync.Mutex
	texts []string
	wake  chan struct{} // holds something when there may be texts
}

func (q *queue) put(text string) {
	q.mu.Lock()
	q.texts = append(q.texts, text)
	q.mu.Unlock()
	q.ring()
}

// take returns the first text, and whether there is one.
func (q *queue) take() (text string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.texts) == 0 {
		return "", false
	}
	text, q.texts = q.texts[0], q.texts[1:]
	return text, true
}

// ring has the session look at the queue.
func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
