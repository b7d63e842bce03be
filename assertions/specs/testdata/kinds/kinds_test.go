// Package kinds_test ends specs in virtual time in every way a spec can end. Lines
// that a report must point at say so.
package kinds_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestKinds(t *testing.T) { specs.Run(t, "Kinds") }

// quick is for specs that freeze the clock.
var quick = specs.Bubble{FrozenAfter: 400 * time.Millisecond}

var _ = Describe("success", func() {
	It("takes no time for an hour", specs.Virtual(func() {
		start := time.Now()
		time.Sleep(time.Hour)
		Expect(time.Since(start)).To(Equal(time.Hour))
	}))
	It("polls on the virtual clock", specs.Virtual(func(t *specs.T) {
		done := make(chan struct{})
		time.AfterFunc(10*time.Minute, func() { close(done) })
		Eventually(t.Context(), done, "11m", "10s").Should(BeClosed())
	}))
})

var _ = Describe("failure", func() {
	It("by Expect", specs.Virtual(func() {
		time.Sleep(time.Second)
		Expect(1).To(Equal(2)) // here
	}))
	It("by Expect in a goroutine", specs.Virtual(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			Expect("pong").To(BeEmpty()) // here
		}()
		<-done
	}))
	It("by Expect in a goroutine that the body waits for in vain", specs.Virtual(func() {
		answer := make(chan int)
		go func() {
			Expect("pong").To(BeEmpty()) // here
			answer <- 1
		}()
		<-answer
	}))
	It("by Eventually", specs.Virtual(func(t *specs.T) {
		Eventually(t.Context(), func() int { return 1 }, "1m", "10s").Should(Equal(2)) // here
	}))
	It("by Fail", specs.Virtual(func() {
		Fail("enough") // here
	}))
	It("by Fail in a goroutine with GinkgoRecover", specs.Virtual(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer GinkgoRecover()
			Fail("enough") // here
		}()
		<-done
	}))
	It("by T.Errorf, and goes on", specs.Virtual(func(t *specs.T) {
		t.Errorf("%d is wrong", 1) // here
		t.Log("went on")
		t.Errorf("so is %d", 2)
	}))
	It("by T.Fatal in a goroutine", specs.Virtual(func(t *specs.T) {
		go func() {
			t.Fatal("no use") // here
		}()
		synctest.Wait()
	}))
	It("by T.Fatalf in a helper", specs.Virtual(func(t *specs.T) {
		helper(t) // here
	}))
	It("by an Expect in a cleanup", specs.Virtual(func(t *specs.T) {
		t.Cleanup(func() {
			Expect(true).To(BeFalse()) // here
		})
	}))
	It("by runtime.Goexit", specs.Virtual(func() { // here
		runtime.Goexit()
	}))
})

func helper(t *specs.T) {
	t.Helper()
	t.Fatalf("a helper found %q", "nothing")
}

var _ = Describe("a panic", func() {
	It("of the body", specs.Virtual(func() {
		var none *time.Time
		fmt.Println(none.Day()) // here
	}))
	It("with a value", specs.Virtual(func() {
		panic(fmt.Errorf("a value")) // here
	}))
	It("in T.Go", specs.Virtual(func(t *specs.T) {
		t.Go(func() {
			panic("in a goroutine") // here
		})
		synctest.Wait()
	}))
	It("in a cleanup, after which the others still run", specs.Virtual(func(t *specs.T) {
		t.Cleanup(func() { t.Log("the first cleanup ran") })
		t.Cleanup(func() { panic("in a cleanup") }) // here
	}))
})

var _ = Describe("a skip", func() {
	It("by Skip", specs.Virtual(func() {
		Skip("not today") // here
	}))
	It("by T.Skip", specs.Virtual(func(t *specs.T) {
		t.Skipf("not on %s", "Sundays") // here
	}))
})

var _ = Describe("a deadlock", func() {
	It("of the body", specs.Virtual(func() {
		<-make(chan int) // here
	}))
	It("of two goroutines", specs.Virtual(func() {
		a, b := make(chan int), make(chan int)
		go func() {
			a <- <-b
		}()
		<-a // here
	}))
})

var _ = Describe("a leak", func() {
	It("of a goroutine", specs.Virtual(func() {
		never := make(chan int)
		go func() { <-never }() // here
	}))
	It("of a network's reader", specs.Virtual(func() {
		client, server := net.Pipe()
		_ = server
		go client.Read(make([]byte, 1)) // here
	}))
})

// outside is a channel that no bubble knows.
var outside = make(chan int)

