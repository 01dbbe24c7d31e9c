/** Asks an upstream for a WebSocket (RFC 6455 section 4.1) through `node:http`, on the runtimes that have it: Node and Deno. */

import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { Plan } from '../forward/forward.ts'

/** What the upstream said; with a socket where that is yes. */
export interface Asked {
  readonly answer: IncomingMessage
  readonly open: { readonly socket: Socket; readonly first: Buffer } | null
}

/** Rejects where no answer comes. Once the signal aborts the connection is gone, whatever came of it. */
export function askForWebSocket({ url, headers }: Pick<Plan, 'url' | 'headers'>, signal: AbortSignal): Promise<Asked> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asking = send(url, {
      headers: [...headers, ['host', new URL(url).host], ['connection', 'Upgrade'], ['upgrade', 'websocket']].flat(),
      agent: false,
    })
    const leave = (): void => void asking.destroy(new Error('given up'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    asking.on('error', reject)
    asking.once('response', (answer) => {
      // whoever reads it sees its errors; when nobody does, they must not end the process
      answer.on('error', () => undefined)
      resolve({ answer, open: null })
    })
    asking.once('upgrade', (answer, socket, first) => {
      signal.removeEventListener('abort', leave)
      resolve({ answer, open: { socket, first } })
    })
    asking.end()
  })
}
