package scenario_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

const night = `
name: a bad night
preset: nginx,idle=10s
phases:
  - {at: 0s, name: healthy}
  - at: 30s
    name: brown-out
    rules: {do: {latency: 800ms±400ms}}
  - at: 1m
    name: rolling restart
    for: 30s
    preset: caddy
    drain: 5s
    rules:
      - {on: {at: {after: 0s, stagger: 2s}}, do: {close: {code: 1012, reason: restart}}}
  - {then: flapping, for: 1m, rules: [{on: {at: {after: 0s, every: 20s}}, do: {down: {for: 5s, drop: rst}}}]}
  - {then: reload, reload: true, shutdown: false}
`

func TestScenariosAsDocuments(t *testing.T) {
	nginx, err := middlebox.Nginx().With("idle", "10s")
	if err != nil {
		t.Fatal(err)
	}
	caddy := middlebox.Caddy()
	want := scenario.Scenario{Name: "a bad night", Preset: &nginx, Phases: []scenario.Phase{
		{Name: "healthy"},
		{Name: "brown-out", At: 30 * sec, Rules: []faultproxy.Rule{
			{Do: faultproxy.Latency{Delay: 800 * time.Millisecond, Jitter: 400 * time.Millisecond}}}},
		{Name: "rolling restart", At: time.Minute, For: 30 * sec, Preset: &caddy, Drain: 5 * sec, Rules: []faultproxy.Rule{restart}},
		{Name: "flapping", For: time.Minute, Rules: []faultproxy.Rule{
			{On: faultproxy.At(0).Every(20 * sec), Do: faultproxy.Down{For: 5 * sec, Drop: resets}}}},
		{Name: "reload", Reload: true},
	}}
	var tree any
	if err := yaml.Unmarshal([]byte(night), &tree); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, want)
	written, err := s.Tree()
	if err != nil {
		t.Fatal(err)
	}
	for name, codec := range map[string]struct {
		write func(any) ([]byte, error)
		read  func([]byte, any) error
	}{
		"JSON": {json.Marshal, json.Unmarshal},
		"YAML": {yaml.Marshal, func(b []byte, v any) error { return yaml.Unmarshal(b, v) }},
	} {
		b, err := codec.write(written)
		if err != nil {
			t.Fatal(name, err)
		}
		var back any
		if err := codec.read(b, &back); err != nil {
			t.Fatal(name, err)
		}
		again, err := scenario.Parse(back)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b)
		}
		same(t, again, want)
	}
}

// same compares without what presets hold that cannot be compared.
func same(t *testing.T, got, want scenario.Scenario) {
	t.Helper()
	text := func(s scenario.Scenario) string {
		b := fmt.Sprintf("%s %v\n", s.Name, s.Preset)
		for _, p := range s.Phases {
			b += fmt.Sprintln(p.Name, p.At, p.For, p.Rules, p.Preset, p.Reload, p.Shutdown, p.Drain)
		}
		return b
	}
	if text(got) != text(want) {
		t.Errorf("got\n%swant\n%s", text(got), text(want))
	}
	for i := range min(len(got.Phases), len(want.Phases)) {
		if !reflect.DeepEqual(got.Phases[i].Rules, want.Phases[i].Rules) {
			t.Errorf("phase %d: got %#v, want %#v", i+1, got.Phases[i].Rules, want.Phases[i].Rules)
		}
	}
}

func TestWrongDocumentsOfScenarios(t *testing.T) {
	for doc, want := range map[string]string{
		``:                      "want a scenario such as {phases: [",
		`{phases: []}`:          "phases: it has no phases",
		`{name: x}`:             "phases: ",
		`{phase: []}`:           `phase: unknown key "phase"; did you mean "phases"?`,
		`{phases: [{name: a}]}`: "phases[0].at: ",
		`{phases: [{at: 0s}]}`:  "phases[0].name: ",
		`{phases: [{then: a}]}`: "phases[0].then: nothing is before the first phase",
		`{phases: [{at: 0s, name: a, for: 1s}, {then: b, at: 1s}]}`:    "phases[1].then: a phase begins at a time, or then",
		`{phases: [{at: 0s, name: a, for: 1s}, {then: b, name: c}]}`:   "phases[1].then: then names the phase: leave name out",
		`{phases: [{at: 0s, name: a, for: 1s}, {then: ""}]}`:           "phases[1].then: want the name of the phase, got nothing",
		`{phases: [{at: 0s, name: a}, {at: 0s, name: b}]}`:             "phases[1].at: only the first phase begins at 0s",
		`{phases: [{at: 0s, name: a}, {then: b}]}`:                     `phases[1].then: it begins when phase "a" ends, which never does`,
		`{phases: [{at: 0s, name: a, preset: ngnix}]}`:                 `phases[0].preset: unknown preset "ngnix"; did you mean "nginx"?`,
		`{phases: [{at: 0s, name: a, preset: "nginx,idle=soon"}]}`:     `phases[0].preset: preset "nginx": idle=soon is no time`,
		`{phases: [{at: 30, name: a}]}`:                                "phases[0].at: ",
		`{phases: [{at: 0s, name: a, rules: [{do: drop}]}]}`:           "phases[0].rules[0]: ",
		`{phases: [{at: 0s, name: a, rules: [{do: dorp, on: open}]}]}`: "phases[0].rules[0].do: ",
		`{phases: [{at: 1s, name: a}, {at: 1s, name: b}]}`:             `phases[1].at: it begins at 1s, and phase "a" before it at 1s`,
		`{phases: [{at: 0s, name: a, for: 1s}, {then: a}]}`:            "phases[1].then: there is another phase of this name",
		`{phases: [{at: 0s, name: nginx, preset: nginx}]}`:             "phases[0].name: there is a preset of this name",
		`{phases: [{at: 0s, name: "a\nb"}]}`:                           "phases[0].name: a name has no slash",
		`{phases: [{at: 0s, name: a, for: 2000000h}, {then: b}]}`:      "phases[0]: a time is too long: at most 24000h0m0s",
	} {
		var tree any
		if err := yaml.Unmarshal([]byte(doc), &tree); err != nil {
			t.Fatal(doc, err)
		}
		if _, err := scenario.Parse(tree); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", doc, err, want)
		}
	}
}

func TestPresetsThatCannotBeWritten(t *testing.T) {
	idle, name, field, other := middlebox.Caddy().WithIdle(5*sec), middlebox.Nginx(), middlebox.Nginx(), middlebox.Nginx()
	name.Name = "mine"
	field.Behavior.HandshakeTimeout = 3 * sec
	other.OnReload = middlebox.Caddy().OnReload
	for want, preset := range map[string]middlebox.Preset{
		`phase "a": preset "caddy" cannot be written as text: preset "caddy" has no setting "idle"`: idle,
		`phase "a": preset "mine" cannot be written as text: unknown preset "mine"`:                 name,
		`phase "a": preset "nginx" cannot be written as text: `:                                     field,
		`preset "nginx" cannot be written as text: `:                                                other,
	} {
		_, err := scenario.Scenario{Phases: []scenario.Phase{{Name: "a", Preset: &preset}}}.Tree()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", preset, err, want)
		}
	}
}
