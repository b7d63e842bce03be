// PartySocket's ReconnectingWebSocket on Node.js with the ws package; it gives a
// connection 400 ms to open. VARIANT is buggy or fixed; the server is the argument
// or WS_URL.
import WebSocket from 'ws'

globalThis.WebSocket ??= WebSocket
const m = await import(`ps-${process.env.VARIANT || 'buggy'}`)
const ReconnectingWebSocket = m.WebSocket || m.default?.default || m.default
const emit = (event, extra = {}) => console.log(JSON.stringify({ event, t: Date.now(), ...extra }))

const socket = new ReconnectingWebSocket(process.argv[2] || process.env.WS_URL, [], {
  WebSocket,
  connectionTimeout: 400,
  minReconnectionDelay: 100,
  maxReconnectionDelay: 200,
})
socket.addEventListener('open', () => emit('open'))
socket.addEventListener('close', e => emit('close', { code: e.code }))
socket.addEventListener('error', e => emit('error', { message: String(e.message) }))
setInterval(() => {}, 1000)
