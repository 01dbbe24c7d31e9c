/** Shakes hands with an upstream on Workers: a fetch that comes back with a socket. */

import type { Plan } from '../forward/forward.ts'
import type { Fetcher } from './bindings.ts'
import type { Dialled } from './fetch.ts'
import { joinSockets, type MessageSocket } from './join.ts'
import { headersOf, pairsOf } from './native-headers.ts'

interface WorkersSocket extends MessageSocket {
  /** Half-open, a farewell is heard and the socket may still speak; else the runtime answers it at once. */
  accept(options: { readonly allowHalfOpen: boolean }): void
}
declare const WebSocketPair: new () => { readonly 0: WorkersSocket; readonly 1: WorkersSocket }

/** The runtime makes a key of its own, and speaks no extensions. */
const ofTheHandshake: ReadonlySet<string> = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-accept',
])

export async function dialWorkers(plan: Plan, fetcher: Fetcher, signal: AbortSignal): Promise<Dialled> {
  const headers = plan.headers.filter(([name]) => !ofTheHandshake.has(name))
  const response = await fetcher.fetch(plan.url, {
    headers: headersOf([...headers, ['upgrade', 'websocket']]),
    redirect: 'manual',
    signal,
  })
  const { webSocket: upstream } = response as Response & { readonly webSocket?: WorkersSocket | null }
  const { status, body } = response
  // what a Response has are getters of its class: it can't be spread
  if (!upstream) return { kind: 'sent', sent: { status, headers: pairsOf(response.headers), body } }
  return {
    kind: 'open',
    headers: pairsOf(response.headers).filter(([name]) => !ofTheHandshake.has(name)),
    drop() {
      upstream.accept({ allowHalfOpen: false })
      upstream.close(1011)
    },
    accept(answer) {
      const { 0: theirs, 1: ours } = new WebSocketPair()
      ours.accept({ allowHalfOpen: true })
      upstream.accept({ allowHalfOpen: true })
      joinSockets(ours, upstream, plan, () => Date.now() / 1000)
      return new Response(null, { status: 101, headers: headersOf(answer), webSocket: theirs } as ResponseInit)
    },
  }
}
