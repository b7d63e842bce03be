// The graphql-ws client, lazy, with one subscription and up to 5 retries. VARIANT is
// buggy or fixed; the server is the argument or WS_URL.
import { createRequire } from 'node:module'
import WebSocket from 'ws'

const require = createRequire(import.meta.url)
const { createClient } = require(`gqlws-${process.env.VARIANT || 'buggy'}`)
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))
process.on('unhandledRejection', e => emit('unhandled', { message: String(e?.message || e?.code || e) }))

const client = createClient({
  url: process.argv[2] || process.env.WS_URL,
  webSocketImpl: WebSocket,
  lazy: true,
  retryAttempts: 5,
  retryTimeout: 200,
})
client.on('connected', () => emit('connected'))
client.on('closed', e => emit('closed', { code: e?.code }))
client.subscribe({ query: 'subscription { tick }' }, {
  next: () => emit('next'),
  error: e => emit('sink_error', { code: e?.code, message: String(e?.message || '') }),
  complete: () => emit('complete'),
})
setInterval(() => {}, 1000)
