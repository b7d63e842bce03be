package memnet_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestANetworkBelongsToTheBubbleItIsUsedIn(t *testing.T) {
	n := memnet.New() // used nowhere yet
	synctest.Test(t, func(t *testing.T) {
		l, err := n.Listen("tcp", "127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := n.Dial("tcp", "127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	})
	if _, err := n.Dial("tcp", "127.0.0.1:80"); !errors.Is(err, memnet.ErrOtherBubble) {
		t.Errorf("dialled outside: %v", err)
	}
	if _, err := n.Listen("tcp", "127.0.0.1:81"); !errors.Is(err, memnet.ErrOtherBubble) {
		t.Errorf("listened outside: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		if _, err := n.Dial("tcp", "127.0.0.1:80"); !errors.Is(err, memnet.ErrOtherBubble) {
			t.Errorf("dialled in another bubble: %v", err)
		}
	})
}
