/** A thousand event streams and a thousand WebSockets that say nothing for a minute: none of them is dropped. */

import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { residentMebibytes } from '../../bench/cost.ts'
import { Reader, requestText, valuesOf } from '../support/http.ts'
import { wholeOutput } from '../support/log-lines.ts'
import { type Surroundings, surround } from '../support/surroundings.ts'
import * as ws from '../support/websocket.ts'

const count = 1_000
const atOnce = 50
const heldMilliseconds = 60_000

let around: Surroundings
beforeAll(async () => {
  around = await surround('workerd')
})
afterAll(() => around?.stop())

/** An end of what is held, at the client: what it hears next, and whether it has heard anything too early. */
interface Held {
  readonly reader: Reader
  hear(): Promise<string | undefined>
}

const greeting =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n'
const eventOf = (name: string): string => `data: ${name}\n\n`

it('workerd', { timeout: 300_000 }, async () => {
  const last = new Map<string, () => void>()
  around.origin.reply = async (reader, socket, head) => {
    const name = head.start.split(' ')[1] ?? ''
    if (valuesOf(head, 'upgrade').length > 0) {
      socket.write(ws.takeHandshake(head))
      last.set(name, () => socket.write(ws.frame(ws.text, name, false)))
    } else {
      socket.write(greeting)
      last.set(name, () => socket.write(`${eventOf(name).length.toString(16)}\r\n${eventOf(name)}\r\n`))
    }
    while ((await reader.some()) !== '');
  }
  const headers = [['Cookie', around.cookies.member] as const, ['Origin', 'http://app.test'] as const]

  async function openStream(name: string): Promise<Held> {
    const socket = connect(around.runtime.port, '127.0.0.1')
    const reader = new Reader(socket)
    socket.write(requestText(`GET ${name}`, 'app.test', headers))
    expect((await reader.head())?.start).toBe('HTTP/1.1 200 OK')
    expect(await reader.chunk()).toBe(':\n\n')
    return { reader, hear: async () => (await reader.chunk()) ?? undefined }
  }
  async function openSocket(name: string): Promise<Held> {
    const { head, reader } = await ws.shakeHands(around.runtime.port, name, headers)
    expect(head?.start).toMatch(/^HTTP\/1\.1 101 /)
    return { reader, hear: async () => (await ws.readFrame(reader))?.payload.toString() }
  }

  const before = residentMebibytes(around.runtime.pid)
  const held = new Map<string, Held>()
  for (let at = 0; at < count; at += atOnce) {
    const some = Array.from({ length: atOnce }, (_, more) => at + more)
    await Promise.all(
      some.flatMap((one) => [
        openStream(`/signed-in/stream-${one}`).then((stream) => held.set(`/signed-in/stream-${one}`, stream)),
        openSocket(`/signed-in/socket-${one}`).then((socket) => held.set(`/signed-in/socket-${one}`, socket)),
      ]),
    )
  }
  const opened = residentMebibytes(around.runtime.pid)
  await wait(heldMilliseconds)
  const after = residentMebibytes(around.runtime.pid)
  const mebibytes = [before, opened, after].map((figure) => Math.round(figure)).join(', ')
  console.info(`workerd, MiB of memory before, with all of them open, a minute later: ${mebibytes}`)

  expect([...held.values()].filter(({ reader }) => reader.isEnded)).toEqual([])
  for (const say of last.values()) say()
  for (const [name, { reader, hear }] of held) {
    expect(await hear()).toBe(name.includes('stream') ? eventOf(name) : name)
    reader.socket.destroy()
  }
  expect(await wholeOutput(around.runtime)).not.toMatch(/uncaught|unhandled/i)
})
