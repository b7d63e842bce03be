package assertions_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// asks runs an assertion of Gomega's, and returns for how long it took and with which
// message it failed, if it did.
func asks(assert func(gomega.Gomega)) (took time.Duration, failed string) {
	begun := time.Now()
	assert(gomega.NewGomega(func(message string, _ ...int) { failed = message }))
	return time.Since(begun), failed
}

const hour = time.Hour

func TestEventuallyTakesAServerAsItIs(t *testing.T) {
	staged(t, specimen.Config{Backoff: steady}, nil, nil, func(s *stage) {
		took, failed := asks(func(g gomega.Gomega) { g.Eventually(s.srv, hour, 10*ms).Should(HaveReconnected()) })
		if failed != "" || took < 2*sec || took > 2100*ms {
			t.Errorf("after %v: %s", took, failed)
		}
	}, dropsAfter(sec), serves)
}

func TestEventuallyGivesUpWhenNothingCanChange(t *testing.T) {
	cfg := specimen.Config{Backoff: steady}
	closes := func(s *stage) {
		go func() {
			time.Sleep(5 * sec)
			_ = s.srv.Close()
		}()
	}
	for _, c := range []struct {
		name   string
		play   func(*stage)
		assert func(gomega.Gomega, *stage)
		after  time.Duration
		why    string
	}{
		{"the number is exceeded", nil, func(g gomega.Gomega, s *stage) { g.Eventually(s.srv, hour, 10*ms).Should(HaveConnected(1)) }, 0, ""},
		{"the connection has ended", nil, func(g gomega.Gomega, s *stage) {
			g.Eventually(s.srv.Conn(1), hour, 10*ms).Should(HaveSent(frame.Text("never")))
		}, 1010 * ms, "0 times"},
		{"the timeline is closed", closes, func(g gomega.Gomega, s *stage) { g.Eventually(s.srv, hour, 10*ms).Should(HaveConnected(9)) }, 5010 * ms, "the timeline was closed"},
		{"the timeline is closed before there was anything", closes, func(g gomega.Gomega, s *stage) {
			g.Eventually(s.srv.Conn(7), hour, 10*ms).Should(HaveConnected(1))
		}, 5010 * ms, "connection 7 has not been attempted"},
		{"it has happened", nil, func(g gomega.Gomega, s *stage) {
			g.Eventually(s.srv, hour, 10*ms).ShouldNot(HaveConnected(gomega.BeNumerically(">", 0)))
		}, 10 * ms, ""},
		{"a beat is missing", nil, func(g gomega.Gomega, s *stage) {
			g.Eventually(s.srv, hour, 10*ms).Should(HaveHeartbeat(words, Every(2*sec, PlusMinus(100*ms))))
		}, 4200 * ms, "has not beaten"},
	} {
		t.Run(c.name, func(t *testing.T) {
			staged(t, cfg, nil, nil, func(s *stage) {
				if c.play != nil {
					c.play(s)
				}
				if c.name == "the number is exceeded" {
					s.until(3 * sec)
				}
				took, failed := asks(func(g gomega.Gomega) { c.assert(g, s) })
				if !strings.Contains(failed, "No future change is possible") || !strings.Contains(failed, c.why) || took > c.after+20*ms {
					t.Errorf("after %v, want about %v: %s", took, c.after, failed)
				}
			}, dropsAfter(sec), serves)
		})
	}
}

func TestEventuallyGivesUpWhenAllClientsHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		resilience.Start(t, srv, resilience.Func("chat", func(ctx context.Context, s *resilience.Session) error {
			ws, _, err := srv.Dialer().Dial(s.URL(), nil)
			if err != nil {
				return err
			}
			time.Sleep(sec)
			return errors.Join(ws.Close(), errors.New("lost"))
		}))
		took, failed := asks(func(g gomega.Gomega) { g.Eventually(srv, hour, 10*ms).Should(HaveConnected(2)) })
		if !strings.Contains(failed, "No future change is possible") || took < sec || took > 1200*ms {
			t.Errorf("after %v: %s", took, failed)
		}
		took, failed = asks(func(g gomega.Gomega) { g.Consistently(srv, hour, 10*ms).Should(HaveConnected(1)) })
		if failed != "" || took > 0 {
			t.Errorf("consistently after %v: %s", took, failed)
		}
	})
}

func TestEventuallyWaitsForWhatCannotBeJudgedYet(t *testing.T) {
	staged(t, specimen.Config{Backoff: steady}, nil, nil, func(s *stage) {
		again := s.srv.Since(timeline.Ended(1))
		took, failed := asks(func(g gomega.Gomega) { g.Eventually(again, hour, 10*ms).Should(HaveConnected(1)) })
		if failed != "" || took < 2*sec || took > 2100*ms {
			t.Errorf("after %v: %s", took, failed)
		}
		took, failed = asks(func(g gomega.Gomega) {
			g.Eventually(s.srv.Since(timeline.Ended(2)), sec, 10*ms).ShouldNot(HaveConnected(1))
		})
		if !strings.Contains(failed, "cannot judge yet: nothing counts before the end of connection 2, which has not happened") || took != sec {
			t.Errorf("after %v: %s", took, failed)
		}
	}, dropsAfter(sec), serves)
}

