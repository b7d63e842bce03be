package timeline

import "slices"

// conn is what the timeline knows of a connection.
type conn struct {
	number uint32
	first  int // sequence number of its first event
	ended  bool
	kept   bool // an event was kept since the last gap
	gaps   []gap
}

// connTable finds connections by number. Numbers count from 1, so nearly all are
// found by index, which costs a frame less than a map does.
type connTable struct {
	dense  []*conn // by number
	sparse map[uint32]*conn
}

const maxDense = 1 << 20

func (t *connTable) get(number uint32) *conn {
	if int(number) < len(t.dense) {
		return t.dense[number]
	}
	return t.sparse[number]
}

func (t *connTable) add(c *conn) {
	n := int(c.number)
	switch {
	case n >= maxDense:
		if t.sparse == nil {
			t.sparse = map[uint32]*conn{}
		}
		t.sparse[c.number] = c
		return
	case n >= len(t.dense):
		t.dense = append(t.dense, make([]*conn, n+1-len(t.dense))...)
	}
	t.dense[n] = c
}

// numbers returns the numbers of all connections, ascending.
func (t *connTable) numbers() []int {
	var numbers []int
	for n, c := range t.dense {
		if c != nil {
			numbers = append(numbers, n)
		}
	}
	dense := len(numbers)
	for n := range t.sparse {
		numbers = append(numbers, int(n))
	}
	slices.Sort(numbers[dense:])
	return numbers
}
