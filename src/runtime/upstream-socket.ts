/** Speaks WebSocket to an upstream over a bare socket, for Deno: no client of its own can be made to wait. */

import { randomFillSync } from 'node:crypto'
import type { Socket } from 'node:net'
import type { MessageSocket } from './join.ts'
import { createMessageReader, type Told } from './message-reader.ts'

interface Listeners {
  readonly message: ((event: { data: unknown }) => void)[]
  readonly close: ((event: { code: number; reason: string }) => void)[]
}

/** Longer ones end with 1009. */
const mostMessageBytes = 33_554_432
const mostUnheardBytes = 65_536
/** An upstream that doesn't answer a farewell is hung up on. */
const patienceMilliseconds = 5_000

/**
 * Reads nothing before it is resumed.
 *
 * @param first what came behind the handshake already
 */
export function createUpstreamSocket(socket: Socket, first: Buffer): MessageSocket & { resume(): void } {
  const listeners: Listeners = { message: [], close: [] }
  const read = createMessageReader(mostMessageBytes)
  let hasSaidGoodbye = false
  let isClosed = false
  let isHeard = false
  let farewell: ReturnType<typeof setTimeout> | undefined

  socket.setNoDelay(true)
  socket.setTimeout(0)
  socket.pause()
  if (first.length > 0) socket.unshift(first)
  // what broke is closed next
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    for (const told of read(chunk)) hear(told)
  })
  socket.on('close', () => {
    clearTimeout(farewell)
    if (isHeard) tellClosed(1006, '')
  })

  return {
    binaryType: 'arraybuffer',
    get bufferedAmount() {
      return socket.writableLength
    },
    pause: () => void socket.pause(),
    resume() {
      isHeard = true
      // it may have gone before anyone listened
      if (socket.closed) tellClosed(1006, '')
      else socket.resume()
    },
    send: (data) => void socket.write(typeof data === 'string' ? masked(1, data) : masked(2, new Uint8Array(data))),
    close,
    addEventListener(type: 'message' | 'close' | 'error', listen: (event: never) => void) {
      if (type === 'message') listeners.message.push(listen as Listeners['message'][number])
      if (type === 'close') listeners.close.push(listen as Listeners['close'][number])
    },
  }

  function hear(told: Told): void {
    if (isClosed) return
    if (told.kind === 'ping') answer(told.payload)
    if (told.kind === 'message') for (const listen of listeners.message) listen({ data: told.data })
    if (told.kind === 'ping' || told.kind === 'message') return
    const { code, reason } = told.kind === 'close' ? told : { code: told.code, reason: '' }
    if (told.kind === 'broken') close(code, reason)
    tellClosed(code, reason)
    if (hasSaidGoodbye) socket.end()
  }

  /** One that asks and asks and doesn't listen is answered now and then (RFC 6455 section 5.5.3). */
  function answer(payload: Buffer): void {
    if (socket.writableLength < mostUnheardBytes) socket.write(masked(10, payload))
  }

  function tellClosed(code: number, reason: string): void {
    if (isClosed) return
    isClosed = true
    for (const listen of listeners.close) listen({ code, reason })
  }

  function close(code?: number, reason = ''): void {
    if (hasSaidGoodbye || socket.destroyed) return
    hasSaidGoodbye = true
    const payload = code === undefined ? '' : Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
    socket.write(masked(8, payload))
    // its farewell may stand behind what nobody reads
    socket.resume()
    if (isClosed) socket.end()
    farewell = setTimeout(() => socket.destroy(), patienceMilliseconds)
  }
}

/** One frame, as a client has to send it: masked by what nobody can foresee (RFC 6455 section 10.3). */
function masked(opcode: number, data: string | Uint8Array): Buffer {
  const payload = Buffer.from(data)
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + lengthBytes + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomFillSync(frame.subarray(2 + lengthBytes, 6 + lengthBytes))
  const body = frame.subarray(6 + lengthBytes)
  for (let at = 0; at < length; at++) body[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0)
  return frame
}
