// Forms: an input for what a schema wants, a button, and what the server says is wrong
// beside the input that it is about.

import {$, make} from "./elements.js";
import {Form} from "./schema.js";

// form returns a form for a schema, and calls done with what was put in. References of
// the schema point into root. With preview, what will be sent is shown as JSON.
export function form(schema, submit, done, {root, preview} = {}) {
  const inputs = new Form(root);
  const all = inputs.input(schema, "", true);
  const wrong = make("ul", {class: "wrong", role: "alert"});
  const shown = preview ? make("pre", {class: "preview", "aria-label": "The rule as JSON"}) : null;
  const f = make("form", {class: "form"}, all.element, shown, wrong, make("button", {type: "submit", class: "primary"}, submit));
  const refresh = () => { if (shown) shown.textContent = JSON.stringify(all.get()); };
  for (const event of ["input", "change", "click"]) f.addEventListener(event, refresh);
  refresh();
  f.addEventListener("submit", async (e) => {
    e.preventDefault();
    inputs.tell([]);
    wrong.replaceChildren();
    try {
      await done(all.get());
    } catch (err) {
      const rest = err.problems?.length ? inputs.tell(err.problems) : [{path: "", text: err.message}];
      wrong.replaceChildren(...problems(rest));
    }
  });
  return f;
}

// problems lists what is wrong, each with its place.
export function problems(list) {
  return list.map(({path, text}) => make("li", {}, path ? make("code", {}, path) : null, path ? ": " : "", text));
}

// editor returns a box for JSON, and calls done with its value.
export function editor(title, value, submit, done, rows = 8) {
  const box = make("textarea", {rows, spellcheck: "false", autocomplete: "off"});
  box.value = value;
  const wrong = make("ul", {class: "wrong", role: "alert"});
  const send = async (e) => {
    e.preventDefault();
    wrong.replaceChildren();
    box.removeAttribute("aria-invalid");
    try {
      await done(JSON.parse(box.value));
    } catch (err) {
      box.setAttribute("aria-invalid", "true");
      wrong.replaceChildren(...problems(err.problems?.length ? err.problems : [{path: "", text: err.message}]));
    }
  };
  return make("form", {class: "form", onsubmit: send}, make("label", {class: "field"}, make("span", {}, title), box), wrong, make("button", {type: "submit", class: "primary"}, submit));
}

// ask opens a dialog with a form.
export function ask(title, schema, submit, done) {
  dialog(title, form(schema, submit, async (v) => { await done(v); $("dialog").close(); }));
}

// dialog shows something above the page.
export function dialog(title, content) {
  $("dialog").replaceChildren(make("h2", {id: "dialog-title"}, title), content, make("button", {type: "button", class: "quiet", onclick: () => $("dialog").close()}, "Cancel"));
  $("dialog").showModal();
  $("dialog").querySelector("input, select, textarea")?.focus();
}
