// The client of the article: it beats 3 s after the last message, closes when 3 s later
// nothing has come, and connects again 2 s after any end.

import { address, log, milliseconds } from "./page.js";

const beatAfter = milliseconds("beat", 3000);
const answerWithin = milliseconds("answer", 3000);
const retryAfter = milliseconds("retry", 2000);

let socket;
let beatTimer, answerTimer;
let reconnecting = false;

function connect() {
  log("connecting");
  socket = new WebSocket(address);
  socket.onopen = () => {
    log("open");
    restartHeartbeat();
  };
  socket.onmessage = ({ data }) => {
    restartHeartbeat(); // whatever it is, it shows that the line is alive
    log("message", { data });
    if (data !== "pong") {
      JSON.parse(data); // here an application would use it
    }
  };
  socket.onerror = () => {
    log("error");
    reconnect();
  };
  socket.onclose = ({ code, reason, wasClean }) => {
    log("close", { code, reason, wasClean });
    reconnect();
  };
}

function restartHeartbeat() {
  clearTimeout(beatTimer);
  clearTimeout(answerTimer);
  beatTimer = setTimeout(() => {
    log("beat", { state: socket.readyState });
    socket.send("ping");
    answerTimer = setTimeout(() => {
      log("unanswered", { state: socket.readyState });
      socket.close(); // onclose connects again
    }, answerWithin);
  }, beatAfter);
}

function reconnect() {
  if (reconnecting) {
    log("locked");
    return;
  }
  reconnecting = true;
  setTimeout(() => {
    reconnecting = false;
    connect();
  }, retryAfter);
}

addEventListener("beforeunload", () => socket.close());

connect();
