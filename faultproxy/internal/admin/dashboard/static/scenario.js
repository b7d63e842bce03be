// The panel of the scenario under way.

import * as api from "./api.js";
import {$, attempt, make, say} from "./elements.js";
import {editor} from "./forms.js";

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
    this.phases = make("ol", {class: "phases", "aria-label": "Phases"});
    const play = editor("Scenario (JSON)", NIGHT, "Play from now", async (scenario) => {
      await api.play(this.store.name, scenario);
      say("It plays");
      this.store.hurry();
    }, 12);
    play.append(make("div", {class: "actions"}, play.lastChild, make("button", {type: "button", id: "stop", onclick: () => this.stop()}, "Stop")));
    $("panel-scenario").replaceChildren(this.phases, play);
  }

  async stop() {
    await attempt("Stopped", () => api.stop(this.store.name));
    this.store.hurry();
  }

  update(store) {
    this.store = store;
    const s = store.proxy.scenario;
    const wanted = JSON.stringify(s || null);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    const item = (p) => make("li", {class: p === s.phase ? "on" : null, "aria-current": p === s.phase ? "step" : null}, p);
    this.phases.replaceChildren(...(s ? s.phases.map(item) : [make("li", {class: "muted"}, "No scenario is under way.")]));
  }
}
