/** WebSockets on Node: the handshake is judged like any request, then bytes go from socket to socket, frames and all. */

import { request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Forwarding, Gateway } from '../gateway.ts'
import type { Head } from '../head.ts'
import { FrameStream } from './frames.ts'
import { headOf, pairsOf, write } from './node-http.ts'
import { idleOf, tooOld, untilEnd } from './socket-life.ts'
import { whenStill } from './watch.ts'

/** Never rejects. @param first what came behind the handshake already */
export async function answerUpgrade(
  gateway: Gateway,
  scheme: Head['scheme'] | null,
  incoming: IncomingMessage,
  socket: Socket,
  first: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const outgoing = new ServerResponse(incoming)
  outgoing.shouldKeepAlive = false
  outgoing.assignSocket(socket)
  outgoing.once('finish', () => socket.end())
  try {
    const begun = await gateway.begin(headOf(incoming, scheme), (work) => void work.catch(() => undefined))
    if (begun.kind === 'answer') return write(incoming, outgoing, begun.answer)
    if (begun.kind === 'held' || !begun.plan.isWebSocket) return void socket.destroy()
    dial(begun, incoming, outgoing, socket, first)
  } catch {
    socket.destroy()
  }
}

function dial(
  begun: Forwarding,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socket: Socket,
  first: Buffer,
): void {
  const { plan } = begun
  const url = new URL(plan.url)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const upstream = send(plan.url, {
    method: 'GET',
    headers: [...plan.headers, ['host', url.host], ['connection', 'Upgrade'], ['upgrade', 'websocket']].flat(),
    agent: false,
    timeout: plan.firstByteSeconds * 1000,
  })
  const leave = (): void => void upstream.destroy()
  socket.once('close', leave)
  upstream.once('timeout', () =>
    upstream.destroy(
      Object.assign(new Error('slow'), { refusal: { reason: 'upstream-timeout', seconds: plan.firstByteSeconds } }),
    ),
  )
  upstream.once('error', (error) => {
    if (socket.destroyed || outgoing.headersSent) return
    const isSlow = 'refusal' in error
    write(
      incoming,
      outgoing,
      begun.fail(
        isSlow
          ? { reason: 'upstream-timeout', seconds: plan.firstByteSeconds }
          : { reason: 'upstream-unreachable', cause: error.message },
      ),
    )
  })
  upstream.once('response', (answer) => {
    // it doesn't want to: what it says instead is an answer like any other
    const { answer: given, isTheirs } = begun.finish({
      status: answer.statusCode ?? 0,
      headers: pairsOf(answer.rawHeaders),
    })
    if (!isTheirs) return write(incoming, outgoing, given)
    outgoing.writeHead(given.status, given.headers.flat())
    pipeline(answer, outgoing, () => undefined)
  })
  upstream.once('upgrade', (answer, other, rest) => {
    socket.off('close', leave)
    const { answer: given, isTheirs } = begun.finish({
      status: answer.statusCode ?? 0,
      headers: pairsOf(answer.rawHeaders),
    })
    if (!isTheirs) {
      other.destroy()
      return write(incoming, outgoing, given)
    }
    outgoing.detachSocket(socket)
    const lines = given.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}\r\n`,
      'latin1',
    )
    join(begun, socket, first, other, rest)
  })
  upstream.end()
}

/** Whatever either side sends, its end included, the other gets; either one's breaking breaks both. */
function join({ plan }: Forwarding, socket: Socket, first: Buffer, other: Socket, rest: Buffer): void {
  for (const one of [socket, other]) {
    one.setTimeout(0)
    one.setNoDelay(true)
    one.on('error', () => one.destroy())
  }
  const frames = new FrameStream()
  const stops = [
    untilEnd(
      plan,
      () => Date.now() / 1000,
      () => {
        frames.finish(tooOld.code, tooOld.reason)
        other.destroySoon()
      },
    ),
    whenStill(
      idleOf(plan),
      () => socket.bytesRead + socket.bytesWritten,
      () => {
        frames.finish(1001, 'idle')
        other.destroySoon()
      },
    ),
  ]
  const end = (): void => {
    for (const stop of stops) stop()
  }
  socket.once('close', () => {
    end()
    other.destroySoon()
  })
  other.once('close', () => {
    end()
    if (!frames.readableEnded) frames.end()
  })
  frames.on('error', () => socket.destroy())
  if (rest.length > 0) frames.write(rest)
  if (first.length > 0) other.write(first)
  socket.pipe(other)
  other.pipe(frames).pipe(socket)
}
