// The board: a row for each connection that can be seen, and its lane beside it.

import {$, ago, text} from "./elements.js";
import {View, axis, colours, draw, fit, nearest, notes, ring} from "./lanes.js";
import {fill, orders, rowElement, wanted} from "./rows.js";
import {told} from "./words.js";

export class Board {
  constructor(choose) {
    this.choose = choose; // is told which connection was chosen
    this.view = new View();
    this.rows = [];
    this.shown = [];
    this.spots = new Map(); // of the rows that are drawn: where events are
    this.dirty = true;
    this.colours = colours();
    this.narrow = window.matchMedia("(max-width: 900px)");
    new ResizeObserver(() => { this.dirty = true; }).observe($("scroll"));
    const frame = () => { this.frame(); requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  }

  // set shows a store's connections; those that are not wanted are left out.
  set(store) {
    this.store = store;
    this.chosen = undefined;
    this.mark = undefined; // the event that was chosen
    this.update();
  }

  update() {
    if (!this.store) return;
    const {conns, dropped, missed} = this.store;
    const state = $("show").value, find = $("find").value.trim().toLowerCase();
    this.shown = conns.filter((c) => wanted(c, state, find)).sort(orders[$("sort").value]);
    const open = conns.filter((c) => c.state === "open").length;
    const notes = [`${open} open, ${conns.length - open} over`];
    if (this.shown.length < conns.length) notes.push(`${this.shown.length} shown`);
    if (dropped) notes.push(`the oldest ${dropped} events are no longer drawn`);
    if (missed) notes.push(`${missed} events had gone before they could be shown`);
    text($("counts"), notes.join("; "));
    $("empty").hidden = conns.length > 0;
    this.dirty = true;
  }

  // measure is where things are: on a narrow page the lane is below the row's words.
  measure() {
    const width = $("scroll").clientWidth;
    if (this.narrow.matches) return {row: 84, lane: 30, top: 48, left: 8, width: width - 16};
    const words = Math.min(460, width * 0.48);
    return {row: 46, lane: 46, top: 0, left: words, width: width - words - 8};
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
    $("head").style.width = m.left + "px";
    this.layRows(from, to, m);
    const lanes = this.drawLanes(from, to, m, scroll, height);
    const above = axis($("axis"), v, m.width, this.colours), noted = this.store?.lanes.get(0);
    if (noted) notes(above, lanes, noted.events, v, m.left, m.width, height, this.colours);
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
      row.setAttribute("aria-posinset", from + i + 1);
      row.setAttribute("aria-setsize", this.shown.length);
      fill(row, conn, now);
    });
  }

  drawLanes(from, to, m, scroll, height) {
    const g = fit($("lanes"), scroll.clientWidth, height);
    this.spots.clear();
    for (let i = from; i < to; i++) {
      const conn = this.shown[i];
      const top = i * m.row - scroll.scrollTop + m.top;
      const box = {left: m.left, top, width: m.width, height: m.lane};
      const spots = draw(g, box, conn, this.store.lanes.get(conn.number), this.view, this.colours);
      this.spots.set(conn.number, spots);
    }
    if (this.mark) this.point(g);
    return g;
  }

  // point shows which event was chosen, and what it was, if it can be seen.
  point(g) {
    const spot = this.spots.get(this.mark.conn)?.find((s) => s.e === this.mark);
    if (spot) ring(g, spot, this.colours);
    this.tip(spot && this.mark, spot?.x, spot?.y);
  }

  pick(number) {
    if (number !== this.chosen) this.unmark();
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

  // walk goes to the next event of the chosen connection, or to the one before.
  walk(by) {
    const lane = this.store?.lanes.get(this.chosen);
    if (!lane || !lane.events.length) return;
    const i = this.mark ? lane.events.indexOf(this.mark) + by : by > 0 ? 0 : lane.events.length - 1;
    this.show(lane.events[Math.min(Math.max(i, 0), lane.events.length - 1)]);
  }

  // show moves the time to an event, and says what it was.
  show(e) {
    this.mark = e;
    this.pause(true);
    const v = this.view;
    if (e.t < v.start || e.t > v.end) v.end = e.t + v.span / 2;
    this.dirty = true;
  }

  unmark() {
    this.mark = undefined;
    this.tip();
  }

  // tip says what an event was, beside a point of the lanes; without one it is hidden.
  tip(e, x, y) {
    const tip = $("tip");
    tip.hidden = !e;
    if (!e) return;
    text(tip, told(e));
    const grid = $("grid");
    tip.style.left = Math.max(4, Math.min(x, grid.clientWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = y + $("scroll").parentElement.offsetTop + 14 + "px";
  }

  pause(on = this.view.following) {
    this.view.following = !on;
    $("pause").setAttribute("aria-pressed", on);
    text($("pause"), on ? "Follow" : "Pause");
    if (!on) this.unmark();
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

  // at is what lies under a point of the window.
  at(clientX, clientY) {
    const m = this.measure(), scroll = $("scroll"), box = scroll.getBoundingClientRect();
    const x = clientX - box.left, y = clientY - box.top;
    const conn = this.shown[Math.floor((y + scroll.scrollTop) / m.row)];
    return {x, y, share: (x - m.left) / m.width, e: conn && x >= m.left ? nearest(this.spots.get(conn.number), x, y) : undefined};
  }

  recolour() {
    this.colours = colours();
    this.dirty = true;
  }
}
