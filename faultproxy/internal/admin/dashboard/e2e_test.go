package dashboard_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestRealParts uses the dashboard as somebody does who asks what their client does on a
// line that goes silent.
func TestRealParts(t *testing.T) {
	s := open(t)
	s.until(`document.querySelector("#empty pre")?.textContent.includes("new WebSocket(\"ws://")`)
	s.shot("empty", 1400, 900, "light")
	s.client()
	s.until(`document.querySelector('.row[data-state="open"]:not([hidden])')`)
	s.do(chromedp.Click(`.row[data-state="open"]`))
	s.until(`document.querySelector(".events")?.textContent.includes("pong")`)
	s.shot("open-light", 1400, 900, "light")
	s.do(chromedp.Click(`#one [data-action="silence"]`))
	s.until(`document.querySelector('.row[data-state="silent"]')`)
	s.until(`document.querySelector(".cell.beat.bad")?.textContent.includes("lost")`)
	s.until(`[...document.querySelectorAll(".row:not([hidden])")].some((r) => r.querySelector(".number").textContent === "2" && r.dataset.state === "open")`)
	s.until(`document.querySelector("#one .why").textContent.startsWith("It is ending: the client ended the connection")`)
	s.shot("silent-light", 1400, 900, "light")
	s.do(chromedp.Click(`#one [data-action="cut"]`))
	s.until(`document.querySelector("#one .why").textContent.startsWith("It ended: the client ended the connection (Close 4000")`)
	for _, picture := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"dead-light", 1400, 900, "light"}, {"dead-dark", 1400, 900, "dark"}, {"narrow-light", 400, 860, "light"}, {"narrow-dark", 400, 860, "dark"}} {
		s.shot(picture.name, picture.width, picture.height, picture.scheme)
	}
	report := js[string](s, `fetch(document.querySelector("#get-html").href).then((r) => r.text())`)
	if !strings.Contains(report, "no answer") || strings.Contains(report, "topsecret") {
		t.Errorf("the report, of %d bytes, is not of this, or tells a secret", len(report))
	}
	s.byKeys()
	s.rules()
	s.anyRule()
	s.panels()
	s.another()
	s.asleep()
	s.quiet()
	s.back()
	s.anew()
}

// byKeys does by keyboard what was done by mouse.
func (s *stage) byKeys() {
	s.t.Helper()
	s.do(chromedp.EmulateViewport(1400, 900), chromedp.Evaluate[chromedp.Void](`document.querySelector("#rows").focus()`), chromedp.KeyEvent(kb.Home))
	s.until(`document.querySelector("#one-title").textContent.startsWith("Connection 2")`)
	s.do(chromedp.KeyEvent(" "))
	s.until(`document.querySelector("#pause").textContent === "Follow"`)
	s.do(chromedp.KeyEvent("+"), chromedp.KeyEvent("+"), chromedp.KeyEvent(kb.ArrowLeft))
	s.until(`document.querySelector("#span").textContent === "5.0 s"`)
	s.do(chromedp.KeyEvent("["))
	s.until(`!document.querySelector("#tip").hidden && document.querySelector("#tip").textContent.includes("p")`)
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter)) // to its buttons, and the first: silence
	s.until(`document.querySelector('.row[data-state="silent"]')`)
	s.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter)) // heal
	s.until(`!document.querySelector('.row[data-state="silent"]:not([hidden])')`)
}

// anyRule makes a rule by the form that comes of the JSON schema. What is wrong is told
// beside the input that it is about.
func (s *stage) anyRule() {
	s.t.Helper()
	put := func(name, value string) {
		s.t.Helper()
		s.until(`document.querySelector('#panel-rules [name="` + name + `"]')`)
		s.do(chromedp.Evaluate[chromedp.Void](`{
			const input = document.querySelector('#panel-rules [name="` + name + `"]');
			input.value = "` + value + `";
			for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, {bubbles: true}));
		}`))
	}
	press := func(chip string) {
		s.t.Helper()
		s.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#panel-rules .chip")].find((c) => c.textContent === "` + chip + `").click()`))
	}
	put("kind", "any")
	s.everyFault()
	put("do", "late")
	put("do.late", "soon")
	press("+ When")
	put("on", "frame")
	press("+ Contains")
	put("on.frame.contains", "pong")
	s.do(chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('#panel-rules [name="do.late"][aria-invalid="true"]')?.parentElement.querySelector(".wrong").textContent.includes("duration")`)
	s.shot("form-light", 1400, 900, "light")
	s.shot("form-narrow-dark", 400, 860, "dark")
	s.do(chromedp.EmulateViewport(1400, 900))
	put("do.late", "5ms")
	s.do(chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('[data-rule="late"].acted .text')?.textContent.includes("5ms")`)
}

