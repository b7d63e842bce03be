package consumer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The user's client, as a function, meets a server that goes mute after three pongs.
func TestAMuteServerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t, fakeserver.Script(fakeserver.AnswerBeats(heartbeat.Protocol(), fakeserver.StopAfter(3))))
		s := resilience.Start(t, srv, resilience.Func("client", func(ctx context.Context, s *resilience.Session) error {
			ws, _, err := srv.Dialer().DialContext(ctx, s.URL(), nil)
			if err != nil {
				return err
			}
			defer ws.Close()
			err = live(ws, 10*time.Second)
			s.Report("gave up", timeline.Field{Name: "why", Value: err.Error()})
			return nil
		}))
		if _, err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		e, err := srv.View().Wait(t.Context(), timeline.Reported("gave up"))
		if err != nil || e.At != time.Minute {
			t.Errorf("gave up at %v, want 1m (the third pong at 30 s, and three intervals): %v", e.At, err)
		}
	})
}
