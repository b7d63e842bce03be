package timeline

import (
	"errors"
	"fmt"

	"github.com/heartbreak-ws/heartbreak/internal/bubble"
)

// ErrOtherBubble is what waiting on a timeline returns where it cannot work: in
// another testing/synctest bubble than the one the timeline was made in, or
// inside a bubble on a timeline made outside of any. The runtime kills the whole
// process when a channel is used across bubbles, so this is found out first.
var ErrOtherBubble = errors.New("timeline of another synctest bubble")

// CheckBubble returns nil if the caller may wait on the timeline, and an error
// that wraps [ErrOtherBubble] if the timeline was made in another
// testing/synctest bubble than the one the caller runs in.
func (t *Timeline) CheckBubble() error {
	here := bubble.Current()
	if here == t.bubble {
		return nil
	}
	return fmt.Errorf("%w: it was made %s and is waited for %s; "+
		"make the server, the proxy and their timeline where they are waited for",
		ErrOtherBubble, bubble.Words(t.bubble), bubble.Words(here))
}

// InBubble reports whether the timeline was made inside a testing/synctest bubble:
// whether its time is virtual.
func (t *Timeline) InBubble() bool { return t.bubble != 0 }
