// The lanes: what happened on each connection, drawn along the time. Only what can be
// seen is drawn, and only when something has changed.

import {has, isBeat, layer} from "./words.js";

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600];

export class View {
  constructor() {
    this.span = 20; // seconds that are shown
    this.now = 0; // what is open, and silent, goes on until then
    this.end = 0; // the time at the right edge; while it follows, now
    this.following = true;
    this.layers = {data: true, beats: true, faults: true, ends: true};
    this.only = ""; // a text that events have to have in their words to be drawn
  }

  get start() { return this.end - this.span; }

  zoom(factor, around = 0.5) {
    const span = Math.min(Math.max(this.span * factor, 0.02), 86400);
    if (!this.following) this.end += (span - this.span) * (1 - around);
    this.span = span;
  }

  pan(share) {
    this.following = false;
    this.end += this.span * share;
  }
}

// Colours are those of the style sheet, read again when it changes.
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const c = {};
  for (const name of ["line", "faint", "ink", "muted", "data", "beat", "lost", "fault", "hush", "end", "pick", "panel", "accent"]) {
    c[name] = style.getPropertyValue("--" + name).trim();
  }
  return c;
}

// fit gives a canvas the pixels of the screen, and returns its context.
export function fit(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

// axis draws the times above the lanes.
export function axis(canvas, view, width, c) {
  const g = fit(canvas, width, 24);
  const step = STEPS.find((s) => s / view.span * width >= 80) || 86400;
  g.font = "11px system-ui, sans-serif";
  g.textAlign = "center";
  for (let t = Math.ceil(view.start / step) * step; t <= view.end; t += step) {
    const x = (t - view.start) / view.span * width;
    g.fillStyle = c.line;
    g.fillRect(Math.round(x), 18, 1, 6);
    if (t < 0 || x < 16 || x > width - 16) continue;
    g.fillStyle = c.muted;
    g.fillText(label(t, step), x, 13);
  }
  return g;
}

// notes draws what was noted, such as the phases of a scenario: a line across the lanes
// and its name on the axis.
export function notes(axis, g, events, view, left, width, height, c) {
  axis.font = "600 11px system-ui, sans-serif";
  axis.textAlign = "left";
  for (const e of events) {
    if (e.event !== "note" || e.t < view.start || e.t > view.end) continue;
    const x = (e.t - view.start) / view.span * width;
    const wide = axis.measureText(e.name).width;
    const from = x + wide + 8 > width ? x - wide - 4 : x + 4;
    g.fillStyle = c.accent;
    for (let y = 0; y < height; y += 6) g.fillRect(left + x, y, 1, 3);
    axis.fillStyle = c.panel;
    axis.fillRect(from - 2, 2, wide + 4, 15);
    axis.fillStyle = c.accent;
    axis.fillRect(x, 2, 1, 22);
    axis.fillText(e.name, from, 13);
  }
}

function label(t, step) {
  if (step < 1) return t.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1) + " s";
  if (t < 120) return Math.round(t) + " s";
  const m = Math.floor(t / 60), s = Math.round(t % 60);
  return m < 60 ? `${m}:${String(s).padStart(2, "0")}` : `${Math.floor(m / 60)}:${String(m % 60).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
}

// draw draws the lane of a connection into a box, and returns what can be pointed at.
// Of marks that would lie on each other only the first is drawn.
export function draw(g, box, conn, lane, view, c) {
  const {left, top, width, height} = box;
  const mid = top + height / 2;
  const x = (t) => left + (t - view.start) / view.span * width;
  g.save();
  g.beginPath();
  g.rect(left, top, width, height);
  g.clip();
  life(g, conn, x, mid, view, c);
  const spots = [];
  const drawn = {};
  let named = -Infinity; // where the newest name of a rule ends
  if (lane) {
    for (const s of view.layers.faults ? lane.silences : []) hush(g, s, x, top, height, view, c);
    for (let i = first(lane.events, view.start - view.span * 0.02); i < lane.events.length; i++) {
      const e = lane.events[i];
      if (e.t > view.end) break;
      if (!view.layers[layer(e)] || (view.only && !has(e, view.only))) continue;
      const at = x(e.t), sort = `${e.event}${e.op}${e.dir}${e.seen}${!e.answer}`;
      if (drawn[sort] !== undefined && at - drawn[sort] < 0.75) continue;
      drawn[sort] = at;
      mark(g, e, at, x, mid, height, c, spots);
      if (e.event === "fault" && e.rule && height > 40) named = name(g, e.rule, at, top, named, c);
    }
  }
  g.restore();
  return spots;
}

// name writes the rule of a fault above it, where there is room behind the last name, and
// returns where the newest name ends.
function name(g, rule, at, top, named, c) {
  if (at < named) return named;
  g.font = "600 10px system-ui, sans-serif";
  g.fillStyle = c.fault;
  g.fillText(rule, at + 5, top + 9);
  return at + 12 + g.measureText(rule).width;
}

// ring is drawn around the event that was chosen.
export function ring(g, spot, c) {
  g.strokeStyle = c.ink;
  g.lineWidth = 1.5;
  g.beginPath();
  g.arc(spot.x, spot.y, 7, 0, 7);
  g.stroke();
}

// first is the index of the first event from a time on.
function first(events, t) {
  let low = 0, high = events.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (events[mid].t < t) low = mid + 1; else high = mid;
  }
  return low;
}

// life is the line from the upgrade to the end.
function life(g, conn, x, mid, view, c) {
  const from = conn.requested_at, opened = conn.opened_at, to = conn.ended_at ?? view.now;
  g.fillStyle = c.line;
  g.fillRect(x(from), mid - 0.5, Math.max(1, x(opened ?? to) - x(from)), 1);
  if (opened !== undefined) {
    g.fillStyle = conn.state === "open" ? c.pick : c.muted;
    g.fillRect(x(opened), mid - 1, Math.max(1, x(to) - x(opened)), 2);
  }
}

// hush shades what is silent: the upper half is the way to the server.
function hush(g, s, x, top, height, view, c) {
  const from = x(s.from), to = x(Math.min(s.to, view.now));
  const [y, h] = s.dir === "to-server" ? [top + 2, height / 2 - 2] : s.dir === "to-client" ? [top + height / 2, height / 2 - 2] : [top + 2, height - 4];
  g.fillStyle = c.hush;
  g.fillRect(from, y, to - from, h);
}

function mark(g, e, at, x, mid, height, c, spots) {
  const reach = height / 2 - 4;
  const up = e.dir === "to-server" ? -1 : 1;
  let y = mid;
  switch (e.event) {
    case "frame": case "bytes": {
      const colour = e.op === "close" ? c.end : e.beat ? (unanswered(e) ? c.lost : c.beat) : c.data;
      const long = e.op === "close" ? reach : e.beat ? reach * 0.8 : reach * 0.55;
      g.fillStyle = colour;
      g.fillRect(at - 0.75, up < 0 ? mid - long : mid, 1.5, long);
      arrow(g, at, mid + up * long, up, colour, e.seen === "arrived");
      if (e.beat && e.answer) link(g, at, x(e.answer.t), mid, reach, up, c);
      y = mid + up * long;
      break;
    }
    case "fault": case "not-applied":
      g.fillStyle = c.fault;
      g.beginPath();
      g.moveTo(at, mid - 6); g.lineTo(at + 5.5, mid + 4); g.lineTo(at - 5.5, mid + 4);
      g.fill();
      break;
    case "opened":
      dot(g, at, mid, 3.5, c.pick);
      break;
    case "fin": case "rst":
      g.fillStyle = c.end;
      g.fillRect(at - 1, up < 0 ? mid - reach : mid, 2, reach);
      break;
    case "ended":
      cross(g, at, mid, e.wasClean ? c.muted : c.end);
      break;
    case "request": case "response":
      dot(g, at, mid, 2, c.muted);
      break;
    default:
      return;
  }
  spots.push({x: at, y, e});
}

// unanswered is a beat that nothing answered for a while.
const unanswered = (e) => isBeat(e) && !e.answer;

function arrow(g, x, y, up, colour, hollow) {
  g.beginPath();
  g.moveTo(x, y - up * 1 + up * 2); g.lineTo(x + 3.5, y - up * 4); g.lineTo(x - 3.5, y - up * 4);
  g.closePath();
  if (hollow) { // it was stopped here
    g.strokeStyle = colour;
    g.lineWidth = 1.2;
    g.stroke();
  } else {
    g.fillStyle = colour;
    g.fill();
  }
}

// link joins a beat and its answer.
function link(g, from, to, mid, reach, up, c) {
  g.strokeStyle = c.beat;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(from, mid);
  g.quadraticCurveTo((from + to) / 2, mid + up * reach * 0.9, to, mid);
  g.stroke();
}

function dot(g, x, y, r, colour) {
  g.fillStyle = colour;
  g.beginPath();
  g.arc(x, y, r, 0, 7);
  g.fill();
}

function cross(g, x, y, colour) {
  g.strokeStyle = colour;
  g.lineWidth = 2;
  g.beginPath();
  g.moveTo(x - 4, y - 4); g.lineTo(x + 4, y + 4);
  g.moveTo(x + 4, y - 4); g.lineTo(x - 4, y + 4);
  g.stroke();
}

// nearest is the event that a pointer is at; undefined for none.
export function nearest(spots, x, y) {
  let best, least = 100;
  for (const s of spots || []) {
    const d = (s.x - x) ** 2 + ((s.y - y) ** 2) / 9;
    if (d < least) [best, least] = [s, d];
  }
  return best && best.e;
}
