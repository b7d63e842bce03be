package faultproxy

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Reorder holds a frame until By others of its direction have passed it (zero: one),
// and sends it right behind them. If they do not come, it goes out after Within (zero:
// 5 s), or before the connection ends, and the timeline says so. It applies to
// control frames, and to whole messages unless they are compressed with context
// takeover.
type Reorder struct {
	By     int
	Within time.Duration
}

// Stages of Reorder: a frame.
func (Reorder) Stages() Stage { return StageFrame }

// Apply moves the frame in hand behind others.
func (f Reorder) Apply(p *Plan) { p.Reorder(max(f.By, 1), orPatience(f.Within)) }

// Validate refuses more than 1000 frames, and negative numbers.
func (f Reorder) Validate() error {
	if f.By < 0 || f.By > 1000 {
		return fmt.Errorf("reorder: by is %d; want 0 to 1000", f.By)
	}
	return nonNegative("reorder", f.Within)
}

func (f Reorder) String() string {
	return fmt.Sprintf("reorder behind %s", frames(max(f.By, 1))) + within(f.Within)
}

// Coalesce holds frames, and everything behind them, until Frames of this rule's are
// held (zero: two), or Within is over for the first of them (zero: 5 s), or the
// connection ends; then all of it leaves in one write, and so in one segment if that is
// large enough: as from a sender with Nagle's algorithm, or a proxy that buffers. With
// a [Rate] or [Slice] in force these decide what leaves together.
type Coalesce struct {
	Frames int
	Within time.Duration
}

// Stages of Coalesce: a frame.
func (Coalesce) Stages() Stage { return StageFrame }

// Apply holds the frame in hand.
func (f Coalesce) Apply(p *Plan) { p.Coalesce(orTwo(f.Frames), orPatience(f.Within)) }

// Validate refuses one frame alone, more than 1000, and a negative time.
func (f Coalesce) Validate() error {
	if f.Frames < 0 || f.Frames == 1 || f.Frames > 1000 {
		return fmt.Errorf("coalesce: frames is %d; want 2 to 1000, or 0 for 2", f.Frames)
	}
	return nonNegative("coalesce", f.Within)
}

func (f Coalesce) String() string {
	return fmt.Sprintf("coalesce %s", frames(orTwo(f.Frames))) + within(f.Within)
}

// Inject sends Frame toward a peer (zero: the client) at the next frame boundary;
// data frames wait for the end of a message. Toward the server the frame is
// masked unless it carries a mask of its own.
type Inject struct {
	Frame  frame.Frame
	Toward frame.Direction
}

// Stages of Inject: a frame, or a time.
func (Inject) Stages() Stage { return StageFrame | StageTime }

// Apply injects the frame.
func (f Inject) Apply(p *Plan) { p.Inject(f.Frame, orToClient(f.Toward)) }

func (f Inject) String() string {
	return fmt.Sprintf("inject %v %v", f.Frame, orToClient(f.Toward))
}

// InjectBytes sends bytes that are no frame toward a peer (zero: the client) at the
// next frame boundary, within a message too: what a proxy does that writes an error
// page into the stream. Hung on Responded it sends them right behind the 101, in the
// same write, toward the client alone.
type InjectBytes struct {
	Bytes  string
	Toward frame.Direction
}

// Stages of InjectBytes: the upstream's response, a frame, or a time.
func (InjectBytes) Stages() Stage { return StageResponse | StageFrame | StageTime }

// Apply injects the bytes.
func (f InjectBytes) Apply(p *Plan) { p.InjectBytes([]byte(f.Bytes), orToClient(f.Toward)) }

// Validate refuses nothing at all.
func (f InjectBytes) Validate() error {
	if f.Bytes == "" {
		return fmt.Errorf("inject-bytes: there are none; set Bytes")
	}
	return nil
}

func (f InjectBytes) validAt(stage Stage) error {
	if stage == StageResponse && orToClient(f.Toward) != frame.ToClient {
		return fmt.Errorf("%q: behind the 101 bytes go to the client alone; hang it on opened to reach the server", f)
	}
	return nil
}

func (f InjectBytes) String() string {
	shown := f.Bytes
	if len(shown) > 40 {
		shown = shown[:40] + "…"
	}
	return fmt.Sprintf("inject-bytes %q %v", shown, orToClient(f.Toward))
}

func frames(n int) string {
	if n == 1 {
		return "1 frame"
	}
	return fmt.Sprintf("%d frames", n)
}

func within(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(" within %v", d)
}

func orTwo(n int) int {
	if n == 0 {
		return 2
	}
	return n
}

// orPatience is how long a frame waits for others.
func orPatience(d time.Duration) time.Duration {
	if d == 0 {
		return 5 * time.Second
	}
	return d
}
