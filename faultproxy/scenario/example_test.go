package scenario_test

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

func ExampleScenario() {
	outage := scenario.Scenario{Name: "deploy", Phases: []scenario.Phase{
		{Name: "healthy"},
		{Name: "rolling restart", At: 30 * time.Second, For: time.Minute, Rules: []faultproxy.Rule{
			{On: faultproxy.At(0).Staggered(2 * time.Second), Do: faultproxy.CloseWith(1012, "restart")},
		}},
		{Name: "recovery"},
	}}
	p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:9000"}
	fmt.Println(outage, p.Use(outage))
	// Output:
	// scenario "deploy": healthy, rolling restart, recovery <nil>
}

func ExampleParse() {
	const file = `
phases:
  - {at: 0s, name: healthy}
  - {at: 30s, name: outage, for: 5s, rules: [{do: refuse}]}
  - {then: recovery, at: 35s}`
	var tree any
	if err := yaml.Unmarshal([]byte(file), &tree); err != nil {
		fmt.Println(err)
	}
	_, err := scenario.Parse(tree)
	fmt.Println(err)
	// Output:
	// phases[2].then: a phase begins at a time, or then, when the one before it ends: leave one of them out
}
