package fakeserver

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// View returns what the server saw on all connections, live; what a proxy recorded
// that shares the timeline is left out. Before Start it is empty
// and stays so, unless Timeline was set.
func (s *Server) View() *timeline.View {
	if s.Timeline == nil {
		return timeline.New().View()
	}
	return s.Timeline.At(timeline.AtServer)
}

// Since returns a live view of what happens after an event; see [timeline.Timeline.Since].
func (s *Server) Since(event frame.Trigger, grace ...time.Duration) *timeline.View {
	return s.View().Since(event, grace...)
}

// Mark records a note and returns a live view of what happens from it on.
func (s *Server) Mark(name string) *timeline.View { return s.View().Mark(name) }

// Since returns a live view of what happens on this connection after an event,
// which may be on any; see [timeline.Timeline.Since].
func (c *Conn) Since(event frame.Trigger, grace ...time.Duration) *timeline.View {
	return c.View().Since(event, grace...)
}

// Mark records a note and returns a live view of this connection from it on.
func (c *Conn) Mark(name string) *timeline.View { return c.View().Mark(name) }
