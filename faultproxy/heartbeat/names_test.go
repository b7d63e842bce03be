package heartbeat_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]heartbeat.Dialect{
		"protocol":              heartbeat.Protocol(),
		"text":                  heartbeat.Text("ping", "pong"),
		"text:hb/ack":           heartbeat.Text("hb", "ack"),
		"text:2/3/4":            heartbeat.Text("2", "3/4"),
		"text:hb":               heartbeat.Text("hb", ""),
		"json":                  heartbeat.JSON("type", "ping", "pong"),
		"json:op=hb/ack":        heartbeat.JSON("op", "hb", "ack"),
		"json:op=hb":            heartbeat.JSON("op", "hb", ""),
		"engine.io":             heartbeat.EngineIO(25*time.Second, 20*time.Second),
		"engine.io:300ms/200ms": heartbeat.EngineIO(300*time.Millisecond, 200*time.Millisecond),
		"graphql-transport-ws":  heartbeat.GraphQLTransportWS(),
		"phoenix":               heartbeat.Phoenix(),
		"signalr":               heartbeat.SignalR(),
		"mqtt":                  heartbeat.MQTT(),
		"stomp":                 heartbeat.STOMP(10 * time.Second),
		"stomp:1m":              heartbeat.STOMP(time.Minute),
		"actioncable":           heartbeat.ActionCable(),
	} {
		got, err := heartbeat.Parse(name)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", name, got, err, want)
		}
		if again, err := heartbeat.Parse(got.Name); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("the dialect that Parse(%q) returns calls itself %q, which is another one: %v", name, got.Name, err)
		}
	}
	for name, want := range map[string]string{
		"":                  `unknown dialect ""`,
		"protocoll":         `unknown dialect "protocoll": use protocol, text, text:BEAT/ANSWER, json, json:KEY=BEAT/ANSWER, engine.io, engine.io:INTERVAL/TIMEOUT, graphql`,
		"mqtt:60s":          `unknown dialect "mqtt:60s"`,
		"text:/pong":        "empty beat",
		"json:ping":         "write json:KEY=BEAT/ANSWER",
		"json:type=/pong":   "write json:KEY=BEAT/ANSWER",
		"engine.io:25s":     "write engine.io:INTERVAL/TIMEOUT",
		"engine.io:25/20":   "write engine.io:INTERVAL/TIMEOUT",
		"engine.io:-1s/20s": "write engine.io:INTERVAL/TIMEOUT",
		"stomp:":            "write stomp:INTERVAL",
		"stomp:900us":       "at least 1ms",
	} {
		if _, err := heartbeat.Parse(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %s", name, err, want)
		}
	}
}

func TestNamesAreParsed(t *testing.T) {
	sample := strings.NewReplacer("KEY", "op", "BEAT", "hb", "ANSWER", "ack", "INTERVAL", "2s", "TIMEOUT", "1s")
	for _, name := range heartbeat.Names() {
		if _, err := heartbeat.Parse(sample.Replace(name)); err != nil {
			t.Errorf("Names lists %s: %v", name, err)
		}
	}
}

// The package's documentation has a table of the dialects.
func TestDocumentedTable(t *testing.T) {
	source, err := os.ReadFile("dialect.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^//\t(\S+) +(\w+) +(client|server|either) +(\d+ s)? +\S.*$`).FindAllStringSubmatch(string(source), -1)
	documented := map[string]bool{}
	for _, row := range rows {
		d, err := heartbeat.Parse(row[1])
		if err != nil {
			t.Errorf("the table has %q: %v", row[1], err)
		}
		interval := time.Duration(0)
		if row[4] != "" {
			interval, _ = time.ParseDuration(strings.ReplaceAll(row[4], " ", ""))
		}
		if d.By.String() != row[3] || d.Interval != interval {
			t.Errorf("the table says of %s: %s, every %v; it is %s, every %v", row[1], row[3], interval, d.By, d.Interval)
		}
		if unanswered := strings.HasSuffix(row[0], " none"); unanswered == d.Answered() {
			t.Errorf("the table says that %s is answered: %t", row[1], !unanswered)
		}
		documented[row[1]] = true
	}
	for _, name := range heartbeat.Names() {
		plain, _, parameters := strings.Cut(name, ":")
		if (plain == "text" || plain == "json") == parameters != documented[name] { // these stand there with their parameters
			t.Errorf("%s is in the table: %t", name, documented[name])
		}
	}
}
