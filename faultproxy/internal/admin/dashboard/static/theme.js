// Light or dark: as the system is, until somebody chooses.

import {$, text} from "./elements.js";

const KEY = "faultproxy-theme";

export function theme(changed) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    text($("theme"), dark() ? "Light" : "Dark");
    changed();
  };
  let saved = null;
  try { saved = localStorage.getItem(KEY); } catch { /* the browser keeps nothing */ }
  if (saved) document.documentElement.dataset.theme = saved;
  $("theme").addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem(KEY, next); } catch { /* then for this time only */ }
    show();
  });
  system.addEventListener("change", show);
  show();
}
