package main_test
import "testing"
func TestTmp(t *testing.T) {
	bin := "/tmp/w/stubbin/fp"
	t.Run("Chromium", func(t *testing.T) { browser(t, bin) })
	t.Run("Node", func(t *testing.T) { node(t, bin) })
	t.Run("gorilla", func(t *testing.T) { gorilla(t, bin) })
	t.Run("nginx", func(t *testing.T) { nginx(t, bin) })
}
