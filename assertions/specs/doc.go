// Package specs runs Ginkgo specs in virtual time, and puts timelines into their
// reports.
//
//	func TestHeart(t *testing.T) { specs.Run(t, "Heart") }
//
//	var _ = Describe("a client", func() {
//		It("notices a mute server", specs.Virtual(func(t *specs.T) {
//			n := memnet.New()
//			p := faultproxy.InMemory(t, n, upstream(t, n))
//			…
//			time.Sleep(time.Hour) // takes no time
//		}))
//	})
//
// A Virtual body runs in a bubble of testing/synctest: the clock stands still while
// anything runs, and jumps to the next timer when everything waits. Sleeps,
// timeouts, Eventually and Consistently all go by that clock.
//
// # How a spec ends
//
// However the body ends, the spec ends as any other, at the line where it went
// wrong and with the stack of the goroutine it went wrong on:
//
//   - A failed expectation, Fail and Skip, on any goroutine. In suites started by
//     [Run] expectations need no GinkgoRecover, Fail and Skip do on goroutines of
//     one's own.
//   - A panic of the body, of a setup, of a cleanup or in [T.Go]. On any other
//     goroutine a panic ends the process, as Go demands.
//   - A deadlock: every goroutine waits, and no timer is left.
//   - A goroutine left at the end, at the line that started it.
//   - A frozen clock: see below. A watchdog outside the bubble finds it.
//   - A data race, with ginkgo --race or go test -race. The race detector writes
//     where it is to the output of the suite.
//   - A timeout or an interrupt of Ginkgo, with the line the body was at.
//
// After a deadlock, a leak, a frozen clock or a timeout the goroutines of the spec
// stay, since nothing can end them. What they do later is no longer reported.
//
// # Before and after
//
// Setup nodes of Ginkgo run in real time, before the bubble. What the body waits
// on has to be made inside: [Setup] makes the body of a BeforeEach that runs in the
// It's bubble. For the way back there is [T.Cleanup], which runs inside, after the
// body. AfterEach and DeferCleanup run in real time, after the bubble, also when
// called inside it.
//
// # What does not work inside
//
// Some things stop the clock, and the watchdog says which and where: waiting on a
// channel made outside of the bubble (in a plain BeforeEach, in a package variable,
// in another spec), on a socket, pipe or child process, or on a sync.Mutex whose
// owner waits for something. A loop that spins does so unnoticed, until a timeout
// of Ginkgo.
//
// Some things end the whole process, by a fatal error of the runtime that nothing
// can catch: closing, sending to or receiving from a channel of the bubble outside
// of it, for one in a DeferCleanup, an AfterEach or the next spec. A timeline made
// in a bubble can be read anywhere; waiting for it elsewhere is refused with
// timeline.ErrOtherBubble.
//
// A SpecContext is one such channel from outside. Virtual takes it away, and gives
// [T.Context] instead: Eventually(t.Context(), …) works, and its progress still
// reaches Ginkgo's reports.
//
// Eventually polls every 10 ms by default, 360,000 times an hour: give it an
// interval. By and AddReportEntry inside stamp virtual times, in the year 2000. Do
// not use gomega.NewWithT with the suite's T; Expect as it is, or the T of
// Virtual, work. Within one instant of virtual time, the order of goroutines is
// random; testing/synctest's Wait lets them all come to rest.
package specs
