/** Takes the messages out of what a WebSocket server sends (RFC 6455 section 5). */

export type Told =
  | { readonly kind: 'message'; readonly data: string | ArrayBuffer }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** It doesn't keep to the protocol, or says too much at once: nothing can be read any more. */
  | { readonly kind: 'broken'; readonly code: 1002 | 1007 | 1009 }

interface Frame {
  readonly opcode: number
  readonly isLast: boolean
  readonly parts: Buffer[]
  left: number
}

const opcodes = { continued: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const known: ReadonlySet<number> = new Set(Object.values(opcodes))
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A message in more parts than these costs more to keep than it says. */
const mostParts = 65_536

/** @param most bytes of one message, whether it comes whole or in parts */
export function createMessageReader(most: number): (chunk: Buffer) => Generator<Told> {
  let head: Buffer = Buffer.alloc(0)
  let frame: Frame | null = null
  let message: { readonly isText: boolean; readonly parts: Buffer[]; bytes: number } | null = null

  return function* read(chunk) {
    let rest = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    head = Buffer.alloc(0)
    for (;;) {
      if (!frame) {
        const begun = frameAt(rest)
        if (begun.kind === 'wanting') {
          head = rest
          return
        }
        if (begun.kind === 'broken') return yield begun
        frame = begun.frame
        if (frame.left + (message?.bytes ?? 0) > most) return yield { kind: 'broken', code: 1009 }
        rest = rest.subarray(begun.bytes)
      }
      const part: Buffer = rest.subarray(0, frame.left)
      if (part.length > 0) frame.parts.push(part)
      frame.left -= part.length
      rest = rest.subarray(part.length)
      if (frame.left > 0) return
      const told = finish(frame)
      frame = null
      if (told) yield told
      if (told?.kind === 'broken') return
    }
  }

  function finish({ opcode, isLast, parts }: Frame): Told | null {
    if (opcode === opcodes.close) return farewell(Buffer.concat(parts))
    if (opcode === opcodes.ping) return { kind: 'ping', payload: Buffer.concat(parts) }
    if (opcode === opcodes.pong) return null
    if ((opcode === opcodes.continued) !== (message !== null)) return { kind: 'broken', code: 1002 }
    message ??= { isText: opcode === opcodes.text, parts: [], bytes: 0 }
    message.parts.push(...parts)
    for (const part of parts) message.bytes += part.length
    if (message.parts.length > mostParts) return { kind: 'broken', code: 1009 }
    if (!isLast) return null
    const { isText, parts: all } = message
    message = null
    const payload = Buffer.concat(all)
    if (isText) return textOf(payload)
    const data = new ArrayBuffer(payload.length)
    payload.copy(new Uint8Array(data))
    return { kind: 'message', data }
  }
}

type Begun =
  | { readonly kind: 'wanting' }
  | { readonly kind: 'broken'; readonly code: 1002 }
  | { readonly kind: 'begun'; readonly frame: Frame; readonly bytes: number }

const broken = { kind: 'broken', code: 1002 } as const
const wanting = { kind: 'wanting' } as const

function frameAt(bytes: Buffer): Begun {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return wanting
  const opcode = first & 0x0f
  const isLast = (first & 0x80) !== 0
  const short = second & 0x7f
  // no extension was asked for, so no bit of one may be set; and a server masks nothing
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0 || !known.has(opcode)) return broken
  if (opcode >= opcodes.close && (short > 125 || !isLast)) return broken
  const headBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
  if (bytes.length < headBytes) return wanting
  const left = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  return { kind: 'begun', frame: { opcode, isLast, parts: [], left }, bytes: headBytes }
}

function farewell(payload: Buffer): Told {
  if (payload.length === 0) return { kind: 'close', code: 1005, reason: '' }
  if (payload.length === 1) return broken
  const reason = textOf(payload.subarray(2))
  if (reason.kind === 'broken') return reason
  return { kind: 'close', code: payload.readUInt16BE(0), reason: reason.data }
}

function textOf(payload: Buffer): { kind: 'message'; data: string } | { kind: 'broken'; code: 1007 } {
  try {
    return { kind: 'message', data: utf8.decode(payload) }
  } catch {
    return { kind: 'broken', code: 1007 }
  }
}
