package specimen

import (
	"math"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Mutant is a client with one thing wrong.
type Mutant struct {
	Name string
	// Breaks says which good behavior it lacks, by the number that the rule has in
	// package diagnosis and in words.
	Breaks string
	// Apply makes a config that of the mutant. What the client promises stays what the
	// config said before; some mutants only show where it promises something particular,
	// which their tests tell.
	Apply func(*Config)
}

// Named returns the mutant of that name. It panics if there is none.
func Named(name string) Mutant {
	all := Mutants()
	i := slices.IndexFunc(all, func(m Mutant) bool { return m.Name == name })
	if i < 0 {
		panic("specimen: no mutant is named " + name)
	}
	return all[i]
}

// Mutants returns all mutants. Each differs from the correct client in its name's
// way and in no other.
func Mutants() []Mutant {
	return slices.Concat(beatMutants(), pongMutants(), closeMutants(), backoffMutants(), reconnectMutants())
}

// mutant has a mutation see the config with its defaults filled in.
func mutant(name, breaks string, mutate func(*Config)) Mutant {
	return Mutant{name, breaks, func(c *Config) {
		*c = c.WithDefaults()
		mutate(c)
	}}
}

const never = time.Duration(math.MaxInt64)

func beatMutants() []Mutant {
	return []Mutant{
		mutant("no heartbeat", "R1: idle connections are kept alive", func(c *Config) { c.Interval = -1 }),
		mutant("interval half as long again", "R1: the interval", func(c *Config) { c.Interval += c.Interval / 2 }),
		mutant("interval half as long", "R1: the interval", func(c *Config) { c.Interval /= 2 }),
		mutant("every fifth beat missing", "R1: every beat", func(c *Config) { c.bugs.skipsBeat = 5 }),
		mutant("beats only when idle", "R1: it beats whatever the traffic", func(c *Config) { c.Rearm = Both }),
		mutant("received data holds up beats", "R1: it beats whatever the inbound traffic", func(c *Config) { c.Rearm = Received }),
		mutant("pongs instead of pings", "R2: a heartbeat that asks for an answer", func(c *Config) { c.Dialect = pongs() }),
		mutant("first beat not jittered", "R28: a fleet's first beats do not coincide", func(c *Config) { c.JitterFirstBeat = false }),
		mutant("ignores unanswered beats", "R2: a dead peer is noticed", func(c *Config) { c.AnswerWithin = -1 }),
		mutant("notices four times too late", "R2: a dead peer is noticed in time", func(c *Config) { c.AnswerWithin *= 4 }),
		mutant("own beat proves life", "R2: the deadline is not moved by what the client sends", func(c *Config) { c.bugs.beatProvesLife = true }),
		mutant("unsolicited pong taken for the answer", "R25: an unsolicited pong answers nothing", func(c *Config) { c.bugs.takesAnyPong = true }),
		mutant("only answers prove life", "R18: any received data is a sign of life", func(c *Config) { c.Life = AnswersOnly }),
		mutant("heartbeats multiply", "R6: timers belong to a connection", func(c *Config) { c.bugs.loopsMultiply = true }),
	}
}

func pongMutants() []Mutant {
	return []Mutant{
		mutant("never pongs", "R19: a ping is answered", func(c *Config) { c.bugs.neverPongs = true }),
		mutant("pongs with another payload", "R19: with the same payload", func(c *Config) { c.bugs.wrongPongs = true }),
		mutant("pongs late", "R19: as soon as practical", func(c *Config) { c.bugs.latePongs = 3 * time.Second }),
		mutant("pongs behind a slow handler", "R20: control frames do not wait for data", func(c *Config) { c.bugs.slowHandler = 3 * time.Second }),
		mutant("unmasked texts", "RFC 6455 section 5.1: a client masks", func(c *Config) { c.bugs.forgetsMask = true }),
	}
}

func closeMutants() []Mutant {
	return []Mutant{
		mutant("never echoes a close", "R22: a received Close is echoed", func(c *Config) { c.bugs.neverEchoes = true }),
		mutant("waits for the echo for ever", "R8: the closing handshake is bounded", func(c *Config) { c.CloseTimeout = -1 }),
		mutant("sends close 1006", "R26: 1006 is never on the wire", func(c *Config) { c.bugs.deathCode = frame.CodeAbnormalClosure }),
		mutant("echoes close 1005", "R26: 1005 is never on the wire", func(c *Config) { c.bugs.echoes1005 = true }),
		mutant("sends data after its close", "R15: nothing follows a Close", func(c *Config) { c.bugs.talksAfterClose = true }),
		mutant("reports 1000 for 1006", "R26: a missing Close is reported as 1006", func(c *Config) { c.bugs.calls1006Normal = true }),
	}
}

func backoffMutants() []Mutant {
	return []Mutant{
		mutant("reconnects at once", "R4: reconnects are delayed", func(c *Config) { c.Backoff.First = -1 }),
		mutant("fixed delay", "R4: delays grow", func(c *Config) { c.Backoff.Growth = Fixed }),
		mutant("no jitter", "R4: delays are random", func(c *Config) { c.Backoff.Jitter = Unjittered }),
		mutant("grows three times too fast", "R4: the factor", func(c *Config) { c.Backoff.Factor *= 3 }),
		mutant("exceeds the cap", "R4: delays are capped", func(c *Config) { c.Backoff.Max *= 4 }),
		mutant("backoff never reset", "R3: a stable connection resets it", func(c *Config) { c.Backoff.ResetAfter = never }),
		mutant("backoff reset on open", "R3: only a stable connection resets it", func(c *Config) { c.Backoff.ResetAfter = 1 }),
		mutant("ignores Retry-After", "R24: Retry-After is honoured", func(c *Config) { c.bugs.ignoresRetryAfter = true }),
		mutant("ignores close 1013", "R24: Try Again Later is honoured", func(c *Config) { c.TryAgainAfter = -1 }),
	}
}

func reconnectMutants() []Mutant {
	return []Mutant{
		mutant("reconnects after Stop", "R10: no attempt after an explicit disconnect", func(c *Config) { c.bugs.returnsFromStop = true }),
		mutant("reconnects on 4401", "R9: final codes are final", func(c *Config) { c.GiveUpCodes = without(c.GiveUpCodes, 4401) }),
		mutant("reconnects on 401", "R9: final statuses are final", func(c *Config) { c.GiveUpStatuses = without(c.GiveUpStatuses, 401) }),
		mutant("gives up on 1006", "R9: a lost connection is not final", func(c *Config) { c.GiveUpCodes = with(c.GiveUpCodes, frame.CodeAbnormalClosure) }),
		mutant("gives up on 1012", "R21: a restart is followed", func(c *Config) { c.GiveUpCodes = with(c.GiveUpCodes, frame.CodeServiceRestart) }),
		mutant("gives up on 503", "R13: a failed reconnect is retried", func(c *Config) { c.GiveUpStatuses = with(c.GiveUpStatuses, 503) }),
		mutant("gives up after 3 attempts", "R13: it goes on trying", func(c *Config) { c.Backoff.Attempts = 3 }),
		mutant("no connect timeout", "R7: a stalled handshake is retried", func(c *Config) { c.ConnectTimeout = -1 }),
		mutant("two connections for 1 ms", "R5: one live connection", func(c *Config) { c.bugs.keepsOld = time.Millisecond }),
		mutant("old connection kept", "R5: one live connection", func(c *Config) { c.bugs.keepsOld = -1 }),
		mutant("reconnects twice", "R12: one failure, one reconnect", func(c *Config) { c.bugs.reconnectsTwice = true }),
		mutant("leaks a goroutine", "R11: nothing is left of a connection", func(c *Config) { c.bugs.leaks = true }),
		mutant("does not resubscribe", "R14: subscriptions come back", func(c *Config) { c.bugs.forgetsHello = true }),
		mutant("subscribes twice", "R14: subscriptions come back once", func(c *Config) { c.bugs.doublesHello = true }),
		mutant("loses a message", "R16: no message is lost", func(c *Config) { c.bugs.losesMessage = true }),
		mutant("repeats a message", "R16: no message comes twice", func(c *Config) { c.bugs.repeatsMessage = true }),
	}
}

// pongs is a heartbeat of unsolicited pongs, which nobody has to answer.
func pongs() heartbeat.Dialect {
	d := heartbeat.Protocol()
	d.Name = "pongs"
	d.Beat = heartbeat.Form{Match: frame.Op(frame.OpPong), Send: heartbeat.Template{Op: frame.OpPong}}
	d.Answer, d.Correlate = heartbeat.Form{}, heartbeat.Correlation{}
	return d
}

func without[T comparable](list []T, value T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return v == value })
}

func with[T any](list []T, value T) []T { return append(slices.Clone(list), value) }
