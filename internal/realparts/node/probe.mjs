// Plays the scenarios given as JSON on standard input with the ws client, all at
// once, and prints what it sees, one JSON object a line.
import { Agent } from "node:http";
import { text } from "node:stream/consumers";
import WebSocket from "ws";

// One attempt; resolves to whether the socket opened, once it has closed.
function attempt(scenario, number, agent, print) {
  return new Promise((resolve) => {
    let over = false;
    const add = (type, more) => over || print({ at: performance.now(), attempt: number, type, ...more });
    const timers = [];
    let opened = false;
    let localPort = 0;
    add("connecting");
    const ca = scenario.ca || undefined;
    // ws leaves short messages uncompressed unless told otherwise; a browser
    // compresses every one.
    const socket = new WebSocket(scenario.url, { agent, ca, perMessageDeflate: { threshold: 0 } });
    const leave = () => {
      add("left", { data: ["connecting", "open", "closing", "closed"][socket.readyState] });
      over = true;
      timers.forEach(clearInterval);
      socket.terminate();
      resolve(opened);
    };
    if (scenario.watch > 0) timers.push(setTimeout(leave, scenario.watch));
    const send = (data) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      add("sent", { data });
      socket.send(data);
    };
    socket.on("upgrade", (response) => {
      localPort = response.socket.localPort;
    });
    // With a listener, ws leaves the refused request alone. Reading the answer to
    // its end gives the TCP connection back to the agent, if the server keeps it.
    if (scenario.attempts > 1) socket.on("unexpected-response", (request, response) => {
      const connection = response.socket;
      add("refused", { status: response.statusCode, localPort: connection.localPort });
      response.resume();
      response.on("close", () => {
        if (!agent) connection.destroy(); // nobody will use it again
        setImmediate(resolve, false); // one turn later the agent has the connection back
      });
    });
    socket.on("open", () => {
      opened = true;
      add("open", { extensions: socket.extensions, localPort });
      scenario.send.forEach((text, i) => {
        if (scenario.sendEvery > 0) timers.push(setTimeout(send, (i + 1) * scenario.sendEvery, text));
        else send(text);
      });
      for (const { text, every } of scenario.repeat) timers.push(setInterval(send, every, text));
      if (scenario.pingEvery > 0) {
        timers.push(setInterval(() => {
          if (socket.readyState !== WebSocket.OPEN) return;
          add("ping");
          socket.ping("beat");
        }, scenario.pingEvery));
      }
      if (scenario.closeAfter > 0) {
        timers.push(setTimeout(() => socket.close(scenario.closeCode, scenario.closeReason), scenario.closeAfter));
      }
    });
    socket.on("message", (data, isBinary) => add("message", { data: isBinary ? `${data.length} bytes` : data.toString() }));
    socket.on("pong", (data) => add("pong", { data: data.toString() }));
    socket.on("ping", () => add("pinged"));
    socket.on("error", (error) => add("error", { data: error.message }));
    // The event target's close event, for it has what a browser's has.
    socket.addEventListener("close", ({ code, reason, wasClean }) => {
      timers.forEach(clearInterval);
      add("close", { code, reason, wasClean });
      resolve(opened);
    });
  });
}

async function play(scenario, index) {
  const print = (event) => console.log(JSON.stringify({ scenario: index, ...event }));
  const agent = scenario.keepAlive ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
  await new Promise((resolve) => setTimeout(resolve, scenario.startAfter));
  for (let number = 1; number <= scenario.attempts; number++) {
    if (await attempt(scenario, number, agent, print)) break;
  }
  agent?.destroy();
}

await Promise.all(JSON.parse(await text(process.stdin)).map(play));
