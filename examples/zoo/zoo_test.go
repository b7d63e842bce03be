// Package zoo_test has real heartbeat and reconnect bugs of published clients, and for
// each a spec that is red on the buggy release and green on the fixed one.
package zoo_test

import (
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// bug is a bug of a published client. Its driver is in ID/client, its story in
// README.md.
type bug struct {
	id   string
	spec func(*trial)
	red  string // what the spec says of the buggy release, a regular expression
}

var bugs = []bug{
	{"actioncable-42336", actioncable42336, `connected (twice|\d+ times), expected once`},
	{"discordgo-396-ack", discordgo396ack, `did not reconnect`},
	{"geth-19798", geth19798, `pong "hb-1"`},
	{"graphql-ws-99", graphqlWS99, `"(alpha|beta)"`},
	{"graphql-ws-fatal-close", graphqlWSFatalClose, `connected (twice|\d+ times), expected once`},
	{"nhooyr-231", nhooyr231, `reported "goroutines" with after .* 0 times`},
	{"partysocket-912", partysocket912, `reported "open" 0 times`},
	{"phoenix-2123", phoenix2123, `did not reconnect`},
	{"phoenix-3458", phoenix3458, `phx_join`},
	{"phoenix-4623", phoenix4623, `every 1\.5s`},
	{"phoenix-6600", phoenix6600, `2 connections live`},
	{"recws-29", recws29, `did not reconnect`},
	{"slack-node-1495", slackNode1495, `did not reconnect`},
	{"stw-135", stw135, `connected \d+ times, expected at most 6`},
}

// All specs run at once, however few the cores: they wait more than they work.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(len(bugs))); err != nil {
		panic(err)
	}
	m.Run()
}

func TestZoo(t *testing.T) {
	rows := make([]row, len(bugs))
	var writing sync.Mutex
	t.Cleanup(func() { show(t, rows) })
	for i, b := range bugs {
		t.Run(b.id, func(t *testing.T) {
			t.Parallel()
			buggy, fixed := newTrial(t, b, "buggy"), newTrial(t, b, "fixed")
			both(buggy.try, fixed.try)
			rows[i] = row{b, buggy, fixed}
			for _, o := range objections(b, buggy, fixed) {
				t.Error(o)
			}
			if *update && !t.Failed() {
				writing.Lock()
				defer writing.Unlock()
				rows[i].write(t)
			}
		})
	}
}

// objections says what is wrong with the outcome: the buggy release has to be red, as
// the spec is meant to be, and the fixed one green.
func objections(b bug, buggy, fixed *trial) (list []string) {
	switch {
	case !buggy.Failed():
		list = append(list, fmt.Sprintf("%v is green: the spec does not see the bug", buggy))
	case !regexp.MustCompile(b.red).MatchString(buggy.failures[0]):
		list = append(list, fmt.Sprintf("%v is red, but does not say %q:\n%s", buggy, b.red, buggy.account()))
	}
	if fixed.Failed() {
		list = append(list, fmt.Sprintf("%v is red:\n%s", fixed, fixed.account()))
	}
	return list
}
