/** Answers on `node:http`: the head to the gateway, the body by a pipe from socket to socket. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Forwarding } from '../begun.ts'
import type { Facts } from '../endpoints/facts.ts'
import type { Plan } from '../forward/forward.ts'
import type { Gateway } from '../gateway.ts'
import { bagOf, type Head, inTurn } from '../head.ts'
import type { Answer } from '../respond.ts'
import { attempt } from './attempt.ts'
import { counted, telling } from './held.ts'
import { refusalOf, send } from './undici.ts'
import { createWatch, type Watch } from './watch.ts'

/** Never rejects: whatever goes wrong ends with an answer, or with the connection. */
export async function answerNode(
  gateway: Gateway,
  scheme: Head['scheme'] | null,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const begun = await gateway.begin(headOf(incoming, scheme), letGo)
    if (begun.kind === 'answer') return write(incoming, outgoing, begun.answer)
    if (incoming.headers.expect !== undefined) outgoing.writeContinue()
    if (begun.kind === 'forward') return await forward(begun, bodyOf(begun, incoming), incoming, outgoing)
    const released = await begun.release(chunksOf(incoming))
    if (released.kind === 'answer') return write(incoming, outgoing, released.answer)
    await forward(released.forwarding, released.body, incoming, outgoing)
  } catch {
    outgoing.destroy()
  }
}

/** Who stops early leaves the connection alone: an answer may be due on it. */
const chunksOf = (incoming: IncomingMessage): AsyncIterable<Uint8Array> => incoming.iterator({ destroyOnReturn: false })

function bodyOf({ plan }: Forwarding, incoming: IncomingMessage): AsyncIterable<Uint8Array> | null {
  const { headers } = incoming
  const hasBody = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
  return hasBody && !plan.isBare ? chunksOf(incoming) : null
}

async function forward(
  begun: Forwarding,
  body: AsyncIterable<Uint8Array> | null,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { plan } = begun
  const { socket } = incoming
  const watch = createWatch(plan, () => socket.bytesRead + socket.bytesWritten)
  const leave = (): void => watch.giveUp(null)
  // a client may have left while it was decided about
  if (outgoing.destroyed) leave()
  outgoing.once('close', leave)
  const sent = body && limited(body, plan, watch)
  const attempted = await attempt(begun, watch, {
    hasBody: sent !== null,
    send: (place) => send(place === plan ? plan : { ...plan, ...place }, sent, watch.whenGivenUp),
    refusalOf: (error) => refusalOf(error, plan),
  })
  if (attempted.kind === 'answer') return write(incoming, outgoing, attempted.answer)
  const upstream = attempted.sent
  const { answer, isTheirs } = begun.vouch ? await begun.vouch(upstream) : begun.finish(upstream)
  if (!isTheirs) {
    upstream.body.cancel()
    watch.end()
    return write(incoming, outgoing, answer)
  }
  watch.answered()
  outgoing.writeHead(answer.status, inTurn(answer.headers))
  outgoing.once('finish', watch.end)
  watch.whenGivenUp(() => outgoing.destroy())
  const whole = upstream.body.whole()
  if (whole) return void endWith(outgoing, whole)
  let hasBegun = false
  outgoing.on('drain', upstream.body.resume)
  upstream.body.read({
    chunk(bytes) {
      hasBegun = true
      return outgoing.write(bytes)
    },
    end() {
      hasBegun = true
      outgoing.end()
    },
    // a body that breaks off must break the client's connection too: only then is it known to be cut short
    fail: () => void outgoing.destroy(),
  })
  // a head must not wait for a body that hasn't begun; together with one that is here it goes out in one piece
  if (!hasBegun) outgoing.flushHeaders()
}

/** A short text leaves in one write together with the head; of bytes Node makes a list of two, which takes longer. */
function endWith(outgoing: ServerResponse, bytes: Uint8Array): void {
  if (bytes.length <= shortBytes) outgoing.end(latin1(bytes), 'latin1')
  else outgoing.end(bytes)
}

const shortBytes = 4_096

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')

/** A body whose length was told was judged by it; one in chunks is counted while it goes by. */
function limited(body: AsyncIterable<Uint8Array>, { maxBodyBytes }: Plan, watch: Watch): AsyncIterable<Uint8Array> {
  const whole = telling(body, () => watch.giveUp({ reason: 'malformed', what: 'body' }))
  if (maxBodyBytes === null) return whole
  let bytes = 0
  return counted(whole, (more) => {
    bytes += more
    if (bytes <= maxBodyBytes) return
    watch.giveUp({ reason: 'too-large', what: 'body' })
    throw new Error('the body is larger than the rule lets through')
  })
}

export function write(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
  if (outgoing.destroyed) return
  // what is left of the request's body is never read: the connection can't be used again
  if (!incoming.complete) outgoing.setHeader('connection', 'close')
  outgoing.writeHead(answer.status, inTurn(answer.headers))
  outgoing.end(answer.body ?? undefined)
}

export function headOf(incoming: IncomingMessage, scheme: Head['scheme'] | null): Head {
  const { rawHeaders, socket } = incoming
  const pairs = pairsOf(rawHeaders)
  const hosts = pairs.filter(([name]) => name === 'host')
  return {
    method: incoming.method ?? '',
    scheme: scheme ?? ('encrypted' in socket ? 'https' : 'http'),
    // two Host headers are no host at all (RFC 9112 section 3.2)
    host: hosts.length === 1 ? (hosts[0]?.[1] ?? '') : '',
    target: incoming.url ?? '',
    headers: bagOf(pairs),
    clientAddress: addressOf(socket),
  }
}

/** Names and values as they stand in turn. */
export function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    pairs.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  return pairs
}

export const factsOf = ({ socket }: Pick<IncomingMessage, 'socket'>): Facts => ({
  clientAddress: addressOf(socket),
  waitUntil: letGo,
})

/** The process lives on anyway. */
const letGo = (work: Promise<unknown>): void => void work.catch(() => undefined)

/** An IPv4 address that the socket writes as IPv6 is the same address. */
const addressOf = (socket: Socket): string | null => socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null
