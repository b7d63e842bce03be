// Package servers_test is a suite of specs with fake servers, most of which fail on
// purpose, at the lines that say // here.
package servers_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions/specs"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestServers(t *testing.T) { specs.Run(t, "Servers") }

var _ = Describe("a server in virtual time", func() {
	It("is closed in time", specs.Virtual(func(t *specs.T) {
		srv := fake.InMemory(t)
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		Expect(err).NotTo(HaveOccurred())
		time.Sleep(time.Hour)
		Expect(ws.Close()).To(Succeed())
	}))
	It("fails its spec at the line of the step", specs.Virtual(func(t *specs.T) {
		srv := fake.InMemory(t, fake.Script(
			fake.Send(frame.Text("welcome")),
			fake.Expect(frame.Text("hello")), // here
		))
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(ws.WriteMessage(1, []byte("helo"))).To(Succeed())
		time.Sleep(time.Second)
		Expect(ws.Close()).To(Succeed())
	}))
	It("takes no GinkgoT", specs.Virtual(func() {
		fake.InMemory(GinkgoT()) // here
	}))
	It("takes no server of another spec", specs.Virtual(func(t *specs.T) {
		_, err := outside.Network().Dial("tcp", "127.0.0.1:80")
		Fail(err.Error()) // here
	}))
	AfterEach(func() { Expect(outside.Close()).To(Succeed()) })
})

// outside was started in real time, on a virtual network.
var outside = fake.InMemory(nowhere{})

type nowhere struct{}

func (nowhere) Helper()               {}
func (nowhere) Name() string          { return "nowhere" }
func (nowhere) Cleanup(func())        {}
func (nowhere) Failed() bool          { return false }
func (nowhere) Logf(string, ...any)   {}
func (nowhere) Errorf(string, ...any) {}
func (nowhere) Fatalf(string, ...any) {}

var _ = Describe("a server in real time", func() {
	It("says all that is wrong, and shows its timeline", func() {
		srv := fake.Start(GinkgoT(), fake.Echo, fake.Silent, fake.Stall()) // here
		ws, _, err := srv.Dialer().Dial(srv.URL, nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(ws.Close()).To(Succeed())
	})
})
