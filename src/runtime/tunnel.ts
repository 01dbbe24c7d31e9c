/** WebSockets on Node: the handshake is judged like any request, then bytes go from socket to socket, frames and all. */

import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Forwarding } from '../begun.ts'
import type { Gateway } from '../gateway.ts'
import type { Head } from '../head.ts'
import { attempt } from './attempt.ts'
import { FrameStream } from './frames.ts'
import { askForWebSocket } from './handshake.ts'
import { headOf, write } from './node-http.ts'
import { idleOf, tooOld, untilEnd } from './socket-life.ts'
import { refusalOf } from './undici.ts'
import { createWatch, whenStill } from './watch.ts'

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
  outgoing.once('finish', () => socket.end())
  try {
    // throws where a request before it is still unanswered: no client that means it sends both at once
    outgoing.assignSocket(socket)
    const begun = await gateway.begin(headOf(incoming, scheme), (work) => void work.catch(() => undefined))
    if (begun.kind === 'answer') return write(incoming, outgoing, begun.answer)
    if (begun.kind === 'held' || !begun.plan.isWebSocket) return void socket.destroy()
    await dial(begun, incoming, outgoing, socket, first)
  } catch {
    socket.destroy()
  }
}

async function dial(
  begun: Forwarding,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socket: Socket,
  first: Buffer,
): Promise<void> {
  const { plan } = begun
  const watch = createWatch(plan, () => 0)
  const leave = (): void => watch.giveUp(null)
  // a client may have left while it was decided about
  if (socket.destroyed) leave()
  socket.once('close', leave)
  const attempted = await attempt(begun, watch, {
    hasBody: false,
    async send(place) {
      const { answer, headers, open } = await askForWebSocket({ ...plan, ...place }, watch.signal())
      return { status: answer.statusCode ?? 0, headers, answer, open }
    },
    refusalOf: (error) => refusalOf(error, plan),
  })
  watch.end()
  if (attempted.kind === 'answer') return write(incoming, outgoing, attempted.answer)
  const { sent } = attempted
  const { answer, isTheirs } = begun.finish(sent)
  if (!isTheirs) {
    sent.open?.socket.destroy()
    sent.answer.destroy()
    return write(incoming, outgoing, answer)
  }
  if (!sent.open) {
    outgoing.writeHead(answer.status, answer.headers.flat())
    return void pipeline(sent.answer, outgoing, () => undefined)
  }
  socket.off('close', leave)
  outgoing.detachSocket(socket)
  const lines = answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}\r\n`,
    'latin1',
  )
  join(begun, socket, first, sent.open.socket, sent.open.first)
}

const patienceMilliseconds = 5_000

/** Whatever either side sends, its end included, the other gets; either one's breaking breaks both. */
function join({ plan }: Forwarding, socket: Socket, first: Buffer, other: Socket, rest: Buffer): void {
  for (const one of [socket, other]) {
    one.setTimeout(0)
    one.setNoDelay(true)
    one.on('error', () => one.destroy())
  }
  const frames = new FrameStream()
  const finish = (code: number, reason: string): void => {
    frames.finish(code, reason)
    other.destroySoon()
    for (const one of [socket, other]) destroyInTime(one)
  }
  const stops = [
    untilEnd(
      plan,
      () => Date.now() / 1000,
      () => finish(tooOld.code, tooOld.reason),
    ),
    whenStill(
      idleOf(plan),
      () => socket.bytesRead + socket.bytesWritten + other.bytesWritten,
      () => finish(1001, 'idle'),
    ),
  ]
  // the clocks run until both are gone: the one that is left may have much to hear yet, or not listen at all
  const end = (): void => {
    if (socket.closed && other.closed) for (const stop of stops) stop()
  }
  socket.once('close', () => {
    other.destroySoon()
    end()
  })
  other.once('close', () => {
    if (!frames.readableEnded) frames.end()
    end()
  })
  frames.on('error', () => socket.destroy())
  if (rest.length > 0) frames.write(rest)
  if (first.length > 0) other.write(first)
  socket.pipe(other)
  other.pipe(frames).pipe(socket)
}

/** What is said to it last gets some time to arrive, and a peer to hang up. */
function destroyInTime(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), patienceMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}
