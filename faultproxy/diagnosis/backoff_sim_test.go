package diagnosis_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// life is what becomes of a simulated attempt: 0 fails at once, anything else is how
// long its connection is open.
type life = time.Duration

// simulate is a client that does what the model says, or what draw does instead.
func simulate(b diagnosis.Backoff, rng *rand.Rand, lives []life, draw func(n int, previous time.Duration) time.Duration) []diagnosis.Attempt {
	if draw == nil {
		draw = func(n int, previous time.Duration) time.Duration { return b.Delay(n, previous, rng) }
	}
	var attempts []diagnosis.Attempt
	now, n, previous := time.Duration(0), 0, time.Duration(0)
	for i, l := range lives {
		a := diagnosis.Attempt{Conn: i + 1, Ended: true}
		if i > 0 {
			n++
			previous = draw(n, previous)
			now += previous
			a.Before, a.Delay, a.DelayLeast = diagnosis.DelayMeasured, previous, previous
		}
		a.RequestedAt = now
		if l > 0 {
			a.Opened, a.OpenedAt = true, now
			if l >= b.ResetAfter {
				n = 0
			}
		}
		now += l
		a.KnownAt, a.ReportedAt = now, now
		attempts = append(attempts, a)
	}
	return attempts
}

// failing is n delays before attempts that fail.
func failing(n int) []life { return make([]life, n+1) }

// mixed is n delays before attempts of which some bring a connection, stable or not.
func mixed(n int, rng *rand.Rand) []life {
	lives := make([]life, n+1)
	for i := range lives {
		switch rng.IntN(6) {
		case 0:
			lives[i] = time.Minute
		case 1:
			lives[i] = 300 * ms
		}
	}
	return lives
}

// models are one of every kind.
func models() map[string]diagnosis.Backoff {
	return map[string]diagnosis.Backoff{
		"fixed":        diagnosis.Fixed(2 * sec),
		"linear":       diagnosis.Linear(sec, sec).UpTo(10 * sec),
		"exponential":  diagnosis.Exponential(sec, 2).UpTo(30 * sec),
		"steps":        diagnosis.Steps(0, 2*sec, 10*sec, 30*sec),
		"full":         diagnosis.Exponential(sec, 2).UpTo(30 * sec).WithJitter(diagnosis.FullJitter),
		"equal":        diagnosis.Exponential(sec, 2).UpTo(30 * sec).WithJitter(diagnosis.EqualJitter),
		"proportional": diagnosis.Exponential(sec, 1.6).UpTo(120 * sec).PlusMinus(0.2),
		"fixed full":   diagnosis.Fixed(4 * sec).WithJitter(diagnosis.FullJitter),
		"decorrelated": diagnosis.Decorrelated(sec, 60*sec),
		"RFC 6455":     diagnosis.Exponential(sec, 2).UpTo(60 * sec).StartsWithin(5 * sec).WithJitter(diagnosis.EqualJitter),
		"stable":       diagnosis.Exponential(sec, 2).UpTo(30 * sec).WithJitter(diagnosis.FullJitter).ResetsAfter(10 * sec),
		"stable equal": diagnosis.Exponential(sec, 2).UpTo(30 * sec).WithJitter(diagnosis.EqualJitter).ResetsAfter(10 * sec),
	}
}

// A client that draws its delays as it promises is never blamed: 500 runs of each
// model, of up to 60 delays.
func TestRightBackoffIsKept(t *testing.T) {
	for name, b := range models() {
		for seed := range uint64(500) {
			rng := rand.New(rand.NewPCG(seed, 1))
			lives := failing(1 + rng.IntN(60))
			if seed%2 == 0 {
				lives = mixed(1+rng.IntN(60), rng)
			}
			attempts := simulate(b, rng, lives, nil)
			for i := range attempts[1:] { // timers and the network add a little
				late := time.Duration(rng.IntN(40)) * ms
				attempts[i+1].Delay += late
				attempts[i+1].DelayLeast += late
			}
			if v := b.Judge(attempts, diagnosis.PlusMinus(50*ms)); v.Verdict == diagnosis.Broken {
				t.Fatalf("%s, seed %d: %+v", name, seed, v.Aspects)
			}
		}
	}
}

// wrong is a client that does something else than it promises.
type wrong struct {
	promised diagnosis.Backoff
	does     func(b diagnosis.Backoff, n int, previous time.Duration, rng *rand.Rand) time.Duration
	lives    func(rng *rand.Rand) []life
	aspect   diagnosis.Aspect
	power    float64 // the least share of runs in which it is to be blamed, in half of them for this aspect
}

