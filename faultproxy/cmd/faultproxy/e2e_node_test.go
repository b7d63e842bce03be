package main_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// node: the ws client in Node.js, which can keep the TCP connection of a refused
// attempt and says which one it used.
func node(t *testing.T, bin string) {
	againstBinary(t, bin, false, realparts.Node)
}
