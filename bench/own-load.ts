/** Load for machines without wrk: keeps so many connections busy for so long, one request at a time on each. */

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import process from 'node:process'
import { Reader, statusOf } from '../test/support/http.ts'
import type { Load, Loaded } from './load.ts'

const { port, file, from, seconds, connections }: Load = JSON.parse(process.argv[2] ?? '')
const requests = readFileSync(file, 'latin1').split('\0').filter(Boolean)
const latencies: number[] = []
let next = from
let refused = 0
let broken = 0

const began = performance.now()
const endsAt = began + seconds * 1000
await Promise.all(Array.from({ length: connections }, converse))
const sorted = latencies.toSorted((a, b) => a - b)
const figures: Loaded = {
  requests: latencies.length,
  refused,
  broken,
  microseconds: Math.round((performance.now() - began) * 1000),
  p50: percentile(0.5),
  p99: percentile(0.99),
}
console.log(`JSON${JSON.stringify(figures)}`)

async function converse(): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const reader = new Reader(socket)
  const timer = setTimeout(() => socket.destroy(), (seconds + 10) * 1000)
  while (performance.now() < endsAt) {
    const text = requests[next++ % requests.length] ?? ''
    const sentAt = performance.now()
    socket.write(Buffer.from(text, 'latin1'))
    const message = await reader.message(text.split(' ', 1)[0])
    if (!message?.isWhole) {
      broken++
      break
    }
    if (statusOf(message) >= 400) refused++
    latencies.push((performance.now() - sentAt) * 1000)
  }
  clearTimeout(timer)
  socket.destroy()
}

function percentile(share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
