// Runs the client of one protocol until it gives its connection up, and prints what
// it sees, one JSON object a line:
//
//   {"event": "connected"}   the WebSocket is open
//   {"event": "session"}     the protocol's own opening is complete
//   {"event": "beat"}        a beat was sent
//   {"event": "answer"}      an answer arrived
//   {"event": "server-beat"} a beat of the server arrived
//   {"event": "gave-up"}     the client called the connection dead
//   {"event": "failed"}      it is not the story that was to be told
//
// usage: node main.mjs DIALECT WEBSOCKET-URL INTERVAL-MS
//
// The client beats, or expects beats, every INTERVAL-MS. Clients that would connect
// again are kept from it: one connection is one story. After gave-up the program
// ends with status 0, once the closing handshake had its chance; after failed, or
// 40 s without either, with another one.
const [dialect, url, interval] = process.argv.slice(2);

function say(event, more) {
  console.log(JSON.stringify({ event, at: performance.now(), ...more }));
  if (event === "gave-up") setTimeout(() => process.exit(0), 200);
  if (event === "failed") setTimeout(() => process.exit(1), 0);
}

setTimeout(() => {
  console.error(`${dialect}: it has not given up after 40 s`);
  process.exit(3);
}, 40_000);

const { default: play } = await import(`./${dialect}.mjs`);
await play(url, Number(interval), say);
