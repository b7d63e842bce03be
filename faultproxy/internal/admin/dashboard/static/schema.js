// Inputs made from a JSON schema (draft 2020-12), as far as the schema of rules goes.
// Each has an element, get() for its value, which is undefined if nothing was put in,
// and a place in its Form where what is wrong with it is told.

import {make} from "./elements.js";

// Form knows the schema that references point into, and the place of every input.
export class Form {
  constructor(root = {}) {
    this.root = root;
    this.places = new Map(); // path: where what is wrong with it is told
    this.count = 0;
  }

  // resolve follows references; what stands beside one goes before what it points to.
  resolve(s) {
    while (s.$ref) {
      const {$ref, ...beside} = s;
      s = {...$ref.slice(2).split("/").reduce((at, key) => at[key], this.root), ...beside};
    }
    return s;
  }

  // input is the one that fits a schema.
  input(schema, path, required) {
    const s = this.resolve(schema);
    const kinds = [s.type].flat();
    if (s.anyOf) return this.either(s, path, required);
    if (s.enum) return this.select(s, path, required);
    if (kinds.includes("object")) return s.properties ? this.object(s, path) : this.pairs(s, path);
    if (kinds[0] === "array") return this.list(s, path);
    if (kinds[0] === "boolean") return this.tick(s, path);
    return this.line([s], s, path, required);
  }

  // labelled puts the title before an input of one line, and what it means below.
  labelled(s, path, control) {
    const wrong = make("small", {class: "wrong", role: "alert"});
    const id = `input-${path}-${++this.count}`;
    control.id = id;
    this.places.set(path, {wrong, control});
    const mark = control.required ? make("span", {class: "must", "aria-hidden": "true"}, " *") : null;
    return make("div", {class: "field"}, make("label", {for: id}, s.title || path.split(".").pop(), mark), control, s.description ? make("small", {}, s.description) : null, wrong);
  }

  select(s, path, required) {
    const control = make("select", {name: path}, required ? null : make("option", {value: ""}, "–"),
      ...s.enum.map((v) => make("option", {value: String(v), selected: required && v === s.default}, String(v))));
    return {element: this.labelled(s, path, control), get: () => s.enum.find((v) => String(v) === control.value)};
  }

  tick(s, path) {
    const control = make("input", {type: "checkbox", name: path, checked: s.default === true});
    return {element: this.labelled(s, path, control), get: () => control.checked === (s.default === true) ? undefined : control.checked};
  }

  // line is one line of text that may be any of some alternatives.
  line(alternatives, s, path, required) {
    const number = (one) => one.type === "integer" || one.type === "number";
    const samples = [s, ...alternatives].find((one) => one.examples)?.examples || [];
    const any = alternatives.some((one) => !one.type && one.const === undefined);
    const usual = s.default === undefined ? "" : String(s.default); // it need not be said, where nothing need be
    const control = make("input", {type: "text", name: path, required, placeholder: usual || String(samples[0] ?? ""), value: required ? usual : "", spellcheck: "false", autocomplete: "off", autocapitalize: "off"});
    if (alternatives.every(number)) control.inputMode = "numeric";
    const element = this.labelled(s, path, control);
    const words = alternatives.flatMap((one) => one.enum || []);
    if (words.length) {
      const list = make("datalist", {id: control.id + "-words"}, ...words.map((w) => make("option", {value: w})));
      control.setAttribute("list", list.id);
      element.append(list);
    }
    const get = () => {
      const v = control.value;
      if (v === "") return undefined;
      if (any) try { return JSON.parse(v); } catch { return v; }
      return alternatives.some(number) && /^-?\d+(\.\d+)?$/.test(v.trim()) ? Number(v) : v;
    };
    return {element, get};
  }

  // either is one of several: words and maps with one key become one choice by name, what
  // is put briefly and what is put in detail become two.
  either(s, path, required) {
    const all = s.anyOf.map((one) => this.resolve(one));
    const map = all.find((one) => [one.type].flat().includes("object"));
    const words = all.filter((one) => one !== map && one.type !== "array");
    if (map?.maxProperties === 1) return this.named(s, words.flatMap((one) => one.enum || []), map, path, required);
    if (map) return this.detailed(s, words, map, path, required);
    const flat = words.flatMap((one) => one.anyOf ? one.anyOf.map((each) => ({examples: one.examples, ...this.resolve(each)})) : [one]);
    if (flat.length && flat.every((one) => one.enum)) return this.select({...s, enum: flat.flatMap((one) => one.enum)}, path, required);
    return this.line(flat, s, path, required);
  }