// everyFault opens the inputs of every fault and of every moment, down to two buttons deep.
// What would go wrong there goes wrong in the console.
func (s *stage) everyFault() {
	s.t.Helper()
	s.until(`document.querySelector('#panel-rules [name="do"]')`)
	names := js[[]string](s, `(() => {
		const panel = document.querySelector("#panel-rules");
		const chips = (inside) => { for (const chip of inside.querySelectorAll(".chip")) chip.click(); };
		const open = (name) => {
			const select = panel.querySelector('[name="' + name + '"]');
			return [...select.options].map((o) => o.value).filter(Boolean).map((value) => {
				select.value = value;
				select.dispatchEvent(new Event("change", {bubbles: true}));
				const place = select.parentElement.querySelector(".inner");
				chips(place);
				chips(place);
				return value;
			});
		};
		chips(panel.querySelector("form"));
		return [...open("do"), ...open("on")];
	})()`)
	for _, want := range []string{"close", "drop", "latency", "redirect", "opened", "frame", "idle"} {
		if !slices.Contains(names, want) {
			s.t.Errorf("the form has %q, and no %s", names, want)
		}
	}
	s.shot("every-light", 1400, 900, "light")
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#panel-rules [name=kind]").dispatchEvent(new Event("change"))`)) // from the start
	s.until(`document.querySelector('#panel-rules [name="do"]')?.value === ""`)
}

// panels behaves like a middlebox, plays a scenario and judges the client.
func (s *stage) panels() {
	s.t.Helper()
	s.do(chromedp.Click("#tab-box"), chromedp.Evaluate[chromedp.Void](`document.querySelector("#panel-box input").value = "idle=10s"`))
	s.do(chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-box select"), {value: "nginx"}).dispatchEvent(new Event("change"))`), chromedp.Click("#panel-box .primary"))
	s.until(`document.querySelector("#panel-box .now").textContent.includes("nginx,idle=10s") && document.querySelector("#doing").textContent.includes("nginx")`)
	s.shot("middlebox-light", 1400, 900, "light")
	s.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#panel-box button")].find((b) => b.textContent === "Like none").click()`))
	s.until(`document.querySelector("#panel-box .now").textContent.includes("no middlebox")`)
	s.do(chromedp.Click("#tab-scenario"), chromedp.Click("#panel-scenario .primary"))
	s.until(`document.querySelector(".phases .on")?.textContent === "healthy"`)
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#pause").click()`))
	s.until(`document.querySelector("#pause").textContent === "Pause"`)
	s.shot("scenario-dark", 1400, 900, "dark")
	s.do(chromedp.Click("#stop"))
	s.until(`!document.querySelector(".phases .on")`)
	s.do(chromedp.Click("#tab-findings"), chromedp.Click("#panel-findings .primary"))
	s.until(`document.querySelector("#panel-findings .finding[data-verdict]")`)
	s.shot("findings-light", 1400, 900, "light")
}

// rules adds a rule by its form and removes it, and closes every connection by the dialog.
func (s *stage) rules() {
	s.t.Helper()
	s.do(chromedp.Click("#tab-rules"), chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-rules select"), {value: "1"}).dispatchEvent(new Event("change"))`),
		chromedp.SendKeys(`#panel-rules input[name="times"]`, "3"), chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('[data-rule="drop"] .text')?.textContent.includes("pong")`)
	s.do(chromedp.Click(`[data-rule="drop"] [aria-label^="Remove"]`))
	s.until(`!document.querySelector('[data-rule="drop"]')`)
	s.do(chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-rules select"), {value: "4"}).dispatchEvent(new Event("change"))`),
		chromedp.Evaluate[chromedp.Void](`document.querySelector('#panel-rules input[name="elapsed"]').value = "soon"`), chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector("#panel-rules ul.wrong").textContent.includes("on.elapsed: want a duration")`)
	s.do(chromedp.Click(`#all summary`), chromedp.Click(`#all-actions [data-action="close"]`), chromedp.SendKeys(`dialog input[name="reason"]`, "restart"), chromedp.Click(`dialog button[type="submit"]`))
	s.until(`[...document.querySelectorAll(".row:not([hidden]) .end")].some((e) => e.textContent.startsWith("1012"))`)
	s.shot("restart-dark", 1400, 900, "dark")
}
