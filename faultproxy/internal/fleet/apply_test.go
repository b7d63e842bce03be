package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// filed is a fleet whose proxies come from a file, before one echo server.
type filed struct {
	*fleet.Fleet
	t   *testing.T
	url string // the server's
}

func newFiled(t *testing.T) *filed {
	f := &filed{&fleet.Fleet{Seed: 7}, t, fakeserver.Start(t).URL}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// doc describes a proxy before the server.
func (f *filed) doc(name string, rules ...faultproxy.Rule) config.Proxy {
	return config.Proxy{Name: name, Listen: config.DefaultListen, Upstream: f.url, Rules: rules}
}

// apply wants it to be done, and what is said of it.
func (f *filed) apply(want string, docs ...config.Proxy) {
	f.t.Helper()
	done, err := f.Apply(docs)
	if err != nil {
		f.t.Fatal(err)
	}
	if got := fmt.Sprint(done); got != want {
		f.t.Errorf("did %s, want %s", got, want)
	}
}

// refuse wants an error, and nothing done.
func (f *filed) refuse(want string, docs ...config.Proxy) {
	f.t.Helper()
	done, err := f.Apply(docs)
	if err == nil || !strings.Contains(err.Error(), want) || len(done) > 0 {
		f.t.Errorf("got %v, %v; want %s", done, err, want)
	}
}

func (f *filed) get(name string) *fleet.Proxy {
	f.t.Helper()
	p, err := f.Get(name)
	if err != nil {
		f.t.Fatalf("%s: %v", name, err)
	}
	return p
}

func names(p *fleet.Proxy) string {
	var list []string
	for _, s := range p.Engine().Rules() {
		list = append(list, s.Rule.Name)
	}
	return strings.Join(list, " ")
}

func late(by time.Duration) faultproxy.Rule {
	return faultproxy.Rule{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: by}}
}

// double is a rule that is seen to act.
func double(text string) faultproxy.Rule {
	return faultproxy.Rule{Name: "double", On: frame.Contains(text), Do: faultproxy.Duplicate{}, Times: 1}
}

// await returns when a rule that a phase brings, and any other of it, is in force.
func await(t *testing.T, p *fleet.Proxy, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for seq := 1; ; {
		e, err := p.Timeline().WaitFrom(ctx, seq, timeline.KindRule)
		if err != nil {
			t.Fatalf("rule %s: %v", name, err)
		}
		if e.Rule == name && e.Field("change") == "added" {
			break
		}
		seq = e.Seq + 1
	}
	p.Engine().Remove("nobody") // one change after another
}

// freeAddress is an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestApplyAddsAndRemoves(t *testing.T) {
	f := newFiled(t)
	if _, err := f.Create(f.doc("mine")); err != nil {
		t.Fatal(err)
	}
	f.apply("[a: added b: added]", f.doc("a"), f.doc("b"))
	a, b := f.get("a"), f.get("b")
	echo(t, dial(t, a.URL()), "x")
	c := dial(t, b.URL())
	f.apply("[]", f.doc("a"), f.doc("b"))
	f.apply("[b: removed]", f.doc("a"))
	ends(t, c)
	if _, err := f.Get("b"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("b: %v", err)
	}
	if f.get("a") != a || len(f.All()) != 2 || len(f.Filed()) != 1 {
		t.Errorf("there are %d proxies, %d of the file", len(f.All()), len(f.Filed()))
	}
}

