package resilience_test

import (
	"context"
	"testing"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

func TestClientsPrintAsTheCallsThatMadeThem(t *testing.T) {
	node := resilience.Command("/usr/bin/node", "client.mjs", "{url}")
	idle := resilience.Func("idle", func(context.Context, *resilience.Session) error { return nil })
	for _, c := range []struct {
		client     resilience.Client
		text, name string
	}{
		{node, `Command("/usr/bin/node", "client.mjs", "{url}")`, "node"},
		{node.Env("A=1", "B=").Env("C=\"x\"").Dir("app").Named("left"),
			`Command("/usr/bin/node", "client.mjs", "{url}").Env("A=1", "B=", "C=\"x\"").Dir("app").Named("left")`, "left"},
		{resilience.Command("client.exe"), `Command("client.exe")`, "client"},
		{idle, "Func(idle)", "idle"},
		{idle.Named("a"), `Func(idle).Named("a")`, "a"},
		{resilience.Client{}, "Client{}", "Client{}"},
	} {
		if got := c.client.String(); got != c.text {
			t.Errorf("it prints as %s, want %s", got, c.text)
		}
		if got := c.client.Name(); got != c.name {
			t.Errorf("%v has the name %q, want %q", c.client, got, c.name)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, c := range []struct {
		client resilience.Client
		want   string
	}{
		{resilience.Command("a").Env("API_TOKEN=x", "DB_PASSWORD=x", "STRIPE_KEY=x", "Authorization=x", "SLACK_AUTH=x", "TOKEN=", "KEYS=x"),
			`Command("a").Env("API_TOKEN=[redacted]", "DB_PASSWORD=[redacted]", "STRIPE_KEY=[redacted]", "Authorization=[redacted]", "SLACK_AUTH=[redacted]", "TOKEN=", "KEYS=x")`},
		{resilience.Command("a").Env("UPSTREAM=wss://u:x@h/?token=x&room=1"), `Command("a").Env("UPSTREAM=wss://u:[redacted]@h/?token=[redacted]&room=1")`},
		{resilience.Command("a", "--token=x", "--password", "x", "-k", "x", "-H", "Authorization: Bearer x", "{url}?key=x", "--room=1"),
			`Command("a", "--token=[redacted]", "--password", "[redacted]", "-k", "x", "-H", "Authorization:[redacted]", "{url}?key=[redacted]", "--room=1")`},
	} {
		if got := c.client.String(); got != c.want {
			t.Errorf("it prints as\n%s, want\n%s", got, c.want)
		}
	}
}

func TestAClientIsAValue(t *testing.T) {
	args := []string{"one"}
	base := resilience.Command("a", args...).Env("A=1").Env("B=2").Env("C=3")
	args[0] = "changed"
	first, second := base.Env("D=4"), base.Env("E=5").Dir("d").Named("n")
	for _, c := range []struct {
		client resilience.Client
		want   string
	}{
		{base, `Command("a", "one").Env("A=1", "B=2", "C=3")`},
		{first, `Command("a", "one").Env("A=1", "B=2", "C=3", "D=4")`},
		{second, `Command("a", "one").Env("A=1", "B=2", "C=3", "E=5").Dir("d").Named("n")`},
	} {
		if got := c.client.String(); got != c.want {
			t.Errorf("it prints as %s, want %s", got, c.want)
		}
	}
}
