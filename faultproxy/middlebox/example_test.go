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

func ExampleParse() {
	box, err := middlebox.Parse("haproxy,idle=1m")
	fmt.Println(box.Summary, err)
	for _, s := range box.Settings() {
		fmt.Printf("%s=%s (%s)\n", s.Name, s.Value, s.Own)
	}
	_, err = middlebox.Parse("haproxy,idel=1m")
	fmt.Println(err)
	// Output:
	// no timeout unless set; then a FIN for the client and an RST for the server after timeout tunnel without a byte in either direction <nil>
	// idle=1m0s (timeout tunnel)
	// client=off (timeout client)
	// server=off (timeout server)
	// reload=off (hard-stop-after)
	// client-end=full-close ()
	// server-end=rst ()
	// preset "haproxy" has no setting "idel"; did you mean "idle"? it has idle=off, client=off, server=off, reload=off, client-end=full-close, server-end=rst
}

// What a reload does to those who are connected, from the moment the rules are added.
func ExamplePreset_Reload() {
	for _, box := range []middlebox.Preset{middlebox.Nginx(), middlebox.IngressNginx(), middlebox.Caddy()} {
		fmt.Println(box.Name)
		for _, r := range box.Reload() { // p.Add(box.Reload()...)
			fmt.Println(" ", r)
		}
	}
	// Output:
	// nginx
	// ingress-nginx
	//   ingress-nginx/reload: on at 4m0s, connections that were there, end both sides with full-close
	// caddy
	//   caddy/reload: on at 0s, connections that were there, close 1001, TCP closed at once
}

func ExamplePreset_Events() {
	for _, e := range middlebox.AzureLoadBalancer().Events() {
		if e.Name == "idle" {
			fmt.Printf("%s (%v): the client sees %s\n", e.When, e.Basis, e.Client)
		}
	}
	// Output: 4m0s without a byte in either direction (documented): the client sees nothing, its next bytes are lost
}
