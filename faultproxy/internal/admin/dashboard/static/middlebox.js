// The panel of the middlebox that a proxy behaves like.

import * as api from "./api.js";
import {$, attempt, make, text} from "./elements.js";

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
    this.store.hurry();
  }

  update(store) {
    this.store = store;
    text(this.now, store.proxy.preset ? `It behaves like ${store.proxy.preset}.` : "It behaves like no middlebox.");
  }
}
