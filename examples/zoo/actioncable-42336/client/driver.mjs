// Rails Action Cable consumers, CLIENTS (1) of them in one process, each subscribed
// to RoomChannel. VARIANT is buggy or fixed; the server is the argument or WS_URL.
// QUIET leaves out a line per message.
import { createRequire } from 'node:module'
import WebSocket from 'ws'

// What the package expects of a browser.
globalThis.self = globalThis
globalThis.WebSocket = WebSocket
globalThis.addEventListener = () => {}
globalThis.removeEventListener = () => {}
globalThis.document = { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} }

const require = createRequire(import.meta.url)
const { createConsumer } = require(`ac-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
const url = process.argv[2] || process.env.WS_URL

for (let c = 0; c < Number(process.env.CLIENTS || 1); c++) {
  createConsumer(`${url}?c=${c}`).subscriptions.create('RoomChannel', {
    connected: () => emit('connected', { c }),
    disconnected: () => emit('disconnected', { c }),
    received: () => process.env.QUIET || emit('received', { c }),
  })
}
setInterval(() => {}, 1000)
