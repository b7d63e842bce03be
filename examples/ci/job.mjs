// A CI job in Node.js: faultproxy closes the first connection with 1012, the client has to
// come back, and the recording has to show it.
//
//   node job.mjs WORKDIR     with faultproxy on the PATH
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'
import { strictEqual } from 'node:assert'

// Node.js 22 has a WebSocket; before that it is the package ws, found where WS_FROM says.
const WebSocket = globalThis.WebSocket ?? createRequire(process.env.WS_FROM ?? import.meta.url)('ws')

const record = `${process.argv[2]}/out.jsonl`
const proxy = spawn('faultproxy', ['run', '--json', '--listen', '127.0.0.1:0', '--admin', 'off', '--ttl', '30s',
  '--rule', '{on: {elapsed: 200ms}, conns: 1, do: {close: {code: 1012, reason: restart}}}', '--record', record],
{ stdio: ['ignore', 'pipe', 'inherit'] })
const lines = createInterface({ input: proxy.stdout })
const [ready] = await once(lines, 'line')
lines.resume()
const { url } = JSON.parse(ready)

// The client under test, which returns when it is connected for the second time.
await new Promise((resolve) => {
  const connect = (attempt) => {
    const ws = new WebSocket(url)
    ws.onopen = () => attempt === 2 && (ws.close(1000), resolve())
    ws.onclose = ({ code }) => attempt === 1 && (strictEqual(code, 1012), setTimeout(connect, 100, 2))
  }
  connect(1)
})

proxy.kill('SIGTERM')
const [status] = await once(proxy, 'exit')
strictEqual(status, 0)
const events = readFileSync(record, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
strictEqual(events.filter(({ event }) => event === 'opened').length, 2, 'connections opened')
