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
      let isOpen = false
      socket.addEventListener('open', () => {
        isOpen = true
        joinSockets(socket as MessageSocket, upstream, plan, () => Date.now() / 1000)
        upstream.resume()
      })
      // a client that left before it was open
      socket.addEventListener('close', () => {
        if (!isOpen) open.socket.destroy()
      })
      return response
    },
  }
}
