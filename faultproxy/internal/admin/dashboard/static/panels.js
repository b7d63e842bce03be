// The panels of what a proxy does: rules, the middlebox it behaves like, the scenario
// under way, and what the recording says about the client.

import * as api from "./api.js";
import {$, attempt, make, say, text} from "./elements.js";
import {faults, form} from "./forms.js";

export class Rules {
  constructor() {
    this.list = make("ul", {class: "rules"});
    this.kind = make("select", {"aria-label": "What to break"}, ...faults.map((f, i) => make("option", {value: String(i)}, f.label)), make("option", {value: "json"}, "Anything else (JSON)"));
    this.place = make("div");
    this.kind.addEventListener("change", () => this.choose());
    $("panel-rules").replaceChildren(this.list, make("h3", {}, "Add a rule"), make("label", {class: "field"}, make("span", {}, "What to break"), this.kind), this.place);
    this.choose();
  }

  choose() {
    const fault = faults[Number(this.kind.value)];
    const schema = fault ? fault.schema : {required: ["rule"], properties: {rule: {title: "Rule, or a list of them", type: "string", default: '{"on": {"frame": {"op": "ping"}}, "do": {"late": "5s"}}'}}};
    this.place.replaceChildren(form(schema, "Add", async (v) => {
      let rule;
      if (fault) rule = fault.rule(v);
      else rule = JSON.parse(v.rule);
      const added = await api.addRules(this.store.name, rule);
      say(`Added: ${added.rules.map((r) => r.text).join("; ")}`);
      this.store.stale = true;
      await this.store.refresh();
    }));
  }

  update(store) {
    this.store = store;
    const rules = store.proxy.rules;
    const wanted = JSON.stringify(rules.map((r) => [r.name, r.text]));
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.list.replaceChildren(...(rules.length ? rules.map((r) => this.item(r)) : [make("li", {class: "muted"}, "None: everything passes as it is.")]));
    }
    for (const r of rules) {
      const counter = this.list.querySelector(`[data-rule="${CSS.escape(r.name)}"] .count`);
      if (counter) text(counter, `fired ${r.fired}, came ${r.seen}`);
    }
  }

  item(r) {
    return make("li", {"data-rule": r.name},
      make("span", {class: "name"}, r.name, r.preset ? make("small", {}, " of the middlebox") : null), make("span", {class: "count"}), make("span", {class: "text"}, r.text),
      r.preset ? null : make("button", {type: "button", class: "quiet", "aria-label": `Remove the rule ${r.name}`, onclick: () => this.remove(r.name)}, "Remove"));
  }

  async remove(name) {
    await attempt(`Removed ${name}`, () => api.removeRule(this.store.name, name));
    this.store.stale = true;
    this.store.refresh();
  }
}

export class Middlebox {
  constructor() {
    this.select = make("select", {"aria-label": "Middlebox"});
    this.settings = make("input", {type: "text", placeholder: "idle=10s", "aria-label": "Settings", spellcheck: "false"});
    this.about = make("div", {class: "about"});
    this.now = make("p", {class: "now"});
    const apply = make("button", {type: "button", class: "primary", onclick: () => this.apply()}, "Behave like it");
    const none = make("button", {type: "button", onclick: () => this.change("Like none", () => api.removePreset(this.store.name))}, "Like none");
    $("panel-box").replaceChildren(this.now, make("label", {class: "field"}, make("span", {}, "Middlebox"), this.select), this.about,
      make("label", {class: "field"}, make("span", {}, "Settings, if others are wanted"), this.settings), make("div", {class: "actions"}, apply, none));
    this.select.addEventListener("change", () => this.describe());
    api.presets().then((list) => {
      this.list = list;
      this.select.replaceChildren(...list.map((p) => make("option", {value: p.name}, p.name)));
      this.describe();
    });
  }

  describe() {
    const p = this.list.find((one) => one.name === this.select.value);
    this.about.replaceChildren(make("p", {}, p.summary), make("table", {}, ...p.settings.map((s) =>
      make("tr", {}, make("th", {scope: "row"}, s.name), make("td", {}, s.value), make("td", {}, s.about)))),
      make("p", {class: "muted"}, p.version ? `Measured with ${p.version}.` : "From documentation; not measured."));
  }

  apply() {
    const preset = this.select.value + (this.settings.value.trim() ? "," + this.settings.value.trim() : "");
    this.change(`Behaves like ${preset}`, () => api.setPreset(this.store.name, preset));
  }