var _ = Describe("a frozen clock", func() {
	It("by a channel from outside", quick.Virtual(func(*specs.T) {
		<-outside // here
	}))
	It("by a mutex held across a wait", quick.Virtual(func(*specs.T) {
		var mu sync.Mutex
		mu.Lock()
		go func() {
			mu.Lock() // here
			defer mu.Unlock()
		}()
		time.Sleep(time.Minute)
		mu.Unlock()
	}))
	It("by a real socket", quick.Virtual(func(*specs.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		l.Accept() // here
	}))
	It("within a table entry", func(ctx SpecContext) {
		quick.Run(ctx, func(*specs.T) {
			<-outside // here
		})
	})
	It("without a context", func() {
		quick.Run(context.Background(), func(*specs.T) { // here
			<-outside
		})
	})
	It("until the timeout of the node", NodeTimeout(100*time.Millisecond), specs.Virtual(func() {
		<-outside // then here
	}))
})

var _ = Describe("a frozen clock that goes on later", Ordered, ContinueOnFailure, func() {
	late, over := make(chan int), make(chan int)
	It("fails its spec", quick.Virtual(func(t *specs.T) {
		defer close(over)
		<-late // here
		t.Errorf("too late")
		Expect("too late").To(BeEmpty())
	}))
	It("does not fail another", func() {
		close(late)
		Eventually(over).Should(BeClosed())
	})
})

var _ = Describe("misuse", func() {
	It("nests", specs.Virtual(func() {
		specs.Bubble{}.Run(context.Background(), func(*specs.T) {}) // here
	}))
	Describe("a Setup for real time", func() {
		BeforeEach(specs.Setup(func() {})) // here
		It("is refused", func() {})
	})
})

var order []string

var _ = Describe("setups and cleanups", Ordered, func() {
	var from time.Time
	var c chan string
	BeforeEach(func() {
		order = append(order, "real setup")
		DeferCleanup(func() { order = append(order, "real cleanup") })
	})
	BeforeEach(specs.Setup(func(t *specs.T) {
		order = append(order, "virtual setup")
		from, c = time.Now(), make(chan string, 1)
		go func() {
			time.Sleep(time.Minute)
			c <- "from the setup"
		}()
		t.Cleanup(func() {
			Expect(time.Since(from)).To(Equal(2 * time.Minute))
			order = append(order, "virtual cleanup")
		})
	}))
	AfterEach(func() { order = append(order, "AfterEach") })

	It("share the bubble", specs.Virtual(func(t *specs.T) {
		Expect(<-c).To(Equal("from the setup"))
		t.Cleanup(func() { time.Sleep(time.Minute) })
		DeferCleanup(func() { order = append(order, "DeferCleanup") })
		Expect(os.WriteFile(t.TempDir()+"/x", nil, 0o600)).To(Succeed())
		order = append(order, "body")
	}))
	It("ran in order", specs.Virtual(func() {
		Expect(order[:7]).To(Equal([]string{"real setup", "virtual setup", "body",
			"virtual cleanup", "AfterEach", "DeferCleanup", "real cleanup"}))
		time.Sleep(2 * time.Minute)
		<-c
	}))
})

var _ = Describe("a setup that fails", func() {
	BeforeEach(specs.Setup(func() {
		Expect("the setup").To(BeEmpty()) // here
	}))
	It("keeps the body from running", specs.Virtual(func() { panic("the body ran") }))
})

var _ = Describe("timelines", func() {
	It("are attached if the spec fails", specs.Virtual(func(t *specs.T) {
		tl := timeline.New()
		tl.Note("virtual")
		t.Attach("the server", tl)
		Fail("with a timeline") // here
	}))
	It("are attached if the spec deadlocks", specs.Virtual(func(t *specs.T) {
		tl := timeline.New()
		tl.Note("deadlocked")
		t.Attach("the server", tl)
		<-make(chan int) // here
	}))
	It("are not if it does not", specs.Virtual(func(t *specs.T) {
		t.Attach("the server", timeline.New())
	}))
	It("are attached in real time", func() {
		tl := timeline.New()
		tl.Note("real")
		specs.Attach("the client", tl)
		Fail("in real time") // here
	})
	It("come from a proxy by itself", specs.Virtual(func(t *specs.T) {
		n := memnet.New()
		p := faultproxy.InMemory(t, n, "ws://upstream.test:80")
		p.Timeline.Note("by itself")
		Fail("with a proxy") // here
	}))
	It("are in progress reports", NodeTimeout(100*time.Millisecond), specs.Virtual(func(t *specs.T) {
		tl := timeline.New()
		tl.Note("so far")
		t.Attach("the server", tl)
		<-outside // then here
	}))
})

var attempts int

var _ = It("may be attempted again", FlakeAttempts(2), specs.Virtual(func() {
	attempts++
	time.Sleep(time.Minute)
	Expect(attempts).To(Equal(2))
}))
