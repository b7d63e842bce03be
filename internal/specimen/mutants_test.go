package specimen_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// contrast is a scene in which a mutant can be told from the correct client.
type contrast struct {
	mutant  string
	cfg     specimen.Config
	servers []fake.Handler
	act     func(*scene) // nil: a minute passes
	shows   func(*scene) string
	right   string // what the correct client shows
	wrong   string // what the mutant shows
}

func contrasts() []contrast {
	return slices.Concat(beatContrasts(), pongContrasts(), closeContrasts(), backoffContrasts(), reconnectContrasts())
}

// No mutant is vacuous: each does what its name says, and the correct client does not.
func TestEveryMutantDiffersFromTheCorrectClient(t *testing.T) {
	for _, c := range contrasts() {
		t.Run(c.mutant, func(t *testing.T) {
			m := specimen.Named(c.mutant)
			if m.Breaks == "" {
				t.Error("it does not say what it breaks")
			}
			for _, mutated := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					cfg, want := c.cfg, c.right
					if mutated {
						m.Apply(&cfg)
						want = c.wrong
					}
					s := open(t, lenient{t}, cfg, c.servers...)
					if c.act != nil {
						c.act(s)
					} else {
						s.until(time.Minute)
					}
					who := "the correct client"
					if mutated {
						who = "the mutant"
					}
					s.is(who, c.shows(s), want)
				})
			}
			if c.right == c.wrong {
				t.Errorf("the mutant is not told from the correct client")
			}
		})
	}
}

func TestEveryMutantHasItsContrast(t *testing.T) {
	have := map[string]bool{}
	for _, c := range contrasts() {
		have[c.mutant] = true
	}
	for _, m := range specimen.Mutants() {
		if !have[m.Name] {
			t.Errorf("%q: nothing shows what it does", m.Name)
		}
		delete(have, m.Name)
	}
	for name := range have {
		t.Errorf("%q is no mutant, or there are two of that name", name)
	}
}

// A mutant of a mutant has both faults: what one changes the other leaves alone.
func TestMutationsAddUp(t *testing.T) {
	cfg := specimen.Config{Backoff: steady}
	specimen.Named("interval half as long").Apply(&cfg)
	specimen.Named("fixed delay").Apply(&cfg)
	play(t, cfg, func(s *scene) {
		s.until(20 * sec)
		s.is("attempts", s.attempts(), "0s 1s 2s 3s")
		s.is("beats", s.beats(text, 4), "15.5s")
	}, fake.RejectWith(500).Times(3), fake.Script(fake.AnswerBeats(text)))
}

func attempts(s *scene) string { return s.attempts() }
func live(s *scene) string     { return s.live() }

func sentOn(conn int) func(*scene) string {
	return func(s *scene) string { return s.sent(conn) }
}

func closes(s *scene) string { return s.reports("close") }

// wait lets time pass.
func wait(d time.Duration) func(*scene) { return func(s *scene) { s.until(d) } }
