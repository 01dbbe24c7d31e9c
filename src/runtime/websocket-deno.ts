/** Shakes hands with an upstream on Deno: by `node:http`, so that whatever it says is heard, and a server that upgrades. */

import type { Plan } from '../forward/forward.ts'
import { bagOf } from '../head.ts'
import type { Dialled } from './fetch.ts'
import { askForWebSocket } from './handshake.ts'
import { joinSockets, type MessageSocket } from './join.ts'
import { streamOf } from './stream.ts'
import { createUpstreamSocket } from './upstream-socket.ts'

export type UpgradeWebSocket = (
  request: Request,
  options: { readonly protocol?: string; readonly idleTimeout: number },
) => { readonly socket: WebSocket; readonly response: Response }

/** Each side agrees on these with the gateway, and Deno on its own. */
const ofTheHandshake: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
])

/** From the end of a handshake to its `open`. */
const openingMilliseconds = 300

export async function dialDeno(
  plan: Plan,
  request: Request,
  signal: AbortSignal,
  upgrade: UpgradeWebSocket,
): Promise<Dialled> {
  const headers = plan.headers.filter(([name]) => name !== 'sec-websocket-extensions')
  const { answer, headers: theirs, open } = await askForWebSocket({ url: plan.url, headers }, signal)
  if (!open) return { kind: 'sent', sent: { status: answer.statusCode ?? 0, headers: theirs, body: streamOf(answer) } }
  const upstream = createUpstreamSocket(open.socket, open.first)
  const protocol = bagOf(theirs).get('sec-websocket-protocol')
  return {
    kind: 'open',
    headers: theirs,
    drop: () => void open.socket.destroy(),
    accept(dressed) {
      const { socket, response } = upgrade(request, { ...(protocol && { protocol }), idleTimeout: 0 })
      for (const [name, value] of dressed) if (!ofTheHandshake.has(name)) response.headers.append(name, value)
      const { signal: leaving } = request
      let isOpen = false
      socket.addEventListener('open', () => {
        isOpen = true
        joinSockets(socket as MessageSocket, upstream, plan, () => Date.now() / 1000)
        upstream.resume()
      })
      // of a client that leaves before it is open Deno says nothing more, not even that it is closed
      const miss = (): void => {
        if (!isOpen) open.socket.destroy()
      }
      if (leaving.aborted) miss()
      // without --unstable-no-legacy-abort every request ends so, also one whose socket opens next
      else leaving.addEventListener('abort', () => setTimeout(miss, openingMilliseconds))
      return response
    },
  }
}
