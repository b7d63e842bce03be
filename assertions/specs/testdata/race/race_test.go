// Package race_test has a data race in virtual time.
package race_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
)

func TestRace(t *testing.T) { specs.Run(t, "Race") }

var _ = Describe("a race", func() {
	It("fails its spec", specs.Virtual(func() { // here
		n := 0
		done := make(chan struct{})
		go func() { n++; close(done) }()
		n++
		<-done
	}))
	It("does not fail the next", specs.Virtual(func() {
		start := time.Now()
		time.Sleep(time.Minute)
		Expect(time.Since(start)).To(Equal(time.Minute))
	}))
})
