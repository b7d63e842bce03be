// Package confusion holds no code, only the test that plays every fault and preset
// of the kit against a correct client in virtual time, and compares the cause that
// package diagnosis finds in the recording with the one that was brought about.
//
// Every row is recorded twice: by whoever does it (the proxy that injects, or the
// server that misbehaves), and by a second proxy in front, between the client and
// all that, which injects nothing and knows of no rule: that is what a recorder in
// the field would see. From both recordings everything is removed that only a test
// has: the rules, and the notes of what they did.
//
// Expectations say what a person would want to read who knows what was done and
// sees no more than the recording has. Where the two places see different things
// they differ: an upstream that refuses is "refused" for the proxy that dialed it,
// and a 502 for whoever stands in front of that proxy.
//
// testdata/confusion.txt has the whole table, the sums and the misses. Each miss
// has to be explained in the test, and each explanation has to be needed.
package confusion
