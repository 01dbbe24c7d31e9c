/** WebSocket as bytes on a socket (RFC 6455): both ends of a handshake, and frames as they are. */

import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type Message, Reader, requestText, valuesOf } from './http.ts'

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}
export const text = 1
export const binary = 2
export const close = 8
export const ping = 9
export const pong = 10

export function frame(opcode: number, payload: Buffer | string, isMasked: boolean): Buffer {
  const body = Buffer.from(payload)
  const length =
    body.length < 126
      ? [body.length]
      : body.length < 65_536
        ? [126, body.length >> 8, body.length & 255]
        : [127, 0, 0, 0, 0, ...u32(body.length)]
  length[0] = (length[0] ?? 0) | (isMasked ? 0x80 : 0)
  // a mask of zeros leaves the payload as it is
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), Buffer.alloc(isMasked ? 4 : 0), body])
}

const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]

export const closeWith = (code: number, reason: string, isMasked: boolean): Buffer =>
  frame(close, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]), isMasked)

/** The next frame, whole; null at the end. Fragments are put together. */
export async function readFrame(reader: Reader): Promise<Frame | null> {
  const [first, second] = Buffer.from(await reader.exactly(2), 'latin1')
  if (first === undefined || second === undefined) return null
  const short = second & 0x7f
  const long = short < 126 ? null : Buffer.from(await reader.exactly(short === 126 ? 2 : 8), 'latin1')
  const length = long ? long.reduce((sum, byte) => sum * 256 + byte, 0) : short
  const mask = second & 0x80 ? Buffer.from(await reader.exactly(4), 'latin1') : null
  const payload = Buffer.from(await reader.exactly(length), 'latin1')
  if (mask) for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0)
  if ((first & 0x80) === 0) {
    const rest = await readFrame(reader)
    return rest && { opcode: first & 15, payload: Buffer.concat([payload, rest.payload]) }
  }
  return { opcode: first & 15, payload }
}

export const codeOf = ({ payload }: Frame): number => (payload.length < 2 ? 1005 : payload.readUInt16BE(0))

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const acceptFor = (key: string): string =>
  createHash('sha1')
    .update(key + guid)
    .digest('base64')

/** What an upstream that takes the handshake answers. */
export function takeHandshake(head: Pick<Message, 'headers'>, protocol?: string): string {
  const [key = ''] = valuesOf(head, 'sec-websocket-key')
  const chosen = protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n${chosen}\r\n`
}

export interface Shaken {
  readonly socket: Socket
  readonly reader: Reader
  readonly head: Pick<Message, 'start' | 'headers'> | null
}

/** Asks for a WebSocket, and waits for what is said to that. */
export async function shakeHands(
  port: number,
  target: string,
  headers: readonly (readonly [string, string])[] = [],
  host = 'app.test',
): Promise<Shaken> {
  const begun = begin(connect(port, '127.0.0.1'), target, headers, host)
  return { ...begun, head: await begun.reader.head() }
}

/** Asks for a WebSocket. */
export function begin(
  socket: Socket,
  target: string,
  headers: readonly (readonly [string, string])[] = [],
  host = 'app.test',
): Omit<Shaken, 'head'> {
  const reader = new Reader(socket)
  socket.write(
    requestText(`GET ${target}`, host, [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ...headers,
    ]),
  )
  return { socket, reader }
}
