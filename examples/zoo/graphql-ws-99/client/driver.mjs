// The graphql-ws client, lazy, with the subscriptions alpha and beta and a retry
// every 300 ms. VARIANT is buggy or fixed; the server is the argument or WS_URL.
import { createRequire } from 'node:module'
import WebSocket from 'ws'

const require = createRequire(import.meta.url)
const { createClient } = require(`gqlws-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
const text = e => String(e?.message || e?.code || e)
process.on('unhandledRejection', e => emit('unhandled', { message: text(e) }))

const client = createClient({
  url: process.argv[2] || process.env.WS_URL,
  webSocketImpl: WebSocket,
  lazy: true,
  keepAlive: 0,
  retryAttempts: 20,
  retryWait: () => new Promise(r => setTimeout(r, 300)),
})
client.on('connected', () => emit('connected'))
client.on('closed', e => emit('closed', { code: e?.code }))
for (const q of ['alpha', 'beta']) {
  client.subscribe({ query: `subscription { ${q} }` }, {
    next: () => emit('next', { q }),
    error: e => emit('sink_error', { q, message: text(e) }),
    complete: () => emit('complete', { q }),
  })
}
setInterval(() => {}, 1000)
