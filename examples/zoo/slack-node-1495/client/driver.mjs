// Slack's SocketModeClient, which asks HTTP_URL/api/apps.connections.open (or that of
// the argument) for the URL of its WebSocket. VARIANT is buggy or fixed; PING_MS (500)
// and SERVER_PING_MS (1500) are its ping timeouts.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { SocketModeClient } = require(`sm-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
const text = e => String(e?.message || e)
process.on('unhandledRejection', e => emit('unhandled', { message: text(e) }))
process.on('uncaughtException', e => emit('uncaught', { message: text(e) }))

const ping = Number(process.env.PING_MS || 500)
const serverPing = Number(process.env.SERVER_PING_MS || 1500)
const client = new SocketModeClient({
  appToken: 'xapp-1',
  logLevel: process.env.LOG || 'error',
  // The options changed their names between the releases.
  clientPingTimeout: ping,
  clientPingTimeoutMS: ping,
  serverPingTimeout: serverPing,
  serverPingTimeoutMS: serverPing,
  clientOptions: { slackApiUrl: `${process.argv[2] || process.env.HTTP_URL}/api/` },
})
for (const e of ['connecting', 'authenticated', 'connected', 'reconnecting', 'disconnecting', 'disconnected', 'ready', 'close']) {
  client.on(e, () => emit(e))
}
client.on('error', e => emit('error', { message: text(e) }))
client.start().then(() => emit('started'), e => emit('start_error', { message: text(e) }))
setInterval(() => {}, 1000)
