// What can be done to connections, and faults that are often wanted.

const direction = {title: "Direction", description: "What travels that way is concerned.", enum: ["to-client", "to-server", "both"], default: "to-client"};
const toward = {title: "Toward", enum: ["to-client", "to-server"], default: "to-client"};
const way = {type: "object", required: ["direction"], properties: {direction}};
const conns = {title: "Connections", type: "string", examples: ["2-4"], description: "Such as 2, 2-4 or 30%. Nothing: all."};
const object = (required, properties) => ({type: "object", required, properties});

// actions are done to a connection. Those with a schema are asked for more; body makes
// the body of the request from what was put in.
export const actions = [
  {name: "silence", label: "Silence", about: "The client receives nothing, on a connection that stays open.", body: () => "to-client"},
  {name: "heal", label: "Heal", about: "Ends every silence; what was held goes out."},
  {name: "close", label: "Close…", about: "A closing handshake with a code of your choice.", schema: object(["code"], {
    code: {title: "Code", type: "integer", default: 1012, description: "1000 normal, 1001 going away, 1011 error, 1012 restart, 1013 try again later, 4000–4999 your own"},
    reason: {title: "Reason", type: "string", examples: ["restart"]}}), body: (v) => v},
  {name: "cut", label: "Cut", about: "Both sides end without a Close frame: the browser reports 1006."},
  {name: "reset", label: "Reset", about: "Both sides end with a TCP reset."},
  {name: "ping", label: "Ping", about: "Sends the client a ping, which it has to answer.", body: () => ({payload: "dashboard"})},
  {name: "inject", label: "Inject…", about: "Sends a frame of yours.", schema: object(["op", "toward"], {
    op: {title: "Opcode", enum: ["text", "binary", "ping", "pong"], default: "text"}, text: {title: "Payload", type: "string"}, toward}),
    body: ({toward: to, ...frame}) => ({frame, toward: to})},
  {name: "silence", label: "Silence…", about: "Nothing gets through in the direction of your choice.", schema: way, body: (v) => v.direction},
  {name: "freeze", label: "Freeze…", about: "Stops reading, so that the sender's buffers fill.", schema: way, body: (v) => v.direction},
  {name: "discard", label: "Discard…", about: "Swallows whole frames.", schema: way, body: (v) => v.direction},
];

// faults are rules that are often wanted; rule makes one from what was put in. What was
// left empty is undefined, which JSON leaves out.
export const faults = [
  {label: "Delay everything", schema: object(["delay"], {delay: {title: "By", type: "string", default: "200ms±50ms"}, conns}),
    rule: ({delay, conns}) => ({do: {latency: delay}, conns})},
  {label: "Drop pongs", schema: object([], {times: {title: "How often", type: "integer", description: "Nothing: always."}, conns}),
    rule: (v) => ({on: {frame: {op: "pong", dir: "to-client"}}, do: "drop", ...v})},
  {label: "Drop frames with a text", schema: object(["contains", "dir"], {contains: {title: "Text", type: "string", examples: ["heartbeat"]}, dir: direction, conns}),
    rule: ({contains, dir, conns}) => ({on: {frame: {contains, dir}}, do: "drop", conns})},
  {label: "End idle connections", schema: object(["idle"], {idle: {title: "After a silence of", type: "string", default: "10s"}}),
    rule: ({idle}) => ({on: {idle}, do: {end: {client: "full-close", server: "full-close"}}})},
  {label: "Close after a time", schema: object(["elapsed", "code"], {elapsed: {title: "After", type: "string", default: "30s"}, code: {title: "Code", type: "integer", default: 1012}, reason: {title: "Reason", type: "string"}}),
    rule: ({elapsed, code, reason}) => ({on: {elapsed}, do: {close: {code, reason}}})},
  {label: "Go silent after a time", schema: object(["elapsed"], {elapsed: {title: "After", type: "string", default: "10s"}, conns}),
    rule: ({elapsed, conns}) => ({on: {elapsed}, do: {silence: "to-client"}, conns})},
  {label: "Refuse upgrades", schema: object(["status", "times"], {status: {title: "HTTP status", type: "integer", default: 503}, times: {title: "How often", type: "integer", default: 2, description: "0: always."}}),
    rule: ({status, ...v}) => ({do: {reject: status}, ...v})},
  {label: "Limit the rate", schema: object(["rate"], {rate: {title: "Rate", type: "string", default: "56kbit/s"}}), rule: ({rate}) => ({do: {rate}})},
];
