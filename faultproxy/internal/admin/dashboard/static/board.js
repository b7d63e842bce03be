// The board: a row for each connection that can be seen, and its lane beside it.

import {$, ago, make, text} from "./elements.js";
import {View, axis, colours, draw, fit, nearest, told} from "./lanes.js";

export class Board {
  constructor(choose) {
    this.choose = choose; // is told which connection was chosen
    this.view = new View();
    this.rows = [];
    this.shown = [];
    this.spots = new Map();
    this.dirty = true;
    this.colours = colours();
    this.listen();
    const frame = () => { this.frame(); requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  }

  // set shows a store's connections; those that are not wanted are left out.
  set(store) {
    this.store = store;
    this.chosen = undefined;
    this.update();
  }

  update() {
    if (!this.store) return;
    const state = $("show").value, find = $("find").value.trim().toLowerCase();
    this.shown = this.store.conns.filter((c) =>
      (state === "all" || (state === "open") === (c.state === "open" || c.state === "connecting")) &&
      (!find || `${c.number} ${c.target} ${c.state} ${c.cause ? c.cause.id + " " + c.cause.text : ""} ${c.close ? c.close.code : ""} ${c.remote || ""}`.toLowerCase().includes(find)));
    this.shown.reverse(); // the newest first
    const open = this.store.conns.filter((c) => c.state === "open").length;
    text($("counts"), `${open} open, ${this.store.conns.length - open} over${this.store.dropped ? `; the oldest ${this.store.dropped} events are no longer drawn` : ""}`);
    $("empty").hidden = this.store.conns.length > 0;
    this.dirty = true;
  }

  // measure is where things are: on a narrow page the lane is below the row's words.
  measure() {
    const narrow = window.matchMedia("(max-width: 900px)").matches;
    const width = $("scroll").clientWidth;
    const words = narrow ? 0 : Math.min(620, width * 0.62);
    return narrow ? {row: 64, lane: 30, top: 30, left: 8, width: width - 16} : {row: 34, lane: 34, top: 0, left: words, width: width - words - 8};
  }

  frame() {
    const v = this.view;
    if (this.store) v.now = this.store.now();
    if (v.following && this.store) v.end = Math.max(v.now + v.span * 0.02, v.span);
    if (!(this.dirty || (v.following && this.store && this.store.conns.length)) || document.hidden) return;
    this.dirty = false;
    text($("span"), ago(v.span));
    const m = this.measure(), scroll = $("scroll");
    const height = scroll.clientHeight;
    const from = Math.max(0, Math.floor(scroll.scrollTop / m.row) - 1);
    const to = Math.min(this.shown.length, Math.ceil((scroll.scrollTop + height) / m.row) + 1);
    $("rows").style.height = this.shown.length * m.row + "px";
    axis($("axis"), v, m.width, this.colours);
    this.layRows(from, to, m);
    this.drawLanes(from, to, m, scroll, height);
  }

  layRows(from, to, m) {
    while (this.rows.length < to - from) {
      const row = rowElement();
      row.addEventListener("click", () => this.pick(row.number));
      this.rows.push(row);
      $("rows").append(row);
    }
    const now = this.store ? this.store.now() : 0;
    this.rows.forEach((row, i) => {
      const conn = this.shown[from + i];
      row.hidden = from + i >= to || !conn;
      if (row.hidden) return;
      row.style.transform = `translateY(${(from + i) * m.row}px)`;
      row.id = "row-" + conn.number;
      row.setAttribute("aria-selected", conn.number === this.chosen);
      fill(row, conn, now);
    });
  }

  drawLanes(from, to, m, scroll, height) {
    const canvas = $("lanes");
    const g = fit(canvas, scroll.clientWidth, height);
    this.spots.clear();
    for (let i = from; i < to; i++) {
      const conn = this.shown[i];
      const top = i * m.row - scroll.scrollTop + m.top;
      const box = {left: m.left, top, width: m.width, height: m.lane};
      this.spots.set(conn.number, draw(g, box, conn, this.store.lanes.get(conn.number), this.view, this.colours));
    }
  }

  pick(number) {
    this.chosen = number;
    $("rows").setAttribute("aria-activedescendant", "row-" + number);
    this.dirty = true;
    this.choose(number);
  }

  // step chooses the row so many below.
  step(by) {
    if (!this.shown.length) return;
    const i = this.shown.findIndex((c) => c.number === this.chosen);
    const next = Math.min(Math.max(i < 0 ? 0 : i + by, 0), this.shown.length - 1);
    const m = this.measure(), scroll = $("scroll");
    if (next * m.row < scroll.scrollTop) scroll.scrollTop = next * m.row;
    if ((next + 1) * m.row > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = (next + 1) * m.row - scroll.clientHeight;
    this.pick(this.shown[next].number);
  }

  pause(on = this.view.following) {
    this.view.following = !on;
    $("pause").setAttribute("aria-pressed", on);
    text($("pause"), on ? "Follow" : "Pause");
    this.dirty = true;
  }

  zoom(factor, around) {
    this.view.zoom(factor, around);
    this.dirty = true;
  }

  pan(share) {
    this.view.pan(share);
    this.pause(true);
  }

  listen() {
    const scroll = $("scroll"), redraw = () => { this.dirty = true; };
    scroll.addEventListener("scroll", redraw);
    new ResizeObserver(redraw).observe(scroll);
    $("show").addEventListener("change", () => this.update());
    $("find").addEventListener("input", () => this.update());
    $("pause").addEventListener("click", () => this.pause());
    $("zoom-in").addEventListener("click", () => this.zoom(0.5));
    $("zoom-out").addEventListener("click", () => this.zoom(2));
    for (const box of document.querySelectorAll("[data-layer]")) {
      box.addEventListener("change", () => { this.view.layers[box.dataset.layer] = box.checked; this.dirty = true; });
    }
    $("rows").addEventListener("keydown", (k) => this.key(k));
    scroll.addEventListener("wheel", (w) => this.wheel(w), {passive: false});
    scroll.addEventListener("pointermove", (p) => this.point(p));
    scroll.addEventListener("pointerleave", () => { $("tip").hidden = true; });
    scroll.addEventListener("pointerdown", (p) => { if (this.onLane(p)) this.drag = p.clientX; });
    window.addEventListener("pointerup", () => { this.drag = undefined; });
  }

  key(k) {
    const does = {
      ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), PageDown: () => this.step(10), PageUp: () => this.step(-10),
      Home: () => this.step(-1e9), End: () => this.step(1e9), ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2),
      " ": () => this.pause(), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      Enter: () => { this.step(0); $("one").querySelector("button")?.focus(); },
    }[k.key];
    if (!does || k.ctrlKey || k.metaKey || k.altKey) return;
    k.preventDefault();
    does();
  }

