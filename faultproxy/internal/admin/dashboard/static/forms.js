// Forms made from JSON schemas: an input for each property of an object.

import {make} from "./elements.js";

// form returns a form for a schema, and calls done with what was put in.
export function form(schema, submit, done) {
  const inputs = Object.entries(schema.properties || {}).map(([name, s]) => ({name, s, ...input(name, s, (schema.required || []).includes(name))}));
  const wrong = make("p", {class: "wrong", role: "alert"});
  const f = make("form", {class: "form"}, ...inputs.map((i) => i.label), wrong, make("button", {type: "submit", class: "primary"}, submit));
  f.addEventListener("submit", async (e) => {
    e.preventDefault();
    wrong.textContent = "";
    try {
      await done(value(inputs));
    } catch (err) {
      wrong.textContent = err.message;
    }
  });
  return f;
}

function input(name, s, required) {
  const hint = {placeholder: (s.examples && String(s.examples[0])) || "", required, name};
  let control;
  if (s.enum) {
    control = make("select", {name}, ...s.enum.map((v) => make("option", {value: String(v), selected: v === s.default}, String(v))));
  } else if (s.type === "boolean") {
    control = make("input", {type: "checkbox", name, checked: s.default === true});
  } else if (s.type === "integer" || s.type === "number") {
    control = make("input", {type: "number", ...hint, value: s.default === undefined ? "" : String(s.default)});
    if (s.minimum !== undefined) control.min = s.minimum;
    if (s.maximum !== undefined) control.max = s.maximum;
  } else {
    control = make("input", {type: "text", ...hint, value: s.default === undefined ? "" : s.default, spellcheck: "false", autocomplete: "off"});
  }
  return {control, label: make("label", {class: "field"}, make("span", {}, s.title || name), control, s.description ? make("small", {}, s.description) : null)};
}

function value(inputs) {
  const v = {};
  for (const {name, s, control} of inputs) {
    if (s.type === "boolean") {
      if (control.checked) v[name] = true;
    } else if (control.value !== "") {
      v[name] = s.type === "integer" || s.type === "number" ? Number(control.value) : s.enum ? s.enum.find((e) => String(e) === control.value) : control.value;
    }
  }
  return v;
}

// ask opens a dialog with a form.
export function ask(title, schema, submit, done) {
  const dialog = document.getElementById("dialog");
  const f = form(schema, submit, async (v) => { await done(v); dialog.close(); });
  dialog.replaceChildren(make("h2", {}, title), f, make("button", {type: "button", class: "quiet", onclick: () => dialog.close()}, "Cancel"));
  dialog.showModal();
  dialog.querySelector("input, select")?.focus();
}

const direction = {title: "Direction", enum: ["to-client", "to-server", "both"], default: "to-client"};
const toward = {title: "Toward", enum: ["to-client", "to-server"], default: "to-client"};

// actions are what can be done to a connection; those without a schema need no words.
// body makes the body of the request from what was put in.
export const actions = [
  {name: "silence", label: "Silence", about: "The client receives nothing, on a connection that stays open.", body: () => "to-client"},
  {name: "heal", label: "Heal", about: "Ends every silence; what was held goes out."},
  {name: "close", label: "Close…", about: "A closing handshake with a code of your choice.", schema: {required: ["code"], properties: {
    code: {title: "Code", type: "integer", minimum: 0, maximum: 65535, default: 1012, description: "1000 normal, 1001 going away, 1011 error, 1012 restart, 1013 try again later, 4000–4999 your own"},
    reason: {title: "Reason", type: "string", examples: ["restart"]}}}, body: (v) => v},
  {name: "cut", label: "Cut", about: "Both sides end without a Close frame: the browser reports 1006."},
  {name: "reset", label: "Reset", about: "Both sides end with a TCP reset."},
  {name: "ping", label: "Ping", about: "Sends the client a ping, which it has to answer.", body: () => ({payload: "dashboard"})},
  {name: "inject", label: "Inject…", about: "Sends a frame of yours.", schema: {required: ["op"], properties: {
    op: {title: "Opcode", enum: ["text", "binary", "ping", "pong", "close"], default: "text"}, text: {title: "Payload", type: "string"}, toward}},
    body: ({toward: way, ...frame}) => ({frame, toward: way})},
  {name: "freeze", label: "Freeze…", about: "Stops reading, so that the sender's buffers fill.", schema: {properties: {direction}}, body: (v) => v.direction},
  {name: "discard", label: "Discard…", about: "Swallows whole frames.", schema: {properties: {direction}}, body: (v) => v.direction},
];

// faults are rules that are often wanted. Everything else a rule can say goes into the
// box below them.
export const faults = [
  {label: "Delay everything", schema: {required: ["delay"], properties: {delay: {title: "By", type: "string", default: "200ms"}, jitter: {title: "Plus or minus", type: "string", examples: ["50ms"]}, conns: conns()}},
    rule: ({delay, jitter, conns}) => ({do: {latency: {delay, ...(jitter && {jitter})}}, ...(conns && {conns})})},
  {label: "Drop pongs", schema: {properties: {times: {title: "How often", type: "integer", minimum: 1, description: "Nothing: always."}, conns: conns()}},
    rule: (v) => ({on: {frame: {op: "pong", dir: "to-client"}}, do: "drop", ...v})},
  {label: "Drop frames that contain a text", schema: {required: ["contains"], properties: {contains: {title: "Text", type: "string"}, dir: {title: "Direction", enum: ["to-client", "to-server"], default: "to-client"}, conns: conns()}},
    rule: ({contains, dir, conns}) => ({on: {frame: {contains, dir}}, do: "drop", ...(conns && {conns})})},
  {label: "End idle connections", schema: {required: ["idle"], properties: {idle: {title: "After a silence of", type: "string", default: "10s"}}},
    rule: ({idle}) => ({on: {idle}, do: {end: {client: "full-close", server: "full-close"}}})},
  {label: "Close after a time", schema: {required: ["elapsed", "code"], properties: {elapsed: {title: "After", type: "string", default: "30s"}, code: {title: "Code", type: "integer", default: 1012}, reason: {title: "Reason", type: "string"}, conns: conns()}},
    rule: ({elapsed, code, reason, conns}) => ({on: {elapsed}, do: {close: {code, ...(reason && {reason})}}, ...(conns && {conns})})},
  {label: "Go silent after a time", schema: {required: ["elapsed"], properties: {elapsed: {title: "After", type: "string", default: "10s"}, conns: conns()}},
    rule: ({elapsed, conns}) => ({on: {elapsed}, do: {silence: "to-client"}, ...(conns && {conns})})},
  {label: "Refuse upgrades", schema: {required: ["status"], properties: {status: {title: "HTTP status", type: "integer", default: 503, minimum: 100, maximum: 599}, times: {title: "How often", type: "integer", minimum: 1, default: 2}}},
    rule: ({status, ...v}) => ({do: {reject: status}, ...v})},
  {label: "Limit the rate", schema: {required: ["rate"], properties: {rate: {title: "Rate", type: "string", default: "56kbit/s"}}}, rule: ({rate}) => ({do: {rate}})},
];

function conns() {
  return {title: "Connections", type: "string", examples: ["2-4, or 30%"], description: "Nothing: all."};
}
