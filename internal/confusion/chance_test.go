package confusion

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// A server that dies at a random moment is not taken for a timer, but for what an
// accident of numbers may be: a silence or an age that happens to be round.
func TestAnEndAtARandomMomentIsNoTimer(t *testing.T) {
	const ends = 150
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name   string
		client client
		least  float64
	}{
		{"beats", usual(), 0.95}, {"beats and talks", chatty(), 0.95}, {"is quiet", quiet(), 0.85},
	} {
		taken := map[diagnosis.ID]int{}
		for range ends {
			when := 3*sec + time.Duration(random.Int64N(int64(57*sec)))
			r := row{client: c.client, watch: 2 * time.Minute,
				handlers: []fakeserver.Handler{fakeserver.Script(fakeserver.Pause(when), fakeserver.Fin())}}
			_, front := r.play(t)
			report := diagnosis.Diagnose(front, 1)
			taken[report.Cause.ID]++
			if report.Cause.ID != diagnosis.IDNoCloseFrame && report.Cause.Confidence > diagnosis.Medium {
				t.Errorf("a client that %s, a FIN after %v: too sure of %s", c.name, when, report.Cause)
			}
		}
		share := float64(taken[diagnosis.IDNoCloseFrame]) / ends
		t.Logf("a client that %s: %v", c.name, fmt.Sprint(taken))
		if share < c.least {
			t.Errorf("a client that %s: %.1f %% of the ends are recognised, want %.0f %%: %v", c.name, 100*share, 100*c.least, taken)
		}
	}
}

// An idle timeout of any length, whatever was said before, is recognised by the
// proxy whose timer it is, and in front if its length is one that people set.
func TestAnIdleTimeoutOfAnyLengthIsRecognised(t *testing.T) {
	const timeouts = 100
	random := rand.New(rand.NewPCG(3, 4))
	lengths := []time.Duration{sec, 2 * sec, 3 * sec, 5 * sec, 10 * sec, 15 * sec, 20 * sec, 30 * sec, 45 * sec, 50 * sec, 55 * sec,
		time.Minute, 75 * sec, 90 * sec, 100 * sec, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, time.Hour}
	right := map[string]int{}
	for range timeouts {
		d := lengths[random.IntN(len(lengths))]
		c := quiet()
		c.says = nil
		for at, n := time.Duration(0), 2+random.IntN(20); len(c.says) < n; {
			at += time.Duration(random.Int64N(int64(d * 8 / 10)))
			c.says = append(c.says, at)
		}
		r := row{client: c, rules: []faultproxy.Rule{faultproxy.IdleTimeout(d)}, watch: 30 * d}
		own, front := r.play(t)
		for place, events := range map[string]diagnosis.Events{"own": own, "front": front} {
			report := diagnosis.Diagnose(events, 1)
			if report.Cause.ID == diagnosis.IDIdleTimeout {
				right[place]++
			} else {
				t.Logf("%s: idle timeout of %v: %s", place, d, report.Cause)
			}
		}
	}
	t.Logf("recognised of %d: %v", timeouts, right)
	if right["own"] < timeouts*98/100 || right["front"] < timeouts*95/100 {
		t.Errorf("recognised of %d: %v, want 98 %% and 95 %%", timeouts, right)
	}
}
