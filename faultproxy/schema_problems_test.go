package faultproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestParseRuleProblems(t *testing.T) {
	cases := map[string][]string{
		`{on: {frame: {op: pong}}, do: {dropp: {}}}`:                       {`do.dropp: unknown key "dropp"; did you mean "drop"?`},
		`{on: {frame: {op: pong}}, do: dropp}`:                             {`do: unknown value "dropp"; did you mean "drop"?`},
		`{on: {frame: {op: pong}}, do: drop, tims: 2}`:                     {`tims: unknown key "tims"; did you mean "times"?`},
		`{on: opend, do: silence}`:                                         {`on: unknown value "opend"; did you mean "opened"?`},
		`{on: {elapsed: 5}, do: silence}`:                                  {`on.elapsed: 5 needs a unit, such as 5ms or 5s`},
		`{on: {elapsed: 5x}, do: {close: {cod: 1}}, skip: -1}`:             {`on.elapsed: want a duration`, `do.close.cod: unknown key "cod"; did you mean "code"?`, `skip: want a whole number from 0`},
		`{on: {elapsed: 1s}, do: drop}`:                                    {`rule "drop": "drop" needs a frame and "elapsed 1s" has none; hang it on a frame match, or use silence or discard`},
		`{on: {idle: {after: 1s, lazy: 1s}}, do: {end: rst}}`:              {`lazy must be less than the idle time`},
		`{on: {idle: {lazy: 1s}}, do: {end: rst}}`:                         {`on.idle.after: missing, but required`},
		`{on: {elapsed: {early: 1s}}, do: {end: rst}}`:                     {`on.elapsed.after: missing, but required`},
		`{on: {elapsed: {after: 1s, lazy: 1ms}}, do: {end: rst}}`:          {`on.elapsed.lazy: unknown key "lazy"; did you mean "late"?`},
		`{on: {idle: {after: 1s, early: 1s}}, do: {end: rst}}`:             {`early must be less than the time`},
		`{on: {every: {after: 1s, late: 1s}}, do: forget}`:                 {`on.every: want a duration`},
		`{on: opened, do: {forget: {client: fin}}}`:                        {`forget: whoever forgot a connection cannot end it with fin; want rst or silent`},
		`{on: opened, do: {forget: {side: rst}}}`:                          {`do.forget.side: unknown key "side"`},
		`{on: opened, do: {forget: rst}}`:                                  {`do.forget: want a map`},
		`{do: forget}`:                                                     {`needs a trigger`},
		`{on: opened, do: {end: {}}}`:                                      {`end: both sides are kept`},
		`{on: opened, do: {end: client}}`:                                  {`do.end: unknown value "client"; did you mean "silent"? known: keep, half-close`},
		`{on: opened, do: {silence: 30s}}`:                                 {`do.silence: unknown value "30s"; known: to-server, to-client, both`},
		`{do: latency}`:                                                    {`do: latency needs to be told more: {latency: {delay: …}}`},
		`{do: {latency: }}`:                                                {`do.latency: latency needs to be told more: {delay: …}`},
		`{do: {latency: 100ms±x}}`:                                         {`do.latency: want a duration such as 100ms, or with its spread 100ms±20ms, got "100ms±x"`},
		`{do: {rate: 5 parsecs}}`:                                          {`do.rate: want bytes per second: a number, or a text such as "64KiB/s"`},
		`{do: {rate: 999999999GB/s}}`:                                      {`do.rate: want at most 2147483647 bytes per second`},
		`{on: opened, do: {inject-bytes: {text: a, hex: "00"}}}`:           {`do.inject-bytes: want one of text and hex`},
		`{on: opened, do: {inject-bytes: {}}}`:                             {`do.inject-bytes: want one of text and hex`},
		`{on: {frame: {}}, do: {malform: {}}}`:                             {`malform: it changes nothing; set RSV`},
		`{on: {frame: {}}, do: malform}`:                                   {`do: malform needs to be told more: {malform: {rsv: …}}`},
		`{on: {frame: {}}, do: {malform: {opcode: pin}}}`:                  {`do.malform.opcode: unknown opcode "pin"`},
		`{on: {frame: {}}, do: {malform: {length: x}}}`:                    {`do.malform.length: want a length of up to 64 bits`},
		`{on: {frame: {}}, do: {split: 1}}`:                                {`split: parts is 1; want 2 to 1000`},
		`{do: {cut: 5}}`:                                                   {`do.cut: want keep, half-close, fin, full-close, rst, fin-rst or silent, got the number 5`},
		`{do: {cut: {after: 5}}}`:                                          {`at the request there is no answer to cut; hang it on response`},
		`{do: bad-certificate}`:                                            {`do: bad-certificate needs to be told more`},
		`{do: {bad-certificate: old}}`:                                     {`do.bad-certificate: unknown value "old"; known: expired, wrong-name, untrusted`},
		`{do: {cut-tls: keep}, on: opened}`:                                {`"cut-tls with fin" acts at: accepted; but`},
		`{do: down}`:                                                       {`"down" needs a trigger`},
		`{on: {at: {after: 1s, stagger: 1s}}, do: down}`:                   {`is about the port, which is the same for all connections: leave conns and stagger out`},
		`{on: {at: 1s}, do: down, conns: 2}`:                               {`leave conns and stagger out`},
		`{on: {at: {every: 1s}}, do: down}`:                                {`on.at.after: missing, but required`},
		`{on: {at: 1s}, do: drop}`:                                         {`"drop" needs a frame and "at 1s" has none`},
		`{do: cut, conns: 100%}`:                                           {`conns: want a share of the connections from "1%" to "99%", got "100%"`},
		`{do: cut, conns: {percent: 100}}`:                                 {`conns.percent: want a whole number from 0 to 99`},
		`{on: {frame: {}}, do: {forge: stomp}}`:                            {`beats of stomp are not answered, so there is nothing to forge`},
		`{on: {frame: {}}, do: {forge: phenix}}`:                           {`do.forge: unknown dialect "phenix"`},
		`{on: {frame: {}}, do: drop, spare: 1}`:                            {`Spare 1 lets everything pass`},
		`{do: {cut: silent}}`:                                              {`cut: silent does not end the connection; use fin`},
		`{do: {redirect: {}}}`:                                             {`do.redirect.location: missing, but required`},
		`{do: {request-headers: {}}}`:                                      {`request-headers: they change nothing; set Set or Remove`},
		`{do: {slice: 0}}`:                                                 {`do.slice: want a whole number from 1`},
		`{do: {limit: {bytes: 1, end: {client: bang}}}}`:                   {`do.limit.end.client: unknown value "bang"`},
		`{do: {rate: 1}, times: 2}`:                                        {`rule "rate": "rate 1 B/s" acts on all bytes that pass: it has no occurrences to count`},
		`{do: {latency: -1s}}`:                                             {`want a duration of zero or more`},
		`{do: {drop: {}, hang: {}}, on: opened}`:                           {`do: want exactly one of`},
		`{on: opened}`:                                                     {`do: missing, but required`},
		`{do: {reject: 101}}`:                                              {`rule "reject": reject: status is 101; want 200 to 599`},
		`{do: {drop: 5}, on: {frame: {}}}`:                                 {`do.drop: want a map, got the number 5`},
		`{do: hang, conns: 4-2}`:                                           {`connections 4-2: count from 1`},
		`{do: hang, conns: all}`:                                           {`conns: want connections such as 2, "2-4"`},
		`{do: hang, conns: 0}`:                                             {`conns: want a whole number from 1`},
		`{on: opened, do: {inject: {frame: {text: a, hex: "00"}}}}`:        {`do.inject.frame: want one payload`},
		`{on: opened, do: {inject: {frame: {op: ping, key: "0102"}}}}`:     {`do.inject.frame.key: want a masking key of four bytes`},
		`{on: opened, do: {inject: {frame: {op: ping, hex: "0"}}}}`:        {`do.inject.frame.hex: want an even number`},
		`{on: opened, do: {inject: {frame: {op: ping, code: 1000}}}}`:      {`do.inject.frame.code: only a close has a code`},
		`{on: opened, do: {inject: {frame: {op: close, reason: bye}}}}`:    {`a reason needs a code`},
		`{on: opened, do: {inject: {frame: {op: pingg}}}}`:                 {`did you mean "ping"?`},
		`{on: opened, do: {inject: {frame: {fin: true}}}}`:                 {`do.inject.frame.op: missing, but required`},
		`{on: opened, do: {inject: {frame: {op: ping, length_bytes: 4}}}}`: {`length_bytes: want 0 (the shortest form), 2 or 8, got 4`},
		`{on: opened, do: {inject: {}}}`:                                   {`do.inject.frame: missing, but required`},
		``:                                                                 {`want a rule such as`},
		`[]`:                                                               {`want a map, got a list`},
	}
	for doc, want := range cases {
		_, err := faultproxy.ParseRule(fromYAML(t, doc))
		if err == nil {
			t.Errorf("%s: accepted", doc)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s:\n got %v\nwant %s", doc, err, part)
			}
		}
	}
}

