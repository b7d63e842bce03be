// The page: which proxy is shown, and what happens when it changes.

import * as api from "./api.js";
import {Board} from "./board.js";
import {control} from "./controls.js";
import {Details, act, buttons} from "./details.js";
import {$, attempt, make, say, text} from "./elements.js";
import {Findings} from "./findings.js";
import {Middlebox} from "./middlebox.js";
import {Rules} from "./rules.js";
import {Scenario} from "./scenario.js";
import {Store} from "./store.js";
import {tabs, turnTo} from "./tabs.js";
import {theme} from "./theme.js";

let store;
let changes; // tells when the set of proxies has changed
const details = new Details((e) => board.show(e));
const board = new Board((number) => { details.show(store, number); turnTo("tab-one"); });
const panels = [new Rules(), new Middlebox(), new Scenario(), new Findings()];
control(board);
tabs();
theme(() => board.recolour());

// open shows a proxy.
function open(proxy) {
  if (store) store.close();
  banner("");
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
  switch (what) {
    case "lost":
      banner("faultproxy does not answer. This page connects again by itself, and then shows what happened meanwhile.");
      break;
    case "found":
      banner("");
      break;
    case "gone":
      store.close();
      store = undefined;
      list();
      break;
    case "events":
      board.dirty = true;
      break;
    case "conns":
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
  text($("rule-count"), proxy.rules.length ? ` ${proxy.rules.length}` : "");
  const doing = [`seed ${proxy.seed}`];
  if (proxy.preset) doing.push(`like ${proxy.preset}`);
  if (proxy.scenario) doing.push(`${proxy.scenario.name || "scenario"}: ${proxy.scenario.phase || "between phases"}`);
  text($("doing"), doing.join(" · "));
  howTo(proxy.url);
}

// howTo says in an empty list how it gets filled.
function howTo(url) {
  if (!url || $("empty").dataset.url === url) return;
  $("empty").dataset.url = url;
  $("empty").replaceChildren(make("h3", {}, "No connection yet"), make("p", {}, "Point a client at the proxy instead of its server. In a page or a browser's console:"), make("pre", {}, `const ws = new WebSocket(${JSON.stringify(url)})`),
    make("p", {}, "On a command line:"), make("pre", {}, `npx wscat -c ${url}`), make("p", {class: "muted"}, "It appears here as soon as it asks for an upgrade."));
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
    store.hurry();
  }
}

$("proxies").addEventListener("change", () => attempt("", async () => open(await api.proxy($("proxies").value))));
$("enabled").addEventListener("change", () => {
  const on = $("enabled").checked;
  attempt(on ? "It accepts connections" : "It refuses connections, and those that were open have ended", () => api.enable(store.name, on)).then(() => store?.hurry());
});
$("copy").addEventListener("click", () => navigator.clipboard.writeText($("url").textContent).then(() => say("Copied"), () => say("The browser does not permit copying", true)));
$("all-actions").append(...buttons((a) => act(store, undefined, a)));
for (const b of document.querySelectorAll("[data-port]")) {
  b.addEventListener("click", () => attempt(`The port: ${b.dataset.port}`, () => api.port(store.name, b.dataset.port)));
}

// A menu closes when something in it, or beside it, was pressed.
document.addEventListener("click", (c) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!c.target.closest("summary") || !menu.contains(c.target)) menu.open = false;
});
document.addEventListener("keydown", (k) => {
  if (k.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

function watch() {
  changes = api.changes();
  changes.onmessage = () => list();
}

document.addEventListener("visibilitychange", () => {
  if (store) store.sleep(document.hidden);
  if (document.hidden) changes.close();
  else watch();
  board.dirty = true;
});
watch();
