// The client of subscriptions-transport-ws with reconnection on, 3 attempts at most.
// VARIANT is buggy or fixed; the server is the argument or WS_URL.
import { createRequire } from 'node:module'
import WebSocket from 'ws'

const require = createRequire(import.meta.url)
const { SubscriptionClient } = require(`stw-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
process.on('uncaughtException', e => emit('uncaught', { message: String(e.message) }))

const client = new SubscriptionClient(
  process.argv[2] || process.env.WS_URL,
  { reconnect: true, reconnectionAttempts: 3, timeout: 5000 },
  WebSocket,
)
for (const event of ['connect', 'connected', 'disconnect', 'disconnected', 'reconnect', 'reconnected']) {
  client[`on${event[0].toUpperCase()}${event.slice(1)}`]?.(() => emit(event)) // each release has some of them
}
setInterval(() => {}, 1000)