func wrongs() map[string]wrong {
	other := func(o diagnosis.Backoff) func(diagnosis.Backoff, int, time.Duration, *rand.Rand) time.Duration {
		return func(_ diagnosis.Backoff, n int, previous time.Duration, rng *rand.Rand) time.Duration {
			return o.Delay(n, previous, rng)
		}
	}
	fails := func(n int) func(*rand.Rand) []life { return func(*rand.Rand) []life { return failing(n) } }
	lost := func(n int) func(*rand.Rand) []life {
		return func(*rand.Rand) []life {
			lives := failing(n)
			for i := range lives {
				lives[i] = time.Minute
			}
			return lives
		}
	}
	cycles := func(*rand.Rand) []life { // three failures and a connection, six times
		var lives []life
		for range 6 {
			lives = append(lives, 0, 0, 0, time.Minute)
		}
		return lives
	}
	exponential := diagnosis.Exponential(sec, 2).UpTo(30 * sec)
	full, equal := exponential.WithJitter(diagnosis.FullJitter), exponential.WithJitter(diagnosis.EqualJitter)
	fixed := diagnosis.Fixed(4 * sec).WithJitter(diagnosis.FullJitter)
	return map[string]wrong{
		"at once":                             {exponential, other(diagnosis.Fixed(0)), fails(2), diagnosis.AspectDelay, 1},
		"does not grow":                       {exponential, other(diagnosis.Fixed(sec)), fails(3), diagnosis.AspectGrowth, 1},
		"above the cap":                       {exponential, other(diagnosis.Exponential(sec, 2)), fails(6), diagnosis.AspectCap, 1},
		"a cap above the promised one":        {exponential, other(exponential.UpTo(40 * sec)), fails(6), diagnosis.AspectCap, 1},
		"grows too fast":                      {exponential, other(diagnosis.Exponential(sec, 3).UpTo(30 * sec)), fails(2), diagnosis.AspectDelay, 1},
		"jitter nobody promised":              {exponential, other(equal), fails(8), diagnosis.AspectDelay, 0.99},
		"full: no jitter":                     {full, other(exponential), fails(11), diagnosis.AspectJitter, 1},
		"full: no jitter, all connections":    {fixed, other(diagnosis.Fixed(3 * sec)), lost(11), diagnosis.AspectJitter, 1},
		"full: the lower half only":           {fixed, other(diagnosis.Fixed(2 * sec).WithJitter(diagnosis.FullJitter)), lost(25), diagnosis.AspectJitter, 0.99},
		"full: equal jitter instead":          {fixed, other(diagnosis.Fixed(4 * sec).WithJitter(diagnosis.EqualJitter)), lost(25), diagnosis.AspectJitter, 0.99},
		"full: does not grow":                 {full, other(diagnosis.Fixed(sec).WithJitter(diagnosis.FullJitter)), fails(16), diagnosis.AspectGrowth, 0.99},
		"full: longer than the window":        {full, other(full.UpTo(60 * sec)), fails(16), diagnosis.AspectCap, 0.99},
		"equal: full jitter instead":          {equal, other(full), fails(11), diagnosis.AspectDelay, 0.99},
		"equal: no jitter":                    {equal, other(exponential), fails(14), diagnosis.AspectJitter, 1},
		"proportional: no jitter":             {diagnosis.Exponential(sec, 1.6).UpTo(120 * sec).PlusMinus(0.2), other(diagnosis.Exponential(sec, 1.6).UpTo(120 * sec)), fails(16), diagnosis.AspectJitter, 1},
		"proportional: half of the jitter":    {diagnosis.Fixed(30 * sec).PlusMinus(0.4), other(diagnosis.Fixed(30 * sec).PlusMinus(0.1)), lost(14), diagnosis.AspectJitter, 0.99},
		"decorrelated: full jitter instead":   {diagnosis.Decorrelated(sec, 60*sec), other(diagnosis.Exponential(sec, 2).UpTo(60 * sec).WithJitter(diagnosis.FullJitter)), fails(16), diagnosis.AspectDelay, 0.99},
		"decorrelated: no jitter":             {diagnosis.Decorrelated(sec, 60*sec), other(diagnosis.Exponential(2*sec, 2).UpTo(60 * sec)), cycles, diagnosis.AspectJitter, 1},
		"decorrelated: always the least":      {diagnosis.Decorrelated(2*sec, 60*sec), other(diagnosis.Fixed(2 * sec)), fails(14), diagnosis.AspectGrowth, 1},
		"decorrelated: no cap":                {diagnosis.Decorrelated(sec, 10*sec), other(diagnosis.Decorrelated(sec, time.Hour)), fails(20), diagnosis.AspectCap, 0.99},
		"first reconnect without RFC's delay": {exponential.StartsWithin(5 * sec), other(exponential), lost(14), diagnosis.AspectJitter, 1},
		"reset by an unstable connection": {equal.ResetsAfter(10 * sec), other(equal), func(*rand.Rand) []life {
			return []life{0, 0, 0, 0, 300 * ms, 0}
		}, diagnosis.AspectReset, 1},
		"never reset": {exponential.ResetsAfter(10 * sec), other(exponential), func(*rand.Rand) []life {
			return []life{0, 0, 0, 0, time.Minute, 0}
		}, diagnosis.AspectReset, 1},
	}
}

// A client that does something else is blamed, for the right thing, at least as often
// as the table says.
func TestWrongBackoffIsBroken(t *testing.T) {
	for name, w := range wrongs() {
		const runs = 400
		rejected, right := 0, 0
		for seed := range uint64(runs) {
			rng := rand.New(rand.NewPCG(seed, 2))
			client := w.promised
			switch name {
			case "reset by an unstable connection":
				client.ResetAfter = 0 // it takes every connection for a stable one
			case "never reset":
				client.ResetAfter = time.Hour
			}
			attempts := simulate(client, rng, w.lives(rng), func(n int, previous time.Duration) time.Duration {
				return w.does(w.promised, n, previous, rng)
			})
			v := w.promised.Judge(attempts, diagnosis.PlusMinus(50*ms))
			if v.Verdict == diagnosis.Broken {
				rejected++
			}
			for _, a := range v.Aspects {
				if a.Aspect == w.aspect && a.Verdict == diagnosis.Broken {
					right++
				}
			}
		}
		t.Logf("%-36s blamed in %.3f of the runs, for its %v in %.3f", name, float64(rejected)/runs, w.aspect, float64(right)/runs)
		if float64(rejected) < w.power*runs || right < rejected/2 {
			t.Errorf("%s: blamed in %d of %d runs (for its %v in %d), want %.2f of them", name, rejected, runs, w.aspect, right, w.power)
		}
	}
}
