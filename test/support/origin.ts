/** An origin that writes down what reaches it and answers with bytes that it is told, right or wrong. */

import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { type Message, Reader } from './http.ts'

export type Reply = string | Buffer | Responder

/** Answers by hand; the request's head has been read, its body hasn't. */
export type Responder = (reader: Reader, socket: Socket, head: Pick<Message, 'start' | 'headers'>) => Promise<void>

export interface RawOrigin {
  readonly port: number
  /** Requests in the order they came, bodies too unless a responder read them. */
  readonly received: Message[]
  /** How the next requests are answered. */
  reply: Reply
  /** Connections that are open just now. */
  readonly open: ReadonlySet<Socket>
  close(): Promise<void>
}

export const plainReply = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

export async function startRawOrigin(): Promise<RawOrigin> {
  const open = new Set<Socket>()
  const received: Message[] = []
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    void converse(socket)
  })
  const origin: RawOrigin = {
    port: 0,
    received,
    reply: plainReply,
    open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }

  async function converse(socket: Socket): Promise<void> {
    const reader = new Reader(socket)
    for (;;) {
      const head = await reader.head()
      if (!head) return void socket.destroy()
      const { reply } = origin
      if (typeof reply === 'function') {
        received.push({ ...head, body: '', isWhole: false })
        await reply(reader, socket, head)
        continue
      }
      const message = await reader.rest(head)
      received.push(message)
      socket.write(reply)
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(origin, { port: (server.address() as AddressInfo).port })
}
