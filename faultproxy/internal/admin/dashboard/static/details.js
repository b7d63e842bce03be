// The card of one connection: how it is or why it ended, what can be done to it, and
// what happened, as text.

import * as api from "./api.js";
import {$, attempt, make, size, text} from "./elements.js";
import {actions, ask} from "./forms.js";
import {told} from "./lanes.js";

const LISTED = 200;

// act does an action to a connection, or to all (no number), asking for what it needs.
export function act(store, number, action) {
  const send = (body) => api.act(store.name, number, action.name, body);
  const came = (result) => result.connections.length === 0 ? "There is no open connection" : `${action.label.replace("…", "")}: connection ${result.connections.join(", ")}`;
  if (action.schema) {
    ask(`${action.label.replace("…", "")} ${number ? "connection " + number : "all open connections"}`, action.schema, action.label.replace("…", ""), async (v) => {
      const body = action.body(v);
      await send(body);
    });
    return;
  }
  attempt(came, () => send(action.body && action.body()));
}

// buttons are those of the actions.
export function buttons(doing) {
  return actions.map((a) => make("button", {type: "button", title: a.about, "data-action": a.name, onclick: () => doing(a)}, a.label));
}

export class Details {
  constructor() {
    this.card = $("one");
    this.show(null, undefined);
  }

  show(store, number) {
    this.store = store;
    this.number = number;
    this.listed = 0;
    this.asked = undefined;
    if (!number) {
      this.card.replaceChildren(make("h2", {id: "one-title"}, "No connection chosen"),
        make("p", {class: "muted"}, "Choose one in the list, by a click or with the arrow keys: its state, why it ended and what to do about it stand here."));
      return;
    }
    this.title = make("h2", {id: "one-title"});
    this.facts = make("dl", {class: "facts"});
    this.why = make("p", {class: "why"});
    this.advice = make("p", {class: "advice"});
    this.story = make("pre", {class: "story", tabindex: "0", "aria-label": "Diagnosis"});
    this.events = make("ol", {class: "events", tabindex: "0", "aria-label": "Events, the newest last"});
    this.actions = make("div", {class: "actions", role: "group", "aria-label": `Connection ${number}`}, ...buttons((a) => act(this.store, this.number, a)));
    this.card.replaceChildren(this.title, this.facts, this.actions, this.why, this.advice,
      make("details", {class: "more"}, make("summary", {}, "Diagnosis in full"), this.story),
      make("details", {class: "more", open: true}, make("summary", {}, "What happened"), this.events,
        make("a", {class: "get", download: true, href: api.download(store.name, `diagram.svg?conn=${number}`)}, "Diagram of this connection (SVG)")));
    this.update();
  }

  // update shows what has changed of the connection.
  update() {
    const conn = this.store && this.store.conns.find((c) => c.number === this.number);
    if (!conn) return;
    text(this.title, `Connection ${conn.number}: ${conn.silenced ? "silent" : conn.state}`);
    const facts = [
      ["Path", conn.target], ["From", conn.remote || "–"],
      ["To the server", `${conn.to_server.frames} frames, ${size(conn.to_server.bytes)}`], ["To the client", `${conn.to_client.frames} frames, ${size(conn.to_client.bytes)}`],
    ];
    if (conn.beat_at !== undefined) facts.push(["Beats", conn.unanswered ? `${conn.unanswered} without an answer` : "answered"]);
    if (conn.close) facts.push(["Close event", `${conn.close.code}${conn.close.reason ? ` “${conn.close.reason}”` : ""}, ${conn.close.wasClean ? "clean" : "not clean"}`]);
    const wanted = facts.map((f) => f.join("\n")).join("\n");
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.facts.replaceChildren(...facts.flatMap(([k, v]) => [make("dt", {}, k), make("dd", {}, v)]));
    }
    for (const b of this.actions.children) b.disabled = conn.state !== "open";
    const version = `${conn.last_event}/${conn.state}`;
    if (this.asked !== version) {
      this.asked = version;
      this.ask();
    }
    this.list();
  }

  async ask() {
    const number = this.number;
    const d = await api.diagnosis(this.store.name, number).catch(() => null);
    if (!d || number !== this.number) return;
    const state = d.ended ? "It ended" : d.cause.id === "still-open" ? "It is open" : "It is ending";
    text(this.why, `${state}: ${d.cause.text}.`);
    this.why.title = `${d.cause.id}, ${d.cause.confidence}`;
    this.why.dataset.cause = d.cause.id;
    text(this.advice, d.cause.advice ? `What to do: ${d.cause.advice}` : "");
    text(this.story, d.text);
  }

  list() {
    const lane = this.store.lanes.get(this.number);
    if (!lane) return;
    const events = lane.events.slice(-LISTED);
    const last = events.length ? events[events.length - 1].seq : 0;
    if (last === this.listed) return;
    this.listed = last;
    const atEnd = this.events.scrollTop + this.events.clientHeight >= this.events.scrollHeight - 8;
    this.events.replaceChildren(...events.map((e) => make("li", {class: e.event === "fault" || e.event === "silence" ? "fault" : null}, told(e))));
    if (atEnd) this.events.scrollTop = this.events.scrollHeight;
  }
}

