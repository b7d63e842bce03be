// The tabs of the card beside the board.

import {$} from "./elements.js";

const all = () => [...document.querySelectorAll('[role="tab"]')];

// turnTo shows the panel of a tab.
export function turnTo(id) {
  for (const t of all()) {
    const on = t.id === id;
    t.setAttribute("aria-selected", on);
    t.tabIndex = on ? 0 : -1;
    $(t.getAttribute("aria-controls")).hidden = !on;
  }
}

// tabs makes them work, by the arrow keys too.
export function tabs() {
  all().forEach((tab, i, list) => {
    tab.addEventListener("click", () => turnTo(tab.id));
    tab.addEventListener("keydown", (k) => {
      const by = {ArrowRight: 1, ArrowLeft: -1}[k.key];
      if (!by) return;
      const next = list[(i + by + list.length) % list.length];
      turnTo(next.id);
      next.focus();
    });
  });
}
