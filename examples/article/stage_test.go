package article_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// stage is Chromium in front of proxies, in front of nginx, in front of a server. The
// proxies are where faults are made and where everything is recorded.
type stage struct {
	tab    context.Context
	nginx  map[behind]string // their host:port
	server *fakeserver.Server
	plays  int
}

//go:embed nginx.conf
var nginxConf string

func open(t *testing.T) *stage {
	t.Helper()
	s := &stage{}
	s.server = server()
	if err := s.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.server.Close() })
	pages, err := filepath.Abs("page")
	if err != nil {
		t.Fatal(err)
	}
	nginx := func(upstream string, idle time.Duration, conf string) string {
		return realparts.Nginx(t, strings.NewReplacer("{pages}", pages, "{upstream}", upstream,
			"{idle}", fmt.Sprintf("%dms", idle.Milliseconds())).Replace(conf))
	}
	address := strings.TrimPrefix(s.server.URL, "ws://")
	s.nginx = map[behind]string{
		serverUp:   nginx(address, nginxIdle, nginxConf),
		patient:    nginx(address, time.Minute, nginxConf),
		serverDown: nginx("127.0.0.1:1", nginxIdle, nginxConf),
		noUpgrade:  nginx(address, nginxIdle, strings.ReplaceAll(nginxConf, "proxy_set_header Upgrade", "# proxy_set_header Upgrade")),
	}
	s.tab = realparts.Browser(t, browserLimit, map[string]any{
		"disable-background-timer-throttling": true, "disable-renderer-backgrounding": true, "disable-backgrounding-occluded-windows": true})
	s.do(t, chromedp.Navigate("http://"+s.nginx[serverUp]+"/"))
	return s
}

func (s *stage) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(s.tab, actions...); err != nil {
		t.Fatal(err)
	}
}

// play is one page in one scenario, with a proxy of its own: Chromium shakes hands with
// one address at a time.
type play struct {
	*stage
	scenario
	page   string
	proxy  *faultproxy.Proxy
	frame  int // the number of its frame in the tab
	policy diagnosis.Policy
	// patience is how long the page is waited for.
	patience time.Duration
	t        *testing.T // the subtest that checks it
}

// start opens a page in a frame of the tab.
func (s *stage) start(t *testing.T, page string, sc scenario) *play {
	t.Helper()
	p := &play{t: t, stage: s, scenario: sc, page: page, frame: s.plays, policy: sc.policy(), patience: 20 * time.Second}
	p.proxy = faultproxy.Start(t, "ws://"+s.nginx[sc.nginx])
	if err := p.proxy.Add(sc.rules...); err != nil {
		t.Fatal(err)
	}
	s.plays++
	query := sc.timing.query()
	query.Set("url", p.proxy.URL+"/socket/"+sc.path)
	if sc.own {
		query.Set("url", query.Get("url")+"/"+page)
	}
	s.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		const figure = document.createElement("figure"), name = document.createElement("figcaption"), frame = document.createElement("iframe");
		name.textContent = %q;
		frame.src = %q;
		figure.append(name, frame);
		document.body.append(figure);
	}`, sc.name+", "+page, page+".html?"+query.Encode())))
	return p
}

func (p *play) window() string { return fmt.Sprintf("frames[%d]", p.frame) }

// leave has the page's frame go elsewhere, as a user does who follows a link.
func (p *play) leave() {
	p.t.Helper()
	p.do(p.t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
		const frame = document.querySelectorAll("iframe")[%d];
		frame.src = "about:blank";
		frame.parentNode.hidden = true;
	}`, p.frame)))
}

// until waits until an expression of the page's events is true.
func (p *play) until(expression string) {
	p.t.Helper()
	// Until the page has begun, it has none.
	predicate := fmt.Sprintf("(events => %s)(%s.events ?? [])", expression, p.window())
	if _, err := chromedp.Run(p.tab, chromedp.Poll[bool](predicate, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(p.patience))); err != nil {
		p.t.Fatalf("%s, %s: %s: %v\n%s", p.name, p.page, expression, err, p.log())
	}
}

// log is what the page has logged by now.
func (p *play) log() entries {
	p.t.Helper()
	text, err := chromedp.Run(p.tab, chromedp.Evaluate[string]("JSON.stringify("+p.window()+".events ?? [])"))
	if err != nil {
		p.t.Fatal(err)
	}
	var log entries
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		p.t.Fatal(err)
	}
	return log
}
