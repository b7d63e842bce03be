// Package thirdparty holds no code, only tests: unmodified WebSocket clients of
// others run in virtual time against a fakeserver.InMemory.
//
// It is a module of its own, so that nobody who uses the kit downloads those
// clients. README.md says which of them run, which do not, and why.
package thirdparty
