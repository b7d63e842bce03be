// Package fidelity holds no code, only the tests that compare the presets of
// package middlebox with the programs they are named after.
//
// The same raw client and the same raw upstream hold the same conversation through
// the real program and through a faultproxy with the preset, and what both sides
// saw is compared cell by cell. A difference fails, unless exceptions_test.go names
// it and the preset's Differs says it; so does an exception that no longer differs.
// TABLE.md is what came out.
package fidelity