  async change(what, doing) {
    await attempt(what, doing);
    this.store.stale = true;
    this.store.refresh();
  }

  update(store) {
    this.store = store;
    text(this.now, store.proxy.preset ? `It behaves like ${store.proxy.preset}.` : "It behaves like no middlebox.");
  }
}

const NIGHT = `{
  "name": "a bad night",
  "phases": [
    {"at": "0s", "name": "healthy", "for": "10s"},
    {"then": "slow", "for": "20s", "rules": [{"do": {"latency": "800ms±400ms"}}]},
    {"then": "restart", "for": "10s", "rules": [{"on": {"at": "0s"}, "do": {"close": {"code": 1012, "reason": "restart"}}}]},
    {"then": "recovery"}
  ]
}`;

export class Scenario {
  constructor() {
    this.phases = make("ol", {class: "phases"});
    this.box = make("textarea", {rows: 11, spellcheck: "false", "aria-label": "Scenario, as JSON"});
    this.box.value = NIGHT;
    this.wrong = make("p", {class: "wrong", role: "alert"});
    $("panel-scenario").replaceChildren(this.phases, make("label", {class: "field"}, make("span", {}, "Scenario (JSON)"), this.box), this.wrong,
      make("div", {class: "actions"}, make("button", {type: "button", class: "primary", onclick: () => this.play()}, "Play from now"), make("button", {type: "button", onclick: () => this.stop()}, "Stop")));
  }

  async play() {
    this.wrong.textContent = "";
    try {
      await api.play(this.store.name, JSON.parse(this.box.value));
      say("It plays");
    } catch (err) {
      this.wrong.textContent = err.message;
    }
    this.store.stale = true;
    this.store.refresh();
  }

  async stop() {
    await attempt("Stopped", () => api.stop(this.store.name));
    this.store.stale = true;
    this.store.refresh();
  }

  update(store) {
    this.store = store;
    const s = store.proxy.scenario;
    const wanted = JSON.stringify(s || null);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.phases.replaceChildren(...(s ? s.phases.map((p) => make("li", {class: p === s.phase ? "on" : null, "aria-current": p === s.phase ? "step" : null}, p)) : [make("li", {class: "muted"}, "None is under way.")]));
  }
}

export class Findings {
  constructor() {
    this.policy = make("textarea", {rows: 4, spellcheck: "false", "aria-label": "Policy, as JSON"});
    this.policy.value = '{"interval": "30s", "answer_timeout": "10s", "backoff": {"kind": "exponential", "first": "1s", "max": "30s", "jitter": "full"}}';
    this.out = make("div", {class: "findings"});
    $("panel-findings").replaceChildren(make("p", {class: "muted"}, "What the client promises, and how it kept that so far. Nothing is promised by {}."),
      make("label", {class: "field"}, make("span", {}, "Policy (JSON)"), this.policy), make("div", {class: "actions"}, make("button", {type: "button", class: "primary", onclick: () => this.judge()}, "Judge")), this.out);
  }

  async judge() {
    const judged = await attempt("", async () => api.findings(this.store.name, JSON.parse(this.policy.value)));
    if (!judged) return;
    const order = ["broken", "warned", "kept", "waived", "not judged"];
    const rank = (f) => (order.indexOf(f.verdict) + 1) || 9;
    judged.findings.sort((a, b) => rank(a) - rank(b));
    this.out.replaceChildren(...judged.findings.map((f) => make("div", {class: "finding", "data-verdict": f.verdict},
      make("strong", {}, f.verdict), " ", make("code", {}, f.rule), f.conn ? ` connection ${f.conn}` : "", make("p", {}, f.text), f.advice && f.verdict !== "kept" ? make("p", {class: "muted"}, f.advice) : null)));
  }

  update(store) { this.store = store; }
}

// tabs makes the tabs work, by the arrow keys too.
export function tabs() {
  const all = [...document.querySelectorAll('[role="tab"]')];
  const open = (tab) => {
    for (const t of all) {
      const on = t === tab;
      t.setAttribute("aria-selected", on);
      t.tabIndex = on ? 0 : -1;
      $(t.getAttribute("aria-controls")).hidden = !on;
    }
  };
  all.forEach((tab, i) => {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (k) => {
      const by = {ArrowRight: 1, ArrowLeft: -1}[k.key];
      if (!by) return;
      const next = all[(i + by + all.length) % all.length];
      open(next);
      next.focus();
    });
  });
}
