// What is known of a proxy: its events as they come, and its connections.

import * as api from "./api.js";

// How many events are kept; of more, the oldest go.
const KEPT = 60000;

export class Store {
  constructor(name, last, tell) {
    this.name = name;
    this.tell = tell; // of what changed: "events", "conns", "proxy", "lost", "found"
    this.lanes = new Map(); // events by connection
    this.count = 0;
    this.dropped = 0;
    this.conns = [];
    this.proxy = null;
    this.clock = {proxy: 0, local: performance.now()};
    this.stale = true;
    this.source = api.events(name, Math.max(0, last - KEPT));
    this.source.onmessage = (m) => this.take(JSON.parse(m.data));
    this.source.onopen = () => this.tell("found");
    this.source.onerror = () => this.tell("lost");
    this.timer = setInterval(() => this.refresh(), 1000);
    this.refresh();
  }

  close() {
    this.source.close();
    clearInterval(this.timer);
    this.closed = true;
  }

  // now is the proxy's time, in seconds since its timeline began.
  now() {
    return this.clock.proxy + (performance.now() - this.clock.local) / 1000;
  }

  setNow(seconds) {
    this.clock = {proxy: seconds, local: performance.now()};
  }

  take(e) {
    if (e.t > this.now()) this.setNow(e.t);
    const conn = e.conn || 0;
    let lane = this.lanes.get(conn);
    if (!lane) this.lanes.set(conn, lane = new Lane());
    lane.add(e);
    this.stale = true;
    if (++this.count > KEPT) this.drop();
    this.tell("events", e);
  }

  // drop forgets the older half of the events of each connection.
  drop() {
    for (const [conn, lane] of this.lanes) {
      const n = lane.forget();
      this.count -= n;
      this.dropped += n;
      if (lane.events.length === 0) this.lanes.delete(conn);
    }
  }

  async refresh() {
    if (!this.stale || this.asking || document.hidden) return;
    this.asking = true;
    this.stale = false;
    try {
      const [proxy, conns] = await Promise.all([api.proxy(this.name), api.connections(this.name)]);
      if (this.closed) return;
      this.setNow(conns.now);
      this.conns = conns.connections;
      this.proxy = proxy;
      this.tell("conns");
    } catch (err) {
      this.stale = true;
      if (err.status === 404) this.tell("gone");
    } finally {
      this.asking = false;
    }
  }
}

// Lane has the events of a connection, beats linked with their answers.
class Lane {
  constructor() {
    this.events = [];
    this.waiting = {"to-server": [], "to-client": []}; // beats without an answer, by where they went
    this.silences = []; // {dir, from, to}
  }

  add(e) {
    this.events.push(e);
    if (e.event === "silence") this.silences.push({dir: e.dir, from: e.t, to: Infinity, seq: e.seq});
    if (e.event === "heal" || e.event === "ended") {
      for (const s of this.silences) if (s.to === Infinity && (e.event === "ended" || !e.dir || e.dir === s.dir)) s.to = e.t;
    }
    // Beats are seen as the client sees them.
    if (e.event !== "frame" || (e.dir === "to-server" ? e.seen === "left" : e.seen === "arrived")) return;
    if (isBeat(e)) {
      e.beat = true;
      this.waiting[e.dir].push(e);
    } else if (isAnswer(e)) {
      const list = this.waiting[e.dir === "to-server" ? "to-client" : "to-server"];
      const i = e.op === "pong" ? list.findIndex((b) => b.op === "ping" && b.text === e.text && b.base64 === e.base64) : list.findIndex((b) => b.op === "text");
      if (i >= 0) {
        list[i].answer = e;
        e.beat = true;
        list.splice(0, i + 1);
      }
    }
  }

  forget() {
    const n = Math.ceil(this.events.length / 2);
    this.events.splice(0, n);
    return n;
  }
}

const isBeat = (e) => e.op === "ping" || (e.op === "text" && e.text === "ping");
const isAnswer = (e) => e.op === "pong" || (e.op === "text" && e.text === "pong");

// layer says which of the switches shows an event.
export function layer(e) {
  if (e.event === "frame" || e.event === "bytes") return isBeat(e) || isAnswer(e) ? "beats" : e.op === "close" ? "ends" : "data";
  if (e.event === "fault" || e.event === "not-applied" || e.event === "silence" || e.event === "heal" || e.event === "opaque") return "faults";
  return "ends";
}

// words say an event in a line.
export function words(e) {
  const way = e.dir === "to-server" ? "→ " : e.dir === "to-client" ? "← " : "";
  switch (e.event) {
    case "frame": {
      let s = `${way}${e.op}`;
      if (e.op === "close") s += e.code ? ` ${e.code}${e.reason ? ` “${e.reason}”` : ""}` : "";
      else s += ` ${e.len} B${e.text ? ` “${e.text.slice(0, 200)}”` : ""}`;
      if (e.seen === "arrived") s += ", stopped or held here";
      if (e.seen === "left") s += e.rule ? ", sent by a rule" : ", sent late";
      return s;
    }
    case "bytes": return `${way}${e.count} bytes`;
    case "fault": return `fault: ${e.does}`;
    case "request": return `${way}upgrade of ${e.target || ""}`;
    case "response": return `${way}${e.status}`;
    case "fin": case "rst": return `${way}${e.event.toUpperCase()}`;
    case "ended": return `ended: ${e.code} ${e.cause || ""}`;
    case "note": return `note: ${e.name}`;
    case "rule": return `rule ${e.change}: ${e.does}`;
    default: return `${way}${e.event}${e.why ? `: ${e.why}` : ""}${e.error ? `: ${e.error}` : ""}`;
  }
}
