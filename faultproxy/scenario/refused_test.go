package scenario_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

func TestScenariosThatCannotBe(t *testing.T) {
	type phases = []scenario.Phase
	for want, list := range map[string]phases{
		"it has no phases":                                                                     nil,
		`phase 1 (""): it has no name`:                                                         {{}},
		`phase 2 ("a"): there is another phase of this name`:                                   {{Name: "a"}, {Name: "a", At: sec}},
		`phase 1 ("a"): a time is negative`:                                                    {{Name: "a", For: -1}},
		`phase 2 ("b"): it begins when phase "a" ends, which never does`:                       {{Name: "a"}, {Name: "b"}},
		`phase 2 ("b"): it begins at 1s, and phase "a" before it at 2s`:                        {{Name: "a", At: 2 * sec}, {Name: "b", At: sec}},
		`phase 2 ("b"): it begins at 3s, when phase "a" has not ended (4s)`:                    {{Name: "a", At: 2 * sec, For: 2 * sec}, {Name: "b", At: 3 * sec}},
		`scenario "s": a: phase "a": nothing to reload, shut down or drain`:                    {{Name: "a", Reload: true}},
		`scenario "s": a: phase "a": faultproxy: rule "a/drop": "drop" needs a trigger`:        {{Name: "a", Rules: []faultproxy.Rule{{Do: faultproxy.Drop{}}}}},
		`scenario "s": a, b: phase 2 ("b"): it begins at 1s, and phase "a" before it at 1m40s`: {{Name: "a", At: 100 * sec}, {Name: "b", At: sec}},
	} {
		p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}
		err := p.Use(scenario.Scenario{Name: "s", Phases: list})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", list, err, want)
		}
		if len(p.Rules()) > 0 {
			t.Errorf("%v: it left rules", list)
		}
	}
}
