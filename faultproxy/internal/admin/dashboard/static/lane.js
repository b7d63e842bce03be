// A lane has the events of a connection, beats linked with their answers.

import {isAnswer, isBeat} from "./words.js";

export class Lane {
  constructor() {
    this.events = [];
    this.waiting = {"to-server": [], "to-client": []}; // beats without an answer, by where they went
    this.silences = []; // {dir, from, to}
  }

  add(e) {
    this.events.push(e);
    if (e.event === "silence") this.silences.push({dir: e.dir, from: e.t, to: Infinity});
    if (e.event === "heal" || e.event === "ended") {
      for (const s of this.silences) if (s.to === Infinity && (e.event === "ended" || !e.dir || e.dir === s.dir)) s.to = e.t;
    }
    // Beats are seen as the client sees them.
    if (e.event !== "frame" || (e.dir === "to-server" ? e.seen === "left" : e.seen === "arrived")) return;
    if (isBeat(e)) {
      e.beat = true;
      this.waiting[e.dir].push(e);
    } else if (isAnswer(e)) this.answered(e);
  }

  answered(e) {
    const list = this.waiting[e.dir === "to-server" ? "to-client" : "to-server"];
    const i = e.op === "pong" ? list.findIndex((b) => b.op === "ping" && b.text === e.text && b.base64 === e.base64) : list.findIndex((b) => b.op === "text");
    if (i < 0) return;
    list[i].answer = e;
    e.beat = true;
    list.splice(0, i + 1);
  }

  // forget drops the older half of the events, and returns how many that were.
  forget() {
    const n = Math.ceil(this.events.length / 2);
    const gone = new Set(this.events.splice(0, n));
    for (const dir of Object.keys(this.waiting)) this.waiting[dir] = this.waiting[dir].filter((b) => !gone.has(b));
    const from = this.events.length ? this.events[0].t : Infinity;
    this.silences = this.silences.filter((s) => s.to >= from);
    return n;
  }
}