  // named is a choice of a name, and what more belongs to that.
  named(s, words, map, path, required) {
    const names = [...new Set([...words, ...Object.keys(map.properties)])].sort();
    const control = make("select", {name: path, required}, make("option", {value: ""}, required ? "Choose…" : "–"), ...names.map((n) => make("option", {value: n}, n)));
    const place = make("div", {class: "inner"});
    let more;
    control.addEventListener("change", () => {
      const schema = map.properties[control.value];
      more = schema && this.input(schema, `${path}.${control.value}`, !words.includes(control.value));
      place.replaceChildren(...(more ? [more.element] : []));
    });
    const get = () => {
      const name = control.value, v = more?.get();
      if (!name) return undefined;
      const bare = v === undefined || (typeof v === "object" && Object.keys(v).length === 0);
      return bare && words.includes(name) ? name : {[name]: v ?? {}};
    };
    const element = this.labelled(s, path, control);
    element.append(place);
    return {element, get};
  }

  // detailed is put in a line, or in detail.
  detailed(s, words, map, path, required) {
    if (!words.length) return this.object(map, path);
    const brief = () => this.either({...s, anyOf: words}, path, required);
    let now = brief(), detail = false;
    const place = make("div", {}, now.element);
    const button = make("button", {type: "button", class: "chip", "aria-pressed": "false", onclick: () => {
      detail = !detail;
      now = detail ? this.object({...map, title: s.title || map.title}, path) : brief();
      button.setAttribute("aria-pressed", detail);
      place.replaceChildren(now.element);
    }}, "in detail");
    return {element: make("div", {class: "either"}, place, button), get: () => now.get()};
  }

  // object has an input for each property that is needed, and buttons for the others.
  object(s, path) {
    const inputs = new Map();
    const wrong = make("small", {class: "wrong", role: "alert"});
    this.places.set(path, {wrong});
    const body = make("div", {class: "inner"}), chips = make("div", {class: "chips"});
    const needed = s.required || [], names = Object.keys(s.properties);
    const few = names.length <= 3;
    const add = (name, focus) => {
      const one = this.input(s.properties[name], path ? `${path}.${name}` : name, needed.includes(name));
      inputs.set(name, one);
      body.append(one.element);
      if (focus) one.element.querySelector("input, select, textarea, button")?.focus();
    };
    for (const name of names) {
      if (needed.includes(name) || (few && !this.deep(s.properties[name]))) add(name);
      else {
        const chip = make("button", {type: "button", class: "chip", title: this.resolve(s.properties[name]).description, onclick: () => { chip.remove(); add(name, true); }}, `+ ${this.resolve(s.properties[name]).title || name}`);
        chips.append(chip);
      }
    }
    const get = () => {
      const v = {};
      for (const [name, one] of inputs) {
        const value = one.get();
        if (value !== undefined) v[name] = value;
      }
      return v;
    };
    return {element: make("fieldset", {class: path ? "object" : "object whole"}, path && s.title ? make("legend", {}, s.title) : null, s.description && path ? make("small", {}, s.description) : null, body, chips, wrong), get};
  }

  deep(schema) {
    const s = this.resolve(schema);
    return s.type === "object" || s.type === "array" || (s.anyOf || []).some((one) => this.deep(one));
  }

  list(s, path) {
    const items = [], body = make("div", {class: "inner"});
    const add = () => {
      const one = this.input(s.items, `${path}[${items.length}]`, true);
      items.push(one);
      body.append(one.element);
    };
    for (let i = 0; i < (s.minItems || 0); i++) add();
    return {element: make("fieldset", {class: "object"}, make("legend", {}, s.title || path), body, make("button", {type: "button", class: "chip", onclick: add}, "+ one more")), get: () => items.length ? items.map((one) => one.get()) : undefined};
  }

  // pairs are names and values, one on a line, as headers are.
  pairs(s, path) {
    const control = make("textarea", {rows: 2, name: path, placeholder: "Name: value", spellcheck: "false"});
    const get = () => {
      const lines = control.value.split("\n").filter((line) => line.trim());
      return lines.length ? Object.fromEntries(lines.map((line) => { const i = line.indexOf(":"); return i < 0 ? [line.trim(), ""] : [line.slice(0, i).trim(), line.slice(i + 1).trim()]; })) : undefined;
    };
    return {element: this.labelled(s, path, control), get};
  }

  // tell shows problems where they are, and returns those that have no place.
  tell(problems) {
    for (const {wrong, control} of this.places.values()) {
      wrong.textContent = "";
      control?.removeAttribute("aria-invalid");
    }
    return problems.filter(({path, text}) => {
      let at = path;
      while (at && !this.places.get(at)?.wrong.isConnected) at = at.replace(/\.?[^.[]*\]?$/, "");
      const place = at && this.places.get(at);
      if (!place) return true;
      place.wrong.textContent += (place.wrong.textContent ? "; " : "") + (at === path ? text : `${path}: ${text}`);
      place.control?.setAttribute("aria-invalid", "true");
      return false;
    });
  }
}
