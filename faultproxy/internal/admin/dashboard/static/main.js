// The page: which proxy is shown, and what happens when it changes.

import * as api from "./api.js";
import {Board} from "./board.js";
import {Details, act, buttons} from "./details.js";
import {$, attempt, make, say, text} from "./elements.js";
import {Findings, Middlebox, Rules, Scenario, tabs} from "./panels.js";
import {Store} from "./store.js";
import {theme} from "./theme.js";

let store;
const details = new Details();
const board = new Board((number) => details.show(store, number));
const panels = [new Rules(), new Middlebox(), new Scenario(), new Findings()];
tabs();
theme(() => board.recolour());

// open shows a proxy.
function open(proxy) {
  if (store) store.close();
  store = new Store(proxy.name, proxy.last_event, (what) => told(what));
  details.show(store, undefined);
  board.set(store);
  for (const [id, file] of [["get-html", "report.html"], ["get-jsonl", "recording.jsonl"], ["get-har", "archive.har"], ["get-svg", "diagram.svg"]]) {
    $(id).href = api.download(proxy.name, file);
  }
  shown(proxy);
  history.replaceState(null, "", "#" + encodeURIComponent(proxy.name));
}

// told is called by the store when something has changed.
function told(what) {
  if (what === "lost") banner("The proxy does not answer. What happens meanwhile is not lost, if it is still there: this page connects again by itself.");
  else if (what === "found") banner("");
  else if (what === "gone") list();
  else if (what === "events") board.dirty = true;
  else if (what === "conns") {
    shown(store.proxy);
    board.update();
    details.update();
    for (const p of panels) p.update(store);
  }
}

function shown(proxy) {
  text($("url"), proxy.url || "(not enabled yet)");
  text($("upstream"), proxy.upstream);
  $("enabled").checked = proxy.enabled;
  const code = `new WebSocket(${JSON.stringify(proxy.url || "")})`;
  if ($("empty").dataset.code !== code) {
    $("empty").dataset.code = code;
    $("empty").replaceChildren(make("h3", {}, "No connection yet"), make("p", {}, "Point a client at the proxy instead of its server. In a browser's console, for example:"), make("pre", {}, code),
      make("p", {class: "muted"}, "It appears here as soon as it asks for an upgrade."));
  }
}

function banner(words) {
  $("banner").hidden = !words;
  text($("banner"), words);
}

// list shows which proxies there are, and opens one if none is open.
async function list() {
  const proxies = await api.proxies().catch(() => null);
  if (!proxies) return;
  $("proxies").replaceChildren(...proxies.map((p) => make("option", {value: p.name}, p.name)));
  const wanted = (store && store.name) || decodeURIComponent(location.hash.slice(1));
  const proxy = proxies.find((p) => p.name === wanted) || proxies[0];
  if (!proxy) {
    banner("There is no proxy. POST /v1/proxies makes one.");
    return;
  }
  $("proxies").value = proxy.name;
  if (!store || store.name !== proxy.name) open(proxy);
  else {
    store.stale = true;
    store.refresh();
  }
}

$("proxies").addEventListener("change", async () => open(await api.proxy($("proxies").value)));
$("enabled").addEventListener("change", () => attempt($("enabled").checked ? "It accepts connections" : "It refuses, and its connections end", () => api.enable(store.name, $("enabled").checked)));
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("url").textContent).then(() => say("Copied"), () => say("The browser does not permit copying", true));
});
$("all-actions").append(...buttons((a) => act(store, undefined, a)));
for (const b of document.querySelectorAll("[data-port]")) {
  b.addEventListener("click", () => attempt(`The port: ${b.dataset.port}`, () => api.port(store.name, b.dataset.port)));
}
document.addEventListener("keydown", (k) => { if (k.key === "Escape") $("downloads").open = false; });
document.addEventListener("visibilitychange", () => { if (!document.hidden && store) { store.stale = true; store.refresh(); board.dirty = true; } });
api.changes().onmessage = () => list();