func TestParseRules(t *testing.T) {
	rules, err := faultproxy.ParseRules(fromYAML(t, "- {do: hang}\n- {do: refuse}"))
	if err != nil || len(rules) != 2 || rules[1].Do != (faultproxy.Refuse{}) {
		t.Errorf("got %v, %v", rules, err)
	}
	if rules, err = faultproxy.ParseRules(fromYAML(t, "do: hang")); err != nil || len(rules) != 1 {
		t.Errorf("one rule: got %v, %v", rules, err)
	}
	_, err = faultproxy.ParseRules(fromYAML(t, "- {do: hang}\n- {on: {elapsed: 1s}, do: drop}"))
	if err == nil || !strings.HasPrefix(err.Error(), `[1]: rule "drop":`) {
		t.Errorf("the second rule is impossible: got %v", err)
	}
	if _, err = faultproxy.ParseRules(nil); err == nil {
		t.Error("no rule at all was accepted")
	}
}

// goFault is a fault that only Go knows.
type goFault struct{ faultproxy.Drop }

func TestTreeRefuses(t *testing.T) {
	fn := frame.Func("mine", func(frame.View) bool { return true })
	cases := map[string]faultproxy.Rule{
		"mine":            {On: fn, Do: faultproxy.Drop{}},
		"goFault":         {On: frame.Any, Do: goFault{}},
		"no fault":        {On: frame.Any},
		"not UTF-8":       {On: timeline.Opened, Do: faultproxy.Close{Code: 1000, Reason: "\xff"}},
		"trigger":         {On: timeline.Ended(1), Do: faultproxy.Drop{}},
		"by no direction": {On: faultproxy.Idle(time.Second).ResetBy(0), Do: faultproxy.End{Client: faultproxy.RST}},
		"LengthBytes":     {On: timeline.Opened, Do: faultproxy.Inject{Frame: frame.Frame{LengthBytes: 3}}},
		"do not fit":      {On: frame.Any, Do: faultproxy.Replace{With: frame.Frame{Opcode: 99}}},
	}
	for want, rule := range cases {
		rule.Name = "r"
		_, err := rule.Tree()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `rule "r" cannot be written to a file: `) {
			t.Errorf("%v: got %v, want a refusal that says %q", rule, err, want)
		}
	}
}
