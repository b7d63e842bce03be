// Package bare_test is a suite that starts itself, with or without specs.Use.
package bare_test

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
)

func TestBare(t *testing.T) {
	if os.Getenv("SPECS_USE") != "" {
		specs.Use(t)
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Bare")
}

var _ = Describe("a bare suite", Ordered, ContinueOnFailure, func() {
	It("fails by Expect", specs.Virtual(func() { // here, without Use
		cleaned := time.Now()
		time.Sleep(time.Minute)
		Expect(time.Since(cleaned)).To(Equal(time.Hour)) // here
	}))
	It("fails by Expect in a goroutine with GinkgoRecover", specs.Virtual(func() { // here, without Use
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer GinkgoRecover()
			Expect(1).To(Equal(2)) // here
		}()
		<-done
	}))
	It("skips", specs.Virtual(func() { // here, without Use
		Skip("for now") // here
	}))
})
