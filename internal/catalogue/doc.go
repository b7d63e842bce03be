// Package catalogue holds no code, only the test that plays the catalogue of faults
// (faultproxy/testdata/catalogue.json) with clients that are not Go's: the ws package in
// Node.js and headless Chromium, in real time over loopback, every entry through a proxy
// of its own and all at once. It compares what they report with the catalogue, from which
// faultproxy/FAULTS.md is made. -real does that, in a minute and a half; this writes what
// they report:
//
//	go test ./internal/catalogue -update && go test ./faultproxy -run Catalogue -update
//
// It is here, and not with the catalogue, because package faultproxy is built and tested
// with nothing but Go.
package catalogue
