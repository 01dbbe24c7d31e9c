/** HTTP/1.1 as bytes on a socket: sending what no polite client would, and reading what really came. */

import { connect, type Socket } from 'node:net'

/** One message as it was on the wire (RFC 9112 section 2.1). */
export interface Message {
  /** `GET /a HTTP/1.1` or `HTTP/1.1 200 OK` */
  readonly start: string
  /** In order, names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** After chunks were put together; latin1, so that each character is a byte. */
  readonly body: string
  /** False when the connection ended before the message did. */
  readonly isWhole: boolean
}

/** All values of a header, in any case. */
export const valuesOf = (message: Pick<Message, 'headers'>, name: string): string[] =>
  message.headers.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

export const statusOf = (message: Message): number => Number(message.start.split(' ')[1])

/** Reads messages off a socket, one after the other. */
export class Reader {
  private buffer = ''
  private ended = false
  private wake: () => void = () => undefined
  readonly socket: Socket
  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.buffer += chunk.toString('latin1')
      this.wake()
    })
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.ended = true
        this.wake()
      })
    }
  }

  get isEnded(): boolean {
    return this.ended
  }

  /** At least one byte, or '' at the end. */
  async some(): Promise<string> {
    await this.until(() => this.buffer !== '')
    return this.take(this.buffer.length)
  }

  /** Exactly that many bytes, fewer at the end. */
  async exactly(count: number): Promise<string> {
    await this.until(() => this.buffer.length >= count)
    return this.take(count)
  }

  /** Start line and headers; null at the end of the connection. */
  async head(): Promise<Pick<Message, 'start' | 'headers'> | null> {
    await this.until(() => this.buffer.includes('\r\n\r\n'))
    const end = this.buffer.indexOf('\r\n\r\n')
    if (end < 0) return null
    const [start = '', ...lines] = this.take(end + 4)
      .slice(0, -4)
      .split('\r\n')
    return {
      start,
      headers: lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
      }),
    }
  }

  /** A request, or the answer to a request of `method`; interim answers are skipped. */
  async message(method?: string): Promise<Message | null> {
    const head = await this.head()
    if (!head) return null
    if (/^HTTP\/1\.1 1(?!01)\d\d /.test(head.start)) return this.message(method)
    return this.rest(head, method)
  }

  /** What follows a head that was read. */
  async rest(head: Pick<Message, 'start' | 'headers'>, method?: string): Promise<Message> {
    return { ...head, ...(await this.body(head, method)) }
  }

  /** One chunk of a chunked body; '' for the last one. The line end after a chunk may come with the next. */
  async chunk(): Promise<string | null> {
    await this.until(() => this.buffer !== '')
    if (this.buffer.startsWith('\r')) await this.exactly(2)
    await this.until(() => this.buffer.includes('\r\n'))
    const end = this.buffer.indexOf('\r\n')
    if (end < 0) return null
    const size = Number.parseInt(this.take(end + 2), 16)
    const text = await this.exactly(size)
    // after the last chunk: trailers until an empty line
    if (size === 0) while ((await this.line()) !== '') if (this.ended) return null
    return text.length === size ? text : null
  }

  private async line(): Promise<string> {
    await this.until(() => this.buffer.includes('\r\n'))
    const end = this.buffer.indexOf('\r\n')
    return end < 0 ? '' : this.take(end + 2).slice(0, -2)
  }

  private async body(
    head: Pick<Message, 'start' | 'headers'>,
    method?: string,
  ): Promise<Pick<Message, 'body' | 'isWhole'>> {
    const isAnswer = head.start.startsWith('HTTP/')
    const status = isAnswer ? Number(head.start.split(' ')[1]) : 0
    if (isAnswer && (method === 'HEAD' || status === 204 || status === 304 || status === 101))
      return { body: '', isWhole: true }
    if (valuesOf(head, 'transfer-encoding').some((value) => /chunked/i.test(value))) {
      let body = ''
      for (;;) {
        const chunk = await this.chunk()
        if (chunk === null) return { body, isWhole: false }
        if (chunk === '') return { body, isWhole: true }
        body += chunk
      }
    }
    const [length] = valuesOf(head, 'content-length')
    if (length !== undefined) {
      const body = await this.exactly(Number(length))
      return { body, isWhole: body.length === Number(length) }
    }
    if (!isAnswer) return { body: '', isWhole: true }
    await this.until(() => false)
    return { body: this.take(this.buffer.length), isWhole: true }
  }

  private take(count: number): string {
    const taken = this.buffer.slice(0, count)
    this.buffer = this.buffer.slice(count)
    return taken
  }

  private async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough() && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

export interface Sent {
  readonly message: Message | null
  readonly milliseconds: number
}

/** Longer than any answer takes, on whatever machine. */
const patienceMilliseconds = 20_000

/** Sends bytes as they are, reads one answer, hangs up. Throws where none comes. @returns null where the server hung up instead. */
export async function send(port: number, bytes: string | Buffer): Promise<Sent> {
  const startedAt = performance.now()
  const socket = connect(port, '127.0.0.1')
  const reader = new Reader(socket)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    socket.destroy()
  }, patienceMilliseconds)
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const method = bytes.toString('latin1').split(' ', 1)[0]
  const message = await reader.message(method)
  clearTimeout(timer)
  socket.destroy()
  if (isLate) throw new Error(`no whole answer within ${patienceMilliseconds} ms, but ${JSON.stringify(message)}`)
  return { message, milliseconds: performance.now() - startedAt }
}

/** Builds a request; `Host` first, a body's length is added unless a framing is given. */
export function requestText(
  line: string,
  host: string,
  headers: readonly (readonly [string, string])[] = [],
  body = '',
): string {
  const framed = headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name)) || body === ''
  const all = [
    ['Host', host] as const,
    ...headers,
    ...(framed ? [] : [['Content-Length', String(body.length)] as const]),
  ]
  return `${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
