/** Asks an upstream for a WebSocket (RFC 6455 section 4.1) through `node:http`, on the runtimes that have it: Node and Deno. */

import { createHash } from 'node:crypto'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { Plan } from '../forward/forward.ts'
import { bagOf, type HeaderBag } from '../head.ts'
import { pairsOf } from './node-http.ts'

/** What the upstream said; with a socket where that is yes. */
export interface Asked {
  readonly answer: IncomingMessage
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly open: { readonly socket: Socket; readonly first: Buffer } | null
}

/** Rejects where no answer comes, or none to what was asked. Once the signal aborts the connection is gone, whatever came of it. */
export function askForWebSocket({ url, headers }: Pick<Plan, 'url' | 'headers'>, signal: AbortSignal): Promise<Asked> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asking = send(url, {
      headers: [...headers, ['host', new URL(url).host], ['connection', 'Upgrade'], ['upgrade', 'websocket']].flat(),
      agent: false,
      maxHeaderSize: 65_536,
    })
    const leave = (): void => void asking.destroy(new Error('given up'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    asking.on('error', reject)
    asking.once('response', (answer) => {
      // whoever reads it sees its errors; when nobody does, they must not end the process
      answer.on('error', () => undefined)
      resolve({ answer, headers: pairsOf(answer.rawHeaders), open: null })
    })
    asking.once('upgrade', (answer, socket, first) => {
      signal.removeEventListener('abort', leave)
      const theirs = pairsOf(answer.rawHeaders)
      if (isAgreed(bagOf(headers), bagOf(theirs))) return resolve({ answer, headers: theirs, open: { socket, first } })
      socket.destroy()
      reject(new Error('the upstream agrees to what nobody asked for'))
    })
    asking.end()
  })
}

/**
 * The upstream understood, and agrees to nothing that wasn't offered. Whoever can make it say 101 by other means would
 * have a tunnel to it past every rule.
 */
function isAgreed(offered: HeaderBag, agreed: HeaderBag): boolean {
  const protocol = agreed.get('sec-websocket-protocol')
  const protocols = (offered.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  return (
    agreed.get('upgrade')?.toLowerCase() === 'websocket' &&
    agreed.get('sec-websocket-accept') === acceptFor(offered.get('sec-websocket-key') ?? '') &&
    (protocol === null || protocols.includes(protocol)) &&
    (agreed.get('sec-websocket-extensions') === null || offered.get('sec-websocket-extensions') !== null)
  )
}

/** RFC 6455 section 4.2.2. */
const acceptFor = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
