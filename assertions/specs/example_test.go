package specs_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The bootstrap of a suite.
func ExampleRun() {
	_ = func(t *testing.T) { specs.Run(t, "Heart") } // func TestHeart(t *testing.T)
}

// A spec that sleeps for an hour, in no time.
func ExampleVirtual() {
	It("is patient", specs.Virtual(func(t *specs.T) {
		begin := time.Now()
		time.Sleep(time.Hour)
		Expect(time.Since(begin)).To(Equal(time.Hour))
	}))
}

// What the body waits on is made inside, and closed inside.
func ExampleSetup() {
	var n *memnet.Network
	BeforeEach(specs.Setup(func(t *specs.T) {
		n = memnet.New()
		t.Cleanup(func() { Expect(n.Close()).To(Succeed()) })
	}))
	It("has a network of its own", specs.Virtual(func() {
		_, err := n.Dial("tcp", "server.test:80")
		Expect(err).To(HaveOccurred())
	}))
}

// Every entry of a table in virtual time.
func ExampleBubble_Run() {
	DescribeTable("is patient", func(ctx SpecContext, d time.Duration) {
		specs.Bubble{}.Run(ctx, func(t *specs.T) { time.Sleep(d) })
	},
		Entry("a minute", time.Minute),
		Entry("a day", 24*time.Hour))
}

// A timeline in the report of a spec that fails.
func ExampleT_Attach() {
	It("tells what happened", specs.Virtual(func(t *specs.T) {
		tl := timeline.New()
		t.Attach("the server", tl)
		tl.Note("began")
	}))
}
