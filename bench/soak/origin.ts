/** The upstream of the soak: does what `?do=` says, good or bad, and marks what it answers with the request's marker and person. */

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Reader } from '../../test/support/http.ts'
import { listen } from '../../test/support/surroundings.ts'
import * as ws from '../../test/support/websocket.ts'

export interface SoakOrigin {
  readonly url: string
  /** What was asked for by those requests and WebSockets that are still open here. */
  open(): readonly string[]
  close(): void
}

/** What every request says of itself: which it is, and whose, as the gateway tells. */
interface Asked {
  readonly marker: string
  readonly subject: string
  readonly bytes: number
}

type Behaviour = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void | Promise<void>

/** What one request wants to hear, and no other may. */
export const wordsOf = ({ marker, subject }: Pick<Asked, 'marker' | 'subject'>): string => `${marker} ${subject}\n`

export const bodyOf = (asked: Asked): Buffer => Buffer.alloc(asked.bytes, wordsOf(asked))

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Written as they are: node:http would let none of them pass. */
const raw = (text: (asked: Asked) => string): Behaviour => {
  return (response, asked) =>
    void response.socket?.end(`HTTP/1.1 200 OK\r\nX-Marker: ${asked.marker}\r\n${text(asked)}`)
}

const behaviours = {
  async echo(response, asked, request) {
    const digest = createHash('sha256')
    for await (const chunk of request) digest.update(chunk)
    response.end(`${wordsOf(asked)}${digest.digest('hex')}`)
  },
  download(response, asked) {
    if (asked.bytes % 2 === 0) response.setHeader('content-length', asked.bytes)
    response.end(bodyOf(asked))
  },
  async events(response, asked) {
    response.setHeader('content-type', 'text/event-stream')
    for (let left = 5; left > 0 && !response.destroyed; left--) {
      response.write(`data: ${wordsOf(asked)}\n`)
      await wait(20)
    }
    response.end()
  },
  stall: () => undefined,
  stallInside(response, asked) {
    response.setHeader('content-length', 100_000)
    response.write(bodyOf(asked))
  },
  reset: (response) => void response.socket?.resetAndDestroy(),
  async resetInside(response, asked) {
    response.setHeader('content-length', 100_000)
    response.write(bodyOf(asked))
    await wait(20)
    response.socket?.resetAndDestroy()
  },
  tooLong: raw((asked) => `Content-Length: 100000\r\n\r\n${wordsOf(asked)}`),
  tooShort: raw((asked) => `Content-Length: 10\r\n\r\n${wordsOf(asked).repeat(10)}`),
  garbage: (response) => void response.socket?.end('\x16\x03\x01 what is this\r\n\r\n'),
  badHeader: raw(() => 'X-Bad\x01 : \x02\r\nContent-Length: 0\r\n\r\n'),
  badChunk: raw((asked) => `Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n${wordsOf(asked)}`),
  async endless({ socket }) {
    socket?.write('HTTP/1.1 200 OK\r\n')
    for (let at = 0; at < 1_000 && socket?.writable; at++) {
      if (!socket.write(`X-${at}: ${'x'.repeat(10_000)}\r\n`)) await wait(10)
    }
    socket?.end()
  },
} satisfies Record<string, Behaviour>

export type BehaviourName = keyof typeof behaviours

export async function startSoakOrigin(): Promise<SoakOrigin> {
  const open = new Map<ServerResponse | Socket, string>()
  const keep = (one: ServerResponse | Socket, asked: string): void => {
    open.set(one, asked)
    one.on('close', () => open.delete(one))
    one.on('error', () => undefined)
  }
  const server = createServer(async (request, response) => {
    keep(response, nameOf(request))
    request.on('error', () => undefined)
    const asked = askedOf(request)
    response.setHeader('x-marker', asked.marker)
    const behave: Behaviour | undefined = behaviours[nameOf(request)]
    try {
      await behave?.(response, asked, request)
    } catch {
      // an upload that its client gave up
      response.destroy()
    }
  })
  server.on('upgrade', async (request: IncomingMessage, socket: Socket) => {
    keep(socket, 'websocket')
    const reader = new Reader(socket)
    const headers = Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value) => [name, value] as const),
    )
    socket.write(ws.takeHandshake({ headers }))
    socket.write(ws.frame(ws.text, wordsOf(askedOf(request)), false))
    for (let frame = await ws.readFrame(reader); frame; frame = await ws.readFrame(reader)) {
      socket.write(ws.frame(frame.opcode === ws.ping ? ws.pong : frame.opcode, frame.payload, false))
      if (frame.opcode === ws.close) return void socket.end()
    }
    socket.destroy()
  })
  const url = await listen(server)
  return {
    url,
    open: () => [...open.values()],
    close() {
      server.close()
      server.closeAllConnections()
      for (const one of open.keys()) one.destroy()
    },
  }
}

const queryOf = ({ url = '/' }: IncomingMessage): URLSearchParams => new URL(url, 'http://origin.test').searchParams

const nameOf = (request: IncomingMessage): BehaviourName => {
  const name = queryOf(request).get('do') ?? ''
  if (Object.hasOwn(behaviours, name)) return name as BehaviourName
  throw new TypeError(`nobody taught the origin to ${name}`)
}

function askedOf(request: IncomingMessage): Asked {
  const query = queryOf(request)
  const subject = request.headers['x-remote-user'] ?? 'nobody'
  return { marker: query.get('marker') ?? '', subject: String(subject), bytes: Number(query.get('bytes')) }
}
