// Elements of the page. Everything that is shown goes in as text: what frames and paths
// say is not to be trusted.

export const $ = (id) => document.getElementById(id);

// make returns an element with properties, listeners (on…) and children.
export function make(tag, properties = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (key === "class") e.className = value;
    else if (key in e && typeof value !== "string") e[key] = value;
    else e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// text changes what an element says, if that is something else.
export function text(e, value) {
  const s = String(value);
  if (e.textContent !== s) e.textContent = s;
}

let quiet;
// say tells what came of something, for a while.
export function say(message, wrong = false) {
  const e = $("said");
  e.textContent = message;
  e.className = wrong ? "said wrong" : "said";
  clearTimeout(quiet);
  quiet = setTimeout(() => { e.textContent = ""; }, wrong ? 12000 : 4000);
}

// attempt does something and says how it went; the result is undefined if it failed.
export async function attempt(what, doing) {
  try {
    const result = await doing();
    if (what) say(typeof what === "function" ? what(result) : what);
    return result ?? null;
  } catch (err) {
    say(err.message, true);
    return undefined;
  }
}

export const ago = (seconds) => {
  if (seconds < 0) seconds = 0;
  if (seconds < 10) return seconds.toFixed(1) + " s";
  if (seconds < 120) return Math.round(seconds) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  return (seconds / 3600).toFixed(1) + " h";
};

export const size = (bytes) => bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
