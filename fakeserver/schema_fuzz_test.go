package fakeserver_test

import (
	"testing"
	"testing/synctest"

	"github.com/goccy/go-yaml"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// Whatever a document says, Parse says what is wrong with it, or makes a server that
// starts.
func FuzzParse(f *testing.F) {
	for _, doc := range []string{
		"- {reject: {status: 503, headers: {Retry-After: 1}}, times: 2}\n- - send: [{op: ping}, a]\n  - {wait-for: {ended: 1}}\n  - fin\n- echo",
		"- - session: {name: x, by: client, beat: {match: {equals: a}}}\n  - {beat: {dialect: stomp, every: 1s}}\n  - {answer-beats: {dialect: text, policy: [{late: 1s}, twice]}}",
		"routes: [{path: /a*, query: {b: }, handlers: [{handshake: [{accept-with: {wrong_accept: true}}]}]}]\nafter_last: fail",
		"- - {on: {op: close}, do: [{pause: 5s}, echo-close]}\n  - {repeat: [{expect: {op: text}}], times: 2}\n  - {every: 5s, do: {reply: a}}",
	} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		var tree any
		if yaml.Unmarshal([]byte(doc), &tree) != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			srv, err := fake.Parse(tree)
			if err != nil {
				return
			}
			srv.On(t, memnet.New())
			if err := srv.Start(); err != nil {
				t.Errorf("Parse took it, Start does not: %v\n%s", err, doc)
			}
			_ = srv.Close()
		})
	})
}