  wheel(w) {
    if (!w.ctrlKey && !w.metaKey && !w.shiftKey) return; // the list scrolls
    w.preventDefault();
    const m = this.measure();
    const around = (w.clientX - $("scroll").getBoundingClientRect().left - m.left) / m.width;
    this.zoom(w.deltaY + w.deltaX > 0 ? 1.25 : 0.8, Math.min(Math.max(around, 0), 1));
  }

  onLane(p) {
    return p.clientX - $("scroll").getBoundingClientRect().left >= this.measure().left && p.target.closest("#scroll");
  }

  point(p) {
    const m = this.measure(), scroll = $("scroll"), box = scroll.getBoundingClientRect();
    if (this.drag !== undefined && Math.abs(p.clientX - this.drag) > 2) {
      this.pan((this.drag - p.clientX) / m.width);
      this.drag = p.clientX;
    }
    const x = p.clientX - box.left, y = p.clientY - box.top;
    const conn = this.shown[Math.floor((y + scroll.scrollTop) / m.row)];
    const e = conn && x >= m.left && nearest(this.spots.get(conn.number), x, y);
    const tip = $("tip");
    tip.hidden = !e;
    if (!e) return;
    text(tip, told(e));
    const grid = $("grid").getBoundingClientRect();
    tip.style.left = Math.min(x, grid.width - 330) + "px";
    tip.style.top = p.clientY - grid.top + 18 + "px";
  }

  recolour() {
    this.colours = colours();
    this.dirty = true;
  }
}

const short = (n) => n < 10000 ? String(n) : n < 1e6 ? Math.round(n / 1e3) + "k" : (n / 1e6).toFixed(1) + "M";

// rowElement is an empty row. Rows are used again for other connections.
function rowElement() {
  const row = make("div", {class: "row", role: "option"});
  row.cells = {};
  for (const name of ["number", "state", "path", "age", "beat", "frames", "end"]) {
    row.append(row.cells[name] = make("span", {class: "cell " + name}));
  }
  return row;
}

function fill(row, conn, now) {
  row.number = conn.number;
  const {cells} = row;
  const state = conn.silenced ? "silent" : conn.state;
  row.dataset.state = state;
  text(cells.number, conn.number);
  text(cells.state, state);
  text(cells.path, conn.target);
  cells.path.title = conn.target + (conn.subprotocol ? `, ${conn.subprotocol}` : "");
  text(cells.age, ago((conn.ended_at ?? now) - (conn.opened_at ?? conn.requested_at)));
  text(cells.beat, conn.beat_at === undefined ? "–" : conn.unanswered > 1 ? `${conn.unanswered} lost` : conn.ended_at !== undefined ? "" : `${ago(now - conn.beat_at)} ago`);
  cells.beat.classList.toggle("bad", conn.unanswered > 1);
  text(cells.frames, `▲${short(conn.to_server.frames)} ▼${short(conn.to_client.frames)}`);
  text(cells.end, conn.cause ? `${conn.close ? conn.close.code + " " : ""}${conn.cause.id}` : "");
  cells.end.title = conn.cause ? conn.cause.text : "";
}
