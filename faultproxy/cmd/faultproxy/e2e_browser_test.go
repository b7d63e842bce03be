package main_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// browser: a page's own WebSocket in headless Chromium. What its CloseEvent says
// and what the ended line says must be one thing.
func browser(t *testing.T, bin string) {
	againstBinary(t, bin, true, realparts.Chromium)
}