func TestApplyKeepsConnectionsAndCounters(t *testing.T) {
	f := newFiled(t)
	f.apply("[a: added]", f.doc("a", double("x"), late(time.Second)))
	a := f.get("a")
	c := dial(t, a.URL())
	echo(t, c, "x")
	mine := faultproxy.Rule{Name: "mine", On: frame.Contains("nobody"), Do: faultproxy.Drop{}}
	if err := a.Engine().Add(mine); err != nil {
		t.Fatal(err)
	}
	gone := faultproxy.Rule{Name: "new", On: frame.Contains("nobody"), Do: faultproxy.Drop{}}
	f.apply("[a: rule new added, rule late changed]", f.doc("a", gone, double("x"), late(2*time.Second)))
	if got := names(a); got != "new double late mine" {
		t.Errorf("the rules are %s", got)
	}
	for _, s := range a.Engine().Rules() {
		if s.Rule.Name == "double" && s.Fired != 1 {
			t.Errorf("%v fired %d times, want the one time from before", s.Rule, s.Fired)
		}
	}
	f.apply("[a: rule new removed]", f.doc("a", double("x"), late(2*time.Second)))
	f.apply("[a: order of the rules changed]", f.doc("a", late(2*time.Second), double("x")))
	if err := c.WriteMessage(1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second of the first message, which was doubled, and the only one of this
		if _, got, err := c.ReadMessage(); err != nil || string(got) != "x" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	echo(t, c, "still the same connection")
	if n := a.Timeline().Conns(); len(n) != 1 {
		t.Errorf("the connections are %v", n)
	}
}

func TestApplyBringsBackWhatOthersChanged(t *testing.T) {
	f := newFiled(t)
	f.apply("[a: added]", f.doc("a", late(time.Second)))
	a := f.get("a")
	a.Engine().Remove("late")
	if err := a.SetEnabled(false); err != nil {
		t.Fatal(err)
	}
	nginx := middlebox.Nginx()
	if err := a.Behave(&nginx); err != nil {
		t.Fatal(err)
	}
	f.apply("[a: behaves like no middlebox now, rule late added, enabled]", f.doc("a", late(time.Second)))
	echo(t, dial(t, a.URL()), "x")
}

func TestApplyPresetAndScenario(t *testing.T) {
	f := newFiled(t)
	nginx, caddy := middlebox.Nginx(), middlebox.Caddy()
	d := f.doc("a")
	f.apply("[a: added]", d)
	a := f.get("a")
	c := dial(t, a.URL())
	d.Preset = &nginx
	f.apply("[a: behaves like nginx now]", d)
	boxed := names(a)
	if boxed == "" {
		t.Fatal("nginx has no rules")
	}
	d.Scenario = &scenario.Scenario{Name: "night", Phases: []scenario.Phase{{Name: "one", Rules: []faultproxy.Rule{double("y")}}}}
	f.apply(`[a: plays scenario "night": one]`, d)
	await(t, a, "one/double")
	if got := names(a); got != boxed+" one/double" {
		t.Errorf("the rules are %s", got)
	}
	begun := a.Timeline().Len()
	d.Rules = []faultproxy.Rule{late(time.Second)}
	f.apply("[a: rule late added]", d) // and the scenario goes on
	for e := range a.Timeline().From(begun + 1).All() {
		if e.Kind == timeline.KindNote {
			t.Errorf("it was disturbed: %v", e)
		}
	}
	d.Preset = &caddy
	f.apply(`[a: plays scenario "night": one]`, d)
	d.Scenario = nil
	f.apply(`[a: scenario "night": one stopped]`, d)
	if got := names(a); strings.Contains(got, "one/") || strings.Contains(got, boxed) {
		t.Errorf("the rules are %s", got)
	}
	bare := d
	bare.Preset, bare.Scenario = nil, &scenario.Scenario{Phases: []scenario.Phase{{Name: "two", Rules: []faultproxy.Rule{double("z")}}}}
	f.apply("[a: plays scenario: two]", bare) // and behaves like no middlebox meanwhile
	await(t, a, "two/double")
	if got := names(a); got != "late two/double" {
		t.Errorf("the rules are %s", got)
	}
	f.apply("[a: scenario: two stopped]", d)
	d.Preset = nil
	f.apply("[a: behaves like no middlebox now]", d)
	if got := names(a); got != "late" {
		t.Errorf("the rules are %s", got)
	}
	echo(t, c, "still the same connection")
}

func TestApplyMoves(t *testing.T) {
	f := newFiled(t)
	other := fakeserver.Start(t, fakeserver.Script(fakeserver.Send(frame.Text("other"))))
	d := f.doc("a", double("x"))
	f.apply("[a: added]", d)
	a := f.get("a")
	drawn := a.Listen()
	c := dial(t, a.URL())
	if err := a.Engine().Add(late(time.Hour)); err != nil {
		t.Fatal(err)
	}
	d.Upstream = other.URL
	f.apply("[a: goes to "+other.URL+" now]", d)
	ends(t, c)
	if a.Listen() != drawn {
		t.Errorf("the port that was drawn, %s, is %s now", drawn, a.Listen())
	}
	c = dial(t, a.URL())
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "other" {
		t.Errorf("got %q, %v from the other server", got, err)
	}
	if got := names(a); got != "double late" {
		t.Errorf("the rules are %s", got)
	}
	d.Listen = freeAddress(t)
	f.apply("[a: listens on "+d.Listen+" now]", d)
	ends(t, c)
	if a.Listen() != d.Listen {
		t.Errorf("it listens on %s", a.Listen())
	}
	d.Compression, d.Seed = faultproxy.Strip, 11
	f.apply("[a: starts anew with another compression, seed]", d)
	if e := a.Engine(); e.Compression != faultproxy.Strip || e.Seed != 11 {
		t.Errorf("compression %v, seed %d", e.Compression, e.Seed)
	}
	dial(t, a.URL())
	if got := a.Timeline().Conns(); len(got) != 3 {
		t.Errorf("the connections are %v, want three on one timeline", got)
	}
}

// Clients that trust the proxy still do behind a change that needs another engine.
func TestApplyKeepsTheAuthority(t *testing.T) {
	f := newFiled(t)
	d := f.doc("a")
	d.TLS = true
	f.apply("[a: added]", d)
	before := f.get("a").Engine().AuthorityPEM()
	d.PreserveHost = true
	f.apply("[a: starts anew with another preserve_host]", d)
	if after := f.get("a").Engine().AuthorityPEM(); string(after) != string(before) {
		t.Error("there is another authority")
	}
	if err := f.get("a").Move("", f.url+"/x"); err != nil {
		t.Fatal(err)
	}
	if after := f.get("a").Engine().AuthorityPEM(); string(after) != string(before) {
		t.Error("there is another authority behind Move")
	}
}

func TestApplySwapsPorts(t *testing.T) {
	f := newFiled(t)
	a, b := f.doc("a"), f.doc("b")
	a.Listen, b.Listen = freeAddress(t), freeAddress(t)
	f.apply("[a: added b: added]", a, b)
	a.Listen, b.Listen = b.Listen, a.Listen
	f.apply("[a: listens on "+a.Listen+" now b: listens on "+b.Listen+" now]", a, b)
	if f.get("a").Listen() != a.Listen || f.get("b").Listen() != b.Listen {
		t.Errorf("they listen on %s and %s", f.get("a").Listen(), f.get("b").Listen())
	}
	c := f.doc("c")
	c.Listen = b.Listen
	f.apply("[c: added b: removed]", a, c)
	echo(t, dial(t, f.get("c").URL()), "x")
}

func TestApplyEnables(t *testing.T) {
	f := newFiled(t)
	d := f.doc("a")
	d.Disabled = true
	f.apply("[a: added]", d)
	a := f.get("a")
	if a.Enabled() || a.URL() != "" {
		t.Errorf("enabled %v, at %q", a.Enabled(), a.URL())
	}
	d.Scenario = &scenario.Scenario{Phases: []scenario.Phase{{Name: "one", Rules: []faultproxy.Rule{double("y")}}}}
	f.apply("[a: plays scenario: one]", d)
	d.Disabled = false
	f.apply("[a: enabled]", d)
	echo(t, dial(t, a.URL()), "x")
	await(t, a, "one/double")
	if got := names(a); got != "one/double" {
		t.Errorf("the rules are %s", got)
	}
	d.Disabled, d.Record = true, "r.jsonl"
	f.apply("[a: recorded to r.jsonl, disabled]", d)
}

func TestApplyRefusesAsAWhole(t *testing.T) {
	f := newFiled(t)
	if _, err := f.Create(f.doc("mine")); err != nil {
		t.Fatal(err)
	}
	good := f.doc("a", late(time.Second))
	f.apply("[a: added]", good)
	a := f.get("a")
	c := dial(t, a.URL())
	if err := a.Engine().Add(double("x")); err != nil {
		t.Fatal(err)
	}
	better := f.doc("a", late(time.Minute))
	better.Upstream = "ws://127.0.0.1:1"
	taken := f.doc("b")
	taken.Listen = f.get("mine").Listen()
	free := f.doc("c")
	free.Listen = freeAddress(t)
	noTLS := f.doc("b", faultproxy.Rule{Do: faultproxy.BadCertificate{}})
	f.refuse(`proxy "b": `, better, noTLS)
	f.refuse("another program has this port", better, free, taken)
	f.refuse(`proxy "mine": there is a proxy of this name already, which was not made by the file`, better, f.doc("mine"))
	f.refuse(`proxy "b": there are two of this name`, better, f.doc("b"), f.doc("b"))
	f.refuse(`rule "double": there is one of this name, which was not made by the file`, f.doc("a", double("y")))
	later := f.doc("b")
	later.Scenario = &scenario.Scenario{Phases: []scenario.Phase{{Name: "one", Reload: true}}}
	f.refuse("nothing to reload", better, later)
	if l, err := net.Listen("tcp", free.Listen); err != nil {
		t.Errorf("a port was kept: %v", err)
	} else {
		_ = l.Close()
	}
	if got := fmt.Sprint(a.Engine().Rules()[0].Rule); !strings.Contains(got, "1s") || len(f.All()) != 2 {
		t.Errorf("the rule is %s now, and there are %d proxies", got, len(f.All()))
	}
	echo(t, c, "still the same connection")
	f.apply("[]", good)
}

// A rule goes on counting in another engine, and what it had to do, it may do there.
func TestApplyCountsOnInAnotherEngine(t *testing.T) {
	f := newFiled(t)
	once, both := double("x"), late(time.Second)
	once.Expect, both.Expect = faultproxy.Fired, faultproxy.Fired
	d := f.doc("a", once, both)
	f.apply("[a: added]", d)
	a := f.get("a")
	echo(t, dial(t, a.URL()), "x")
	d.PreserveHost = true
	f.apply("[a: starts anew with another preserve_host]", d)
	if err := a.Move("", f.url+"/x"); err != nil {
		t.Fatal(err)
	}
	if s := a.Engine().Rules()[0]; s.Fired != 1 {
		t.Errorf("%v fired %d times, want once, before", s.Rule, s.Fired)
	}
	c := dial(t, a.URL())
	if err := c.WriteControl(9, nil, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := a.Timeline().Wait(ctx, timeline.Fired("late")); err != nil {
		t.Fatal(err)
	}
	for e := range a.Timeline().All() {
		if e.Kind == timeline.KindError {
			t.Errorf("recorded %v", e)
		}
	}
	// newFiled wants Close to be content
}

// What a rule had to do that another file no longer has is owed.
func TestApplyOwesWhatIsDroppedWithAnEngine(t *testing.T) {
	f := &fleet.Fleet{Seed: 7}
	r := late(time.Second)
	r.Expect = faultproxy.Fired
	d := config.Proxy{Name: "a", Listen: config.DefaultListen, Upstream: "ws://127.0.0.1:1", Rules: []faultproxy.Rule{r}}
	if _, err := f.Apply([]config.Proxy{d}); err != nil {
		t.Fatal(err)
	}
	d.Rules, d.PreserveHost = nil, true
	done, err := f.Apply([]config.Proxy{d})
	if err != nil || !strings.Contains(fmt.Sprint(done), `but faultproxy: rule "late" had to fire and never did`) {
		t.Errorf("got %v, %v", done, err)
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), `proxy "a": faultproxy: rule "late" had to fire`) {
		t.Errorf("Close: %v", err)
	}
}

// What a removed rule had to do is not forgotten.
func TestCloseSaysWhatARemovedProxyHadToDo(t *testing.T) {
	f := &fleet.Fleet{Seed: 7}
	r := late(time.Second)
	r.Expect = faultproxy.Fired
	done, err := f.Apply([]config.Proxy{{Name: "a", Listen: config.DefaultListen, Upstream: "ws://127.0.0.1:1", Rules: []faultproxy.Rule{r}}})
	if err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	done, err = f.Apply(nil)
	if err != nil || !strings.Contains(fmt.Sprint(done), `removed, but proxy "a": faultproxy: rule "late" had to fire and never did`) {
		t.Errorf("got %v, %v", done, err)
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "had to fire and never did") {
		t.Errorf("Close: %v", err)
	}
	if _, err := f.Apply(nil); !errors.Is(err, fleet.ErrClosed) {
		t.Errorf("applied after Close: %v", err)
	}
}

// A file of Toxiproxy's own leads to any TCP server.
func TestApplyToxiproxysOwnFile(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	f := newFiled(t)
	var file config.File
	err = schema.Decode([]any{map[string]any{"name": "db", "listen": "127.0.0.1:0", "upstream": l.Addr().String(), "enabled": true}},
		func(n schema.Node) { file = config.Decode(n, config.Files{}) })
	if err != nil {
		t.Fatal(err)
	}
	f.apply("[db: added]", file.Proxies...)
	c, err := net.Dial("tcp", f.get("db").Listen())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	got := make([]byte, 5)
	if _, err := c.Write([]byte("SYNC\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "SYNC\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
