package specimen_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

func TestDelaysGrow(t *testing.T) {
	for name, test := range map[string]struct {
		b    specimen.Backoff
		want string
	}{
		"by default, twice as long": {specimen.Backoff{}, "1s 2s 4s 8s 16s 30s 30s"},
		"threefold from 100 ms":     {specimen.Backoff{First: 100 * ms, Factor: 3, Max: 5 * sec}, "100ms 300ms 900ms 2.7s 5s 5s 5s"},
		"in steps":                  {specimen.Backoff{Growth: specimen.Linear, First: 2 * sec, Max: 9 * sec}, "2s 4s 6s 8s 9s 9s 9s"},
		"not at all":                {specimen.Backoff{Growth: specimen.Fixed, First: 3 * sec}, "3s 3s 3s 3s 3s 3s 3s"},
		"from nothing":              {specimen.Backoff{First: -1}, "0s 0s 0s 0s 0s 0s 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			test.b.Jitter = specimen.Unjittered
			got := ""
			for n := 1; n <= 7; n++ {
				got += " " + test.b.Delay(n, 0, nil).String()
			}
			if got[1:] != test.want {
				t.Errorf("got %s, want %s", got[1:], test.want)
			}
		})
	}
}

// The bounds of what is random are reached, and never passed.
func TestWhatIsRandomAboutADelay(t *testing.T) {
	for name, test := range map[string]struct {
		b         specimen.Backoff
		before    time.Duration
		low, high time.Duration
	}{
		"full":                       {specimen.Backoff{Jitter: specimen.Full}, 0, 0, 4 * sec},
		"equal":                      {specimen.Backoff{Jitter: specimen.Equal}, 0, 2 * sec, 4 * sec},
		"a fifth":                    {specimen.Backoff{Jitter: specimen.Proportional}, 0, 3200 * ms, 4800 * ms},
		"a half":                     {specimen.Backoff{Jitter: specimen.Proportional, Share: 0.5}, 0, 2 * sec, 6 * sec},
		"a half of the limit":        {specimen.Backoff{Jitter: specimen.Proportional, Share: 0.5, Max: 2 * sec}, 0, sec, 3 * sec},
		"decorrelated, the first":    {specimen.Backoff{Growth: specimen.Decorrelated}, 0, sec, 3 * sec},
		"decorrelated, later":        {specimen.Backoff{Growth: specimen.Decorrelated}, 5 * sec, sec, 15 * sec},
		"decorrelated, at the limit": {specimen.Backoff{Growth: specimen.Decorrelated}, 20 * sec, sec, 30 * sec},
	} {
		t.Run(name, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(1, 2))
			least, most := time.Hour, time.Duration(0)
			for range 2000 {
				d := test.b.Delay(3, test.before, chance)
				least, most = min(least, d), max(most, d)
			}
			span := (test.high - test.low) / 100
			if least < test.low || least > test.low+span || most > test.high || most < test.high-span {
				t.Errorf("from %v to %v, want %v to %v", least, most, test.low, test.high)
			}
		})
	}
}

func TestBackoffOfAClient(t *testing.T) {
	stable := fake.Script(fake.Pause(10*sec), fake.Fin())
	slowEnd := fake.Script(fake.On(frame.Op(frame.OpClose)), fake.Pause(9*sec), fake.Send(frame.Close(1001, "")))
	brief := fake.Script(fake.Pause(9999*ms), fake.Fin())
	for name, test := range map[string]struct {
		b        specimen.Backoff
		handlers []fake.Handler
		want     string
	}{
		"grows while refused": {steady, []fake.Handler{fake.RejectWith(500)}, "0s 1s 3s 7s 15s 31s 1m1s 1m31s"},
		"begins anew after a stable connection": {steady, []fake.Handler{fake.RejectWith(500).Times(3), stable, fake.RejectWith(500)},
			"0s 1s 3s 7s 18s 20s 24s 32s 48s 1m18s"},
		"goes on after a brief one": {steady, []fake.Handler{fake.RejectWith(500).Times(3), brief, fake.RejectWith(500)},
			"0s 1s 3s 7s 24.999s 40.999s 1m10.999s"},
		"does not count a slow end": {steady, []fake.Handler{fake.RejectWith(500).Times(3), slowEnd, fake.RejectWith(500)},
			"0s 1s 3s 7s 26s 42s 1m12s"},
		"ends": {specimen.Backoff{Jitter: specimen.Unjittered, Attempts: 2}, []fake.Handler{fake.RejectWith(500)}, "0s 1s 3s"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, specimen.Config{Interval: -1, Backoff: test.b}, func(s *scene) {
				s.until(99 * sec)
				s.is("attempts", s.attempts(), test.want)
			}, test.handlers...)
		})
	}
}

// The delay before the last stable connection has no say any more.
func TestDecorrelatedBackoffBeginsAnew(t *testing.T) {
	for seed := range uint64(20) {
		cfg := specimen.Config{Interval: -1, Seed: seed, Backoff: specimen.Backoff{Growth: specimen.Decorrelated}}
		play(t, cfg, func(s *scene) {
			s.until(10 * time.Minute)
			lost, again := s.srv.Conn(8).View().Events(), s.srv.Conn(9).View().Events()
			if d := again[0].At - lost[len(lost)-1].At; d < sec || d > 3*sec {
				t.Errorf("seed %d: %v", seed, d)
			}
		}, fake.RejectWith(500).Times(7), fake.Script(fake.Pause(10*sec), fake.Fin()), fake.Silent)
	}
}

// Seeds decide everything: equal ones give equal times, others do not.
func TestSeeds(t *testing.T) {
	seen := map[string]uint64{}
	for _, seed := range []uint64{1, 2, 1, 3} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(t, specimen.Config{Seed: seed, JitterFirstBeat: true}, func(s *scene) {
				s.until(20 * time.Minute)
				times := s.attempts() + s.beats(text, 5)
				if before, found := seen[times]; found && before != seed {
					t.Errorf("seeds %d and %d give the same times: %s", before, seed, times)
				}
				seen[times] = seed
			}, fake.RejectWith(500).Times(4), fake.Silent)
		})
	}
	if len(seen) != 3 {
		t.Errorf("3 seeds gave %d clients", len(seen))
	}
}
