/** Shakes hands with an upstream on Deno: by `node:http`, so that whatever it says is heard, and a server that upgrades. */

import { createHash } from 'node:crypto'
import type { Plan } from '../forward/forward.ts'
import { bagOf } from '../head.ts'
import type { Dialled } from './fetch.ts'
import { askForWebSocket } from './handshake.ts'
import { joinSockets, type MessageSocket } from './join.ts'
import { pairsOf } from './node-http.ts'
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
  const { answer, open } = await askForWebSocket({ url: plan.url, headers }, signal)
  const theirs = pairsOf(answer.rawHeaders)
  if (!open) return { kind: 'sent', sent: { status: answer.statusCode ?? 0, headers: theirs, body: streamOf(answer) } }
  const upstream = createUpstreamSocket(open.socket, open.first)
  const said = bagOf(theirs)
  if (said.get('sec-websocket-accept') !== acceptFor(bagOf(headers).get('sec-websocket-key') ?? '')) {
    open.socket.destroy()
    throw new Error('the upstream answers a handshake that nobody asked for')
  }
  const protocol = said.get('sec-websocket-protocol')
  return {
    kind: 'open',
    headers: theirs,
    drop: () => void open.socket.destroy(),
    accept(dressed) {
      const { socket, response } = upgrade(request, { ...(protocol && { protocol }), idleTimeout: 0 })
      for (const [name, value] of dressed) if (!ofTheHandshake.has(name)) response.headers.append(name, value)
      socket.addEventListener('open', () => {
        joinSockets(socket as MessageSocket, upstream, plan, () => Date.now() / 1000)
        upstream.resume()
      })
      // a client that left before it was open
      socket.addEventListener('error', () => upstream.close(1011))
      return response
    },
  }
}

/** RFC 6455 section 4.2.2. */
const acceptFor = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
