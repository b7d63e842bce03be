// Package replay plays the server's side of a recording to new clients: what the
// recorded client saw, when it saw it, faults included.
//
// What happens in staging once a week is recorded there, by faultproxy run --record
// between client and server, and comes back in every test, in virtual time if it likes:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := replay.InMemory(t, "testdata/staging.jsonl")
//		go client.Run(t.Context(), srv.Dialer(), srv.URL)
//		…
//	})
//
// The n-th client that connects gets the n-th connection of the recording. Three things
// wait for it, since by the clock they would make no sense to it: the answers to its n-th
// ping or other beat, what followed its Close, and the end behind its own end. Everything
// else comes at the time since the opening at which it was recorded. The server is a
// [fakeserver.Server], so all assertions work on it.
//
// faultproxy replay does the same for clients in any language.
package replay
