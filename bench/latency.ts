/** One request after the other on one connection: how long each takes where nothing queues. */

import { once } from 'node:events'
import { connect } from 'node:net'
import type { Loaded } from './load.ts'

/** @param request raw, answered with a Content-Length */
export async function askInTurn(port: number, request: string, seconds: number): Promise<Loaded> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  const late = { signal: AbortSignal.timeout(seconds * 1000 + 20_000) }
  const times: number[] = []
  let refused = 0
  const begunAt = performance.now()
  while (performance.now() - begunAt < seconds * 1000) {
    const askedAt = performance.now()
    socket.write(request)
    let answer = ''
    while (!isWhole(answer)) answer += ((await once(socket, 'data', late)) as [Buffer])[0].toString('latin1')
    times.push((performance.now() - askedAt) * 1000)
    if (Number(answer.slice(9, 12)) >= 400) refused += 1
  }
  const microseconds = (performance.now() - begunAt) * 1000
  socket.destroy()
  times.sort((a, b) => a - b)
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN
  return { requests: times.length, refused, broken: 0, microseconds, p50: at(0.5), p99: at(0.99) }
}

function isWhole(answer: string): boolean {
  const body = answer.indexOf('\r\n\r\n') + 4
  return body >= 4 && answer.length - body >= Number(/\r\ncontent-length: *(\d+)/i.exec(answer)?.[1])
}
