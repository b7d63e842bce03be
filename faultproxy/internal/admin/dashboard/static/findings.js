// The panel of what the recording says about the client.

import * as api from "./api.js";
import {$, make} from "./elements.js";
import {editor} from "./forms.js";

const PROMISE = `{
  "dialect": "text",
  "interval": "30s",
  "answer_timeout": "10s",
  "backoff": {"kind": "exponential", "first": "1s", "max": "30s", "jitter": "full"}
}`;

const ORDER = ["broken", "warned", "kept", "waived", "not judged"];
const rank = (f) => (ORDER.indexOf(f.verdict) + 1) || ORDER.length + 1;

export class Findings {
  constructor() {
    this.out = make("div", {class: "findings", "aria-live": "polite"});
    $("panel-findings").replaceChildren(make("p", {class: "muted"}, "What the client promises, and how it has kept that so far. {} promises nothing; what RFC 6455 demands is judged all the same."),
      editor("Policy (JSON)", PROMISE, "Judge", (policy) => this.judge(policy)), this.out);
  }

  async judge(policy) {
    const {findings} = await api.findings(this.store.name, policy);
    findings.sort((a, b) => rank(a) - rank(b));
    const of = (verdict) => findings.filter((f) => f.verdict === verdict).length;
    const judged = ORDER.filter(of).map((verdict) => `${of(verdict)} ${verdict}`).join(", ");
    this.out.replaceChildren(make("p", {class: "sum"}, judged || "Nothing to judge yet."), ...findings.map((f) => this.item(f)));
  }

  item(f) {
    return make("div", {class: "finding", "data-verdict": f.verdict},
      make("p", {}, make("strong", {}, f.verdict), " ", make("code", {}, f.rule), f.conn ? ` connection ${f.conn}` : ""), make("p", {}, f.text),
      f.measured ? make("p", {class: "muted"}, `Measured ${f.measured}${f.expected ? `, expected ${f.expected}` : ""}.`) : null,
      f.advice && f.verdict !== "kept" ? make("p", {class: "muted"}, f.advice) : null);
  }

  update(store) {
    if (this.store && this.store !== store) this.out.replaceChildren();
    this.store = store;
  }
}
