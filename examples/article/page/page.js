// What both pages share: their parameters, and the log of what happened to them.

const query = new URLSearchParams(location.search);

// The socket's address. Without ?url= it is at the server that the page is from.
export const address = query.get("url") ?? `ws://${location.host}/socket`;

// milliseconds is a duration from the query string.
export function milliseconds(name, otherwise) {
  return query.has(name) ? Number(query.get(name)) : otherwise;
}

// Everything that was logged, for tests: {at, type, …}, at in ms since the page began.
window.events = [];

export function log(type, details = {}) {
  const at = performance.now();
  window.events.push({ at, type, ...details });
  const row = document.querySelector("#log").insertRow();
  row.className = type;
  row.insertCell().textContent = (at / 1000).toFixed(2) + " s";
  row.insertCell().textContent = type;
  row.insertCell().textContent = Object.entries(details).map(([k, v]) => `${k} ${JSON.stringify(v)}`).join(", ");
}

addEventListener("error", (e) => log("exception", { name: e.error?.name ?? "", text: e.message }));
