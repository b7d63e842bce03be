package confusion

import (
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

const (
	ms  = time.Millisecond
	sec = time.Second
	// when is when most faults strike: between two beats, at no round age.
	when = 12345 * ms
)

func rows() []row {
	return slices.Concat(handshakeRows(), changedHandshakeRows(), frameRows(), beatRows(), shapedFrameRows(), illegalRows(),
		closeRows(), endRows(), silenceRows(), forgetRows(), pathRows(), timerRows(), offRows(), portRows(), presetRows(), serverRows(), serverHandshakeRows(), clientRows())
}

// rule is a row of one rule, which is its name.
func rule(group string, c client, on frame.Trigger, do faultproxy.Fault) row {
	name := do.String()
	if on != nil {
		name = on.String() + ": " + name
	}
	return row{group: group, name: name, client: c, rules: []faultproxy.Rule{{On: on, Do: do}}}
}

// expect says what must be found, in front something else if front is given.
func (r row) expect(want diagnosis.ID, front ...diagnosis.ID) row {
	r.want = want
	if len(front) > 0 {
		r.field = front[0]
	}
	return r
}

// also adds to the row's name.
func (r row) also(format string, args ...any) row {
	r.name += ", " + fmt.Sprintf(format, args...)
	return r
}

// settles is how long the recording goes on when the client is through.
func (r row) settles(d time.Duration) row {
	r.settle = d
	return r
}
