// The card of one connection: how it is or why it ended, what can be done to it, and
// what happened, as text.

import * as api from "./api.js";
import {actions} from "./actions.js";
import {$, ago, attempt, make, say, size, text} from "./elements.js";
import {ask} from "./forms.js";
import {told} from "./words.js";

const LISTED = 200;

// act does an action to a connection, or to all (no number), asking for what it needs.
export function act(store, number, action) {
  const label = action.label.replace("…", "");
  const doing = (body) => attempt((result) => result.connections.length === 0 ? "There is no open connection" : `${label}: ${several(result.connections)}`, () => api.act(store.name, number, action.name, body));
  if (!action.schema) {
    doing(action.body && action.body());
    return;
  }
  ask(`${label}: ${number ? "connection " + number : "all open connections"}`, action.schema, label, async (v) => {
    const result = await api.act(store.name, number, action.name, action.body(v));
    say(`${label}: ${several(result.connections)}`);
  });
}

const several = (list) => list.length > 5 ? `${list.length} connections` : `connection ${list.join(", ")}`;

// buttons are those of the actions.
export function buttons(doing) {
  return actions.map((a) => make("button", {type: "button", title: a.about, "data-action": a.name, onclick: () => doing(a)}, a.label));
}

export class Details {
  constructor(seek) {
    this.seek = seek; // is told which event was chosen
    this.card = $("one");
    this.show(null, undefined);
  }

  show(store, number) {
    this.store = store;
    this.number = number;
    this.listed = 0;
    this.asked = undefined;
    if (number === undefined) {
      this.card.replaceChildren(make("h2", {id: "one-title"}, "No connection chosen"),
        make("p", {class: "muted"}, "Choose one in the list, by a click or with the arrow keys: how it is, why it ended, what to do about it and what can be done to it stand here."));
      return;
    }
    this.title = make("h2", {id: "one-title"});
    this.facts = make("dl", {class: "facts"});
    this.why = make("p", {class: "why"});
    this.advice = make("p", {class: "advice"});
    this.story = make("pre", {class: "story", tabindex: "0", "aria-label": "Diagnosis"});
    this.events = make("ol", {class: "events", tabindex: "0", "aria-label": "Events, the newest last", onclick: (c) => this.seekTo(c.target)});
    this.actions = make("div", {class: "actions", role: "group", "aria-label": `Connection ${number}`}, ...buttons((a) => act(this.store, this.number, a)));
    this.card.replaceChildren(this.title, this.why, this.advice, this.actions, this.facts,
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
    const since = (t) => t === undefined ? "–" : `at ${t.toFixed(3)} s`;
    const facts = [
      ["Path", conn.target], ["From", conn.remote || "–"], ["Opened", since(conn.opened_at)],
      ["To the server", `${conn.to_server.frames} frames, ${size(conn.to_server.bytes)}`], ["To the client", `${conn.to_client.frames} frames, ${size(conn.to_client.bytes)}`],
    ];
    if (conn.subprotocol) facts.push(["Subprotocol", conn.subprotocol]);
    if (conn.beat_at !== undefined) facts.push(["Last beat", since(conn.beat_at)], ["Last answer", since(conn.answer_at)], ["Unanswered", conn.unanswered]);
    if (conn.faults) facts.push(["Faults", conn.faults]);
    if (conn.ended_at !== undefined) facts.push(["Ended", `${since(conn.ended_at)}, after ${ago(conn.ended_at - (conn.opened_at ?? conn.requested_at))}`]);
    if (conn.close) facts.push(["Close event", `${conn.close.code}${conn.close.reason ? ` “${conn.close.reason}”` : ""}, ${conn.close.wasClean ? "clean" : "not clean"}`]);
    const wanted = facts.map((f) => f.join("\n")).join("\n");
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.facts.replaceChildren(...facts.flatMap(([k, v]) => [make("dt", {}, k), make("dd", {}, String(v))]));
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
    this.events.replaceChildren(...events.map((e) => make("li", {class: kind(e), "data-seq": String(e.seq)}, told(e))));
    if (atEnd) this.events.scrollTop = this.events.scrollHeight;
  }

  seekTo(item) {
    const e = this.store.lanes.get(this.number)?.events.find((one) => String(one.seq) === item.dataset.seq);
    if (e) this.seek(e);
  }
}

// kind is how the line of an event is marked.
const kind = (e) => e.event === "fault" || e.event === "silence" ? "fault" : e.event === "ended" || e.op === "close" || e.event === "rst" || e.event === "fin" ? "end" : null;
