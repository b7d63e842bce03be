// What moves the board: its fields, keys, the wheel and the pointer.

import {$} from "./elements.js";

export function control(board) {
  const scroll = $("scroll");
  scroll.addEventListener("scroll", () => { board.dirty = true; });
  for (const [id, event] of [["show", "change"], ["sort", "change"], ["find", "input"]]) $(id).addEventListener(event, () => board.update());
  $("frames").addEventListener("input", () => { board.view.only = $("frames").value.trim().toLowerCase(); board.dirty = true; });
  $("pause").addEventListener("click", () => board.pause());
  $("zoom-in").addEventListener("click", () => board.zoom(0.5));
  $("zoom-out").addEventListener("click", () => board.zoom(2));
  for (const box of document.querySelectorAll("[data-layer]")) {
    box.addEventListener("change", () => { board.view.layers[box.dataset.layer] = box.checked; board.dirty = true; });
  }
  $("rows").addEventListener("keydown", (k) => key(board, k));
  scroll.addEventListener("wheel", (w) => wheel(board, w), {passive: false});
  point(board, scroll);
}

function key(board, k) {
  const does = {
    ArrowDown: () => board.step(1), ArrowUp: () => board.step(-1), PageDown: () => board.step(10), PageUp: () => board.step(-10),
    Home: () => board.step(-1e9), End: () => board.step(1e9), ArrowLeft: () => board.pan(-0.2), ArrowRight: () => board.pan(0.2),
    " ": () => board.pause(), "+": () => board.zoom(0.5), "=": () => board.zoom(0.5), "-": () => board.zoom(2),
    "[": () => board.walk(-1), "]": () => board.walk(1), Escape: () => board.unmark(),
    Enter: () => { board.step(0); $("one").querySelector("button")?.focus(); },
  }[k.key];
  if (!does || k.ctrlKey || k.metaKey) return;
  k.preventDefault();
  does();
}

// wheel zooms with a key held, and pans sideways; the list scrolls otherwise.
function wheel(board, w) {
  const {share} = board.at(w.clientX, w.clientY);
  if (w.ctrlKey || w.metaKey || w.altKey) {
    w.preventDefault();
    board.zoom(w.deltaY > 0 ? 1.25 : 0.8, Math.min(Math.max(share, 0), 1));
  } else if (Math.abs(w.deltaX) > Math.abs(w.deltaY) || w.shiftKey) {
    w.preventDefault();
    board.pan((w.deltaX || w.deltaY) / 1000);
  }
}

// point says what is under the pointer, and pans as it drags.
function point(board, scroll) {
  let drag; // where the pointer was, while it drags
  scroll.addEventListener("pointerdown", (p) => { if (board.at(p.clientX, p.clientY).share >= 0) drag = p.clientX; });
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => { drag = undefined; });
  scroll.addEventListener("pointermove", (p) => {
    if (drag !== undefined && Math.abs(p.clientX - drag) > 2) {
      board.pan((drag - p.clientX) / board.measure().width);
      drag = p.clientX;
    }
    const {e, x, y} = board.at(p.clientX, p.clientY);
    if (e || !board.mark) board.tip(e, x, y);
  });
  scroll.addEventListener("pointerleave", () => { if (!board.mark) board.tip(); });
}
