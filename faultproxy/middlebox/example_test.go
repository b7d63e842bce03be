package middlebox_test

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

func ExampleNginx() {
	p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:9000"}
	if err := p.Use(middlebox.Nginx().WithIdle(2 * time.Second)); err != nil {
		fmt.Println(err)
	}
	for _, s := range p.Rules() {
		fmt.Println(s.Rule)
	}
	// Output:
	// nginx/idle: on idle 2s (up to 300ms early), end both sides with full-close
}
