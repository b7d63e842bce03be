// The panel of the rules in force, and how more are made.

import * as api from "./api.js";
import {faults} from "./actions.js";
import {$, attempt, make, say, text} from "./elements.js";
import {dialog, editor, form} from "./forms.js";

const SAMPLE = `{
  "on": {"frame": {"op": "ping"}},
  "do": {"late": "5s"},
  "times": 3
}`;

export class Rules {
  constructor() {
    this.list = make("ul", {class: "rules", "aria-label": "Rules in force"});
    this.kind = make("select", {name: "kind"}, ...faults.map((f, i) => make("option", {value: String(i)}, f.label)),
      make("option", {value: "any"}, "Any fault, by a form"), make("option", {value: "json"}, "Any fault, as JSON"));
    this.place = make("div");
    this.kind.addEventListener("change", () => this.choose());
    $("panel-rules").replaceChildren(this.list, make("h3", {}, "Add a rule"), make("label", {class: "field"}, make("span", {}, "What to break"), this.kind), this.place);
    this.choose();
  }

  async choose() {
    const kind = this.kind.value, fault = faults[Number(kind)];
    const add = (rule) => this.add(rule);
    if (fault) this.place.replaceChildren(form(fault.schema, "Add", (v) => add(fault.rule(v))));
    else if (kind === "json") this.place.replaceChildren(editor("A rule, or a list of them", SAMPLE, "Add", add));
    else {
      const root = await attempt("", () => api.schema());
      if (root && this.kind.value === kind) this.place.replaceChildren(form({$ref: "#/$defs/rule"}, "Add", add, {root, preview: true}));
    }
  }

  async add(rule) {
    const added = await api.addRules(this.store.name, rule);
    say(`Added: ${added.rules.map((r) => r.text).join("; ")}`);
    this.store.hurry();
  }

  update(store) {
    this.store = store;
    const rules = store.proxy.rules;
    const wanted = JSON.stringify(rules.map((r) => [r.name, r.text]));
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.list.replaceChildren(...(rules.length ? rules.map((r) => this.item(r)) : [make("li", {class: "muted"}, "No rule: everything passes as it is.")]));
    }
    for (const r of rules) {
      const item = this.list.querySelector(`[data-rule="${CSS.escape(r.name)}"]`);
      text(item.querySelector(".count"), `fired ${r.fired} of ${r.seen}`);
      item.classList.toggle("acted", r.fired > 0);
    }
  }

  item(r) {
    const change = r.preset ? make("small", {}, "of the middlebox") : make("span", {class: "actions"},
      r.rule ? make("button", {type: "button", class: "quiet", "aria-label": `Change the rule ${r.name}`, onclick: () => this.change(r)}, "Change") : null,
      make("button", {type: "button", class: "quiet", "aria-label": `Remove the rule ${r.name}`, onclick: () => this.remove(r.name)}, "Remove"));
    return make("li", {"data-rule": r.name}, make("span", {class: "name"}, r.name), make("span", {class: "count", title: "How often it acted, of how often its moment came"}), make("span", {class: "text"}, r.text), change);
  }

  // change puts another rule in a rule's place.
  change(r) {
    dialog(`Change ${r.name}`, editor("The rule (JSON)", JSON.stringify(r.rule, null, 2), "Put in its place", async (rule) => {
      await api.putRule(this.store.name, r.name, rule);
      $("dialog").close();
      this.store.hurry();
    }));
  }

  async remove(name) {
    await attempt(`Removed ${name}`, () => api.removeRule(this.store.name, name));
    this.store.hurry();
  }
}
