// Rows of the board: the words about a connection, and in which order they stand.

import {ago, make, text} from "./elements.js";

const newest = (a, b) => b.number - a.number;

// orders are those of the connections.
export const orders = {
  newest,
  oldest: (a, b) => a.number - b.number,
  unanswered: (a, b) => b.unanswered - a.unanswered || newest(a, b),
  frames: (a, b) => frames(b) - frames(a) || newest(a, b),
  faults: (a, b) => b.faults - a.faults || newest(a, b),
  recent: (a, b) => b.last_event - a.last_event,
};

const frames = (c) => c.to_server.frames + c.to_client.frames;

// wanted returns whether a connection is to be shown: its state, and a text to be found.
export function wanted(conn, state, find) {
  const open = conn.state === "open" || conn.state === "connecting";
  if (state !== "all" && (state === "open") !== open) return false;
  if (!find) return true;
  const words = [conn.number, conn.target, conn.state, conn.remote, conn.subprotocol, conn.cause?.id, conn.cause?.text, conn.close?.code, conn.close?.reason];
  return words.join(" ").toLowerCase().includes(find);
}

// rowElement is an empty row. Rows are used again for other connections.
export function rowElement() {
  const row = make("div", {class: "row", role: "option"});
  row.cells = {};
  for (const name of ["number", "state", "path", "age", "beat", "end", "frames"]) {
    row.append(row.cells[name] = make("span", {class: "cell " + name}));
  }
  return row;
}

// fill says in a row how a connection is.
export function fill(row, conn, now) {
  row.number = conn.number;
  const {cells} = row;
  const state = conn.silenced ? "silent" : conn.state;
  row.dataset.state = state;
  text(cells.number, conn.number);
  text(cells.state, state);
  text(cells.path, conn.target || "–");
  cells.path.title = conn.target + (conn.subprotocol ? `, ${conn.subprotocol}` : "");
  text(cells.age, ago((conn.ended_at ?? now) - (conn.opened_at ?? conn.requested_at)));
  const over = conn.ended_at !== undefined;
  text(cells.beat, conn.beat_at === undefined ? "no beat" : conn.unanswered > 1 ? `${conn.unanswered} lost` : over ? "answered" : `beat ${ago(now - conn.beat_at)}`);
  cells.beat.classList.toggle("bad", conn.unanswered > 1);
  cells.beat.title = conn.beat_at === undefined ? "" : `The newest beat: ${ago(now - conn.beat_at)} ago. The newest answer: ${conn.answer_at === undefined ? "none" : ago(now - conn.answer_at) + " ago"}.`;
  text(cells.frames, `▲${short(conn.to_server.frames)} ▼${short(conn.to_client.frames)}`);
  text(cells.end, conn.cause ? `${conn.close ? conn.close.code + " " : ""}${conn.cause.id}` : conn.subprotocol || "");
  cells.end.title = conn.cause ? conn.cause.text : "";
}

const short = (n) => n < 10000 ? String(n) : n < 1e6 ? Math.round(n / 1e3) + "k" : (n / 1e6).toFixed(1) + "M";
