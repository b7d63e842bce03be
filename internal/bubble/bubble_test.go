package bubble

import "testing"

func TestParse(t *testing.T) {
	for _, c := range []struct {
		stack string
		want  uint64
	}{
		{"goroutine 7 [running, synctest bubble 3]:\nmain.f()", 3},
		{"goroutine 7 [running, locked to thread, synctest bubble 12345678901]:", 12345678901},
		{"goroutine 7 [running, synctest bubble 3 labels:{\"k\": \"v\"}]:", 3},
		{"goroutine 7 [running]:\nf(), synctest bubble 4]", 0},
		{"goroutine 7 [running labels:{\"k\": \", synctest bubble 4\"}]:", 0},
		{"goroutine 7 [running, synctest bubble ]:", 0},
		{"goroutine 7 [running, synctest bubble 99999999999999999999999]:", 0},
		{"goroutine 7 [running, synctest bubb", 0},
		{"", 0},
	} {
		if got := parse([]byte(c.stack)); got != c.want {
			t.Errorf("%q: bubble %d, want %d", c.stack, got, c.want)
		}
	}
}

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		Current()
	}
}