func TestConsistentlyFailsAtOnce(t *testing.T) {
	staged(t, specimen.Config{Backoff: steady}, nil, nil, func(s *stage) {
		s.until(sec)
		took, failed := asks(func(g gomega.Gomega) { g.Consistently(s.srv, hour, 10*ms).Should(HaveConnected(1)) })
		if !strings.Contains(failed, "connected twice, expected once") || took > 1100*ms {
			t.Errorf("after %v: %s", took, failed)
		}
		for _, m := range []Matcher{HaveConnected(0), HaveConnected(5)} {
			took, failed = asks(func(g gomega.Gomega) { g.Consistently(s.srv.Since(timeline.Ended(2)), hour, 10*ms).ShouldNot(m) })
			if !strings.Contains(failed, "cannot judge yet") || took != 0 {
				t.Errorf("%v after %v: %s", m, took, failed)
			}
		}
	}, dropsAfter(sec), serves)
}

func TestConsistentlyIsDoneWhenNothingCanChange(t *testing.T) {
	staged(t, specimen.Config{Backoff: steady}, nil, nil, func(s *stage) {
		s.until(2500 * ms)
		for actual, m := range map[any]matcher{
			s.srv.Conn(1): HaveClosed(ByPeer),
			s.srv:         HaveReconnected(),
		} {
			took, failed := asks(func(g gomega.Gomega) { g.Consistently(actual, hour, 10*ms).Should(m) })
			if failed != "" || took != 0 {
				t.Errorf("%v after %v: %s", m, took, failed)
			}
		}
		took, failed := asks(func(g gomega.Gomega) { g.Consistently(s.srv, 10*sec, 10*ms).Should(HaveLive(1)) })
		if failed != "" || took != 10*sec {
			t.Errorf("what can still change, after %v: %s", took, failed)
		}
	}, dropsAfter(sec), serves)
}

func TestMatchersCombine(t *testing.T) {
	staged(t, specimen.Config{Backoff: steady}, nil, nil, func(s *stage) {
		s.until(5 * sec)
		for _, c := range []struct {
			m    gomega.OmegaMatcher
			want string
		}{
			{gomega.And(HaveConnected(2), HaveLive(1)), ""},
			{gomega.And(HaveConnected(2), HaveLive(2)), "The client has one connection live (#2), expected 2."},
			{gomega.Not(HaveConnected(2)), "The client connected twice, expected anything but that."},
			{gomega.Or(HaveConnected(3), HaveLive(1)), ""},
			{gomega.Or(HaveConnected(3), HaveLive(2)), "To satisfy at least one of these matchers: [HaveConnected(3) HaveLive(2)]"},
			{gomega.Not(gomega.And(HaveConnected(2), HaveLive(1))), "To not satisfy all of these matchers: [HaveConnected(2) HaveLive(1)]"},
			{gomega.SatisfyAll(HaveReconnected(), gomega.Not(HaveLive(2))), ""},
		} {
			_, failed := asks(func(g gomega.Gomega) { g.Expect(s.srv).To(c.m) })
			if !strings.Contains(failed, c.want) || c.want == "" && failed != "" {
				t.Errorf("%s\nwant %q", failed, c.want)
			}
			if strings.HasPrefix(failed, "Expected\n") && (!strings.Contains(failed, "fakeserver ws://") || !strings.Contains(failed, "connection 2: still open")) {
				t.Errorf("a server is shown as:\n%s", failed)
			}
		}
	}, dropsAfter(sec), serves)
}

// Gomega cuts what it prints itself after 4000 letters.
func TestNothingIsCutThatGomegaWouldCut(t *testing.T) {
	if format.MaxLength != 4000 {
		t.Fatalf("the test thinks that Gomega cuts after 4000 letters, and it does after %d", format.MaxLength)
	}
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1)
		for i := range 14 {
			tl.at(time.Duration(i+1)*sec).event(1, timeline.KindNote, 0, "name", strings.Repeat("long ", 60), "text", strings.Repeat("x", 60))
		}
		for name, assert := range map[string]func(gomega.Gomega){
			"a failure":         func(g gomega.Gomega) { g.Expect(tl).To(HaveSent(frame.Any)) },
			"an error":          func(g gomega.Gomega) { g.Expect(tl).To(HaveHeartbeat(words, Every(hour))) },
			"an error, waiting": func(g gomega.Gomega) { g.Eventually(tl, sec, sec).Should(HaveHeartbeat(words, Every(hour))) },
			"or":                func(g gomega.Gomega) { g.Expect(tl).To(gomega.Or(HaveConnected(2), HaveConnected(3))) },
		} {
			_, failed := asks(assert)
			if len(failed) < format.MaxLength || !strings.Contains(failed, "connection 1: still open") || strings.Contains(failed, "truncated") {
				t.Errorf("%s, of %d letters:\n%s", name, len(failed), failed)
			}
		}
	})
}
