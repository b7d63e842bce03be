package goclient_test

import (
	"flag"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/assertions/specs"
	"github.com/heartbreak-ws/heartbreak/examples/goclient"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

// The second form, Ginkgo: specs.Virtual is a spec body in virtual time.
func TestSpecs(t *testing.T) {
	if flag.Lookup("test.count").Value.String() != "1" {
		t.Skip("Ginkgo refuses -count: its own way is ginkgo --repeat")
	}
	specs.Run(t, "Go client")
}

var _ = Describe("A client whose server goes mute", func() {
	var srv *fakeserver.Server

	BeforeEach(specs.Setup(func(t *specs.T) {
		srv = fakeserver.InMemory(t, mute()...)
		run(t, &goclient.Client{URL: srv.URL, Dialer: srv.Dialer()})
	}))

	It("comes back", specs.Virtual(func() {
		comesBack(Default, srv)
	}))

	It("beats on", specs.Virtual(func() {
		time.Sleep(time.Hour)
		Expect(srv).To(And(HaveConnected(2), HaveLive(1)))
		Expect(srv.Conn(2)).To(HaveHeartbeat(ping, Every(3*sec)))
	}))
})
