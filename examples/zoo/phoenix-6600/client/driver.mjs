// phoenix.js in an application that, once connected, reconnects twice in a row.
// VARIANT is buggy or fixed; the server is the argument or WS_URL; HEARTBEAT_MS (500)
// is the heartbeat interval, RECONNECT_MS (200) the reconnect delay.
import { createRequire } from 'node:module'
import WebSocket from 'ws'

globalThis.window ??= globalThis // phoenix.js expects a browser
globalThis.addEventListener ??= () => {}

const require = createRequire(import.meta.url)
const { Socket } = require(`phoenix-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
process.on('uncaughtException', e => emit('uncaught', { message: String(e.message) }))

const socket = new Socket(process.argv[2] || process.env.WS_URL, {
  transport: WebSocket,
  heartbeatIntervalMs: Number(process.env.HEARTBEAT_MS || 500),
  reconnectAfterMs: () => Number(process.env.RECONNECT_MS || 200),
})
let opens = 0
let closes = 0
socket.onOpen(() => {
  emit('open', { n: ++opens })
  if (opens > 1) return
  for (let i = 0; i < 2; i++) {
    emit('reconnect_asked')
    socket.disconnect(() => socket.connect())
  }
})
socket.onClose(e => emit('close', { code: e?.code, n: ++closes }))
socket.onError(e => emit('error', { message: String(e?.message || e?.error?.message || '') }))
socket.connect()
emit('started')
setInterval(() => {}, 1000)
