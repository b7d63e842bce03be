// The same heartbeat without the weaknesses of article.js. The numbered comments say
// what is different.

import { address, log, milliseconds } from "./page.js";

const beatAfter = milliseconds("beat", 3000);
const answerWithin = milliseconds("answer", 3000);
const connectWithin = milliseconds("connect", 10000);
const retryAfter = milliseconds("retry", 2000);
const retryAtMost = milliseconds("most", 30000);

let leave = () => {};
let failures = 0;
let retryTimer;

function connect() {
  log("connecting");
  // 1. Socket and timer belong together. A connection that is over has no timer left
  // that could meet the next one.
  const socket = new WebSocket(address);
  let openedAt = Infinity;
  let over = false;
  let timer;
  const next = (wait, what) => {
    clearTimeout(timer);
    timer = over ? undefined : setTimeout(what, wait);
  };

  // 2. A connection ends once, by whatever comes first.
  const end = () => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    if (performance.now() - openedAt >= beatAfter) failures = 0;
    return true;
  };
  // 3. A socket that is given up is not waited for: on a silent line its close event
  // comes a minute after close(), when the closing handshake has timed out.
  const giveUp = (why) => {
    log("unanswered", { state: socket.readyState, why });
    if (end()) retry();
    socket.close();
  };

  // 4. A handshake has a time limit, too; the browser's own is four minutes.
  next(connectWithin, () => giveUp("handshake"));

  const restartHeartbeat = () => next(beatAfter, () => {
    log("beat", { state: socket.readyState });
    socket.send("ping");
    next(answerWithin, () => giveUp("beat"));
  });
  socket.onopen = () => {
    if (over) return;
    log("open");
    openedAt = performance.now();
    restartHeartbeat();
  };
  socket.onmessage = ({ data }) => {
    if (over) return;
    restartHeartbeat();
    log("message", { data });
    if (data !== "pong") {
      JSON.parse(data);
    }
  };
  // 5. error has nothing to say: close follows it, always.
  socket.onerror = () => log("error");
  socket.onclose = ({ code, reason, wasClean }) => {
    log("close", { code, reason, wasClean });
    if (end()) retry();
  };

  leave = () => {
    end();
    socket.close(1000, "page left");
  };
}

// 6. Delays grow while attempts fail, and chance keeps all pages from coming back at the
// same moment.
function retry() {
  const delay = Math.min(retryAfter * 2 ** failures, retryAtMost) * (0.5 + Math.random());
  failures++;
  retryTimer = setTimeout(connect, delay);
}

// 7. pagehide is the event that comes whenever a page goes, and pageshow brings back one
// that the browser had kept.
addEventListener("pagehide", () => {
  clearTimeout(retryTimer);
  leave();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) connect();
});

connect();
