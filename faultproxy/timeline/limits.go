package timeline

// Limits bound what a timeline keeps. The zero value of each is its default.
// Beyond Events or Bytes the frames of ended connections go first, oldest first,
// then the oldest frames of the others; events that are not frames or runs of
// bytes never go. Both bounds are kept to within an eighth.
type Limits struct {
	Events  int // how many events are kept; 0: 1,000,000
	Bytes   int // how much memory they may take; 0: 256 MiB
	Payload int // how many bytes of a payload are kept; 0: 4,096; negative: none
}

const (
	defaultEvents  = 1_000_000
	defaultBytes   = 256 << 20
	defaultPayload = 4 << 10

	minChunk = 8    // events a chunk holds at least
	maxChunk = 1024 // and at most
)

func (l Limits) withDefaults() Limits {
	if l.Events <= 0 {
		l.Events = defaultEvents
	}
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Payload == 0 {
		l.Payload = defaultPayload
	}
	l.Payload = min(max(l.Payload, 0), 1<<30)
	return l
}

// chunkEvents returns how many events the next chunk may hold. Chunks start
// small, so that a short timeline is cheap, and are never more than an eighth of
// the limit.
func (l Limits) chunkEvents(chunks int) int {
	n := min(32<<min(chunks, 5), maxChunk)
	return min(n, max(l.Events/8, minChunk))
}

// chunkBytes returns how many bytes of payload and fields a chunk may hold before
// the next is begun.
func (l Limits) chunkBytes() int { return min(max(l.Bytes/8, 256), 1<<20) }
