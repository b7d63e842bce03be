// Events in words, and what kind of thing they are.

export const isBeat = (e) => e.op === "ping" || (e.op === "text" && e.text === "ping");
export const isAnswer = (e) => e.op === "pong" || (e.op === "text" && e.text === "pong");

const FAULTS = new Set(["fault", "not-applied", "silence", "heal", "opaque"]);

// layer says which of the switches shows an event.
export function layer(e) {
  if (e.event === "frame" || e.event === "bytes") return isBeat(e) || isAnswer(e) ? "beats" : e.op === "close" ? "ends" : "data";
  return FAULTS.has(e.event) ? "faults" : "ends";
}

// words say an event in a line.
export function words(e) {
  const way = e.dir === "to-server" ? "▲ " : e.dir === "to-client" ? "▼ " : "";
  switch (e.event) {
    case "frame": return way + frame(e);
    case "bytes": return `${way}${e.count} bytes`;
    case "fault": return `fault: ${e.does}`;
    case "request": return `${way}upgrade of ${e.target || ""}`;
    case "response": return `${way}${e.status}`;
    case "fin": case "rst": return `${way}${e.event.toUpperCase()}`;
    case "ended": return `ended: ${[e.code, e.cause].filter(Boolean).join(" ")}`;
    case "note": return `note: ${e.name}`;
    case "rule": return `rule ${e.change}: ${e.does}`;
    default: return `${way}${e.event}${e.why ? `: ${e.why}` : ""}${e.error ? `: ${e.error}` : ""}`;
  }
}

function frame(e) {
  let s = e.op;
  if (e.op === "close") s += e.code ? ` ${e.code}${e.reason ? ` “${e.reason}”` : ""}` : "";
  else s += ` ${e.len} B${e.text ? ` “${e.text.slice(0, 200)}”` : ""}`;
  if (e.seen === "arrived") s += ", stopped or held here";
  if (e.seen === "left") s += e.rule ? ", sent by a rule" : ", sent late";
  return s;
}

// told is an event with its time and the rule that had a hand in it.
export const told = (e) => `${e.t.toFixed(3)} s  ${words(e)}${e.rule ? `  [${e.rule}]` : ""}`;

// has reports whether an event's words have a text, in lower case, in them.
export function has(e, text) {
  e.hay ??= `${e.event} ${words(e)} ${e.rule || ""}`.toLowerCase();
  return e.hay.includes(text);
}
