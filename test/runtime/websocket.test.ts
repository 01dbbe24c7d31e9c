/** WebSockets: judged like any request, then left alone until the credential that opened them is dead. */

import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { valuesOf } from '../support/http.ts'
import type { Responder } from '../support/origin.ts'
import { runtimeNames } from '../support/runtimes.ts'
import { type Surroundings, surround } from '../support/surroundings.ts'
import * as ws from '../support/websocket.ts'

const own = ['Origin', 'http://app.test'] as const

/** Sends back what it is told, with the same opcode; answers pings and the close. */
const echo: Responder = async (reader, socket, head) => {
  socket.write(ws.takeHandshake(head, valuesOf(head, 'sec-websocket-protocol')[0]?.split(',').at(-1)?.trim()))
  for (let frame = await ws.readFrame(reader); frame; frame = await ws.readFrame(reader)) {
    socket.write(ws.frame(frame.opcode === ws.ping ? ws.pong : frame.opcode, frame.payload, false))
    if (frame.opcode === ws.close) return void socket.end()
  }
}

describe.each(runtimeNames)('%s', (name) => {
  let around: Surroundings
  const open: Socket[] = []
  beforeAll(async () => {
    around = await surround(name)
  })
  afterAll(() => around?.stop())
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy()
  })

  async function shake(
    reply: Responder,
    headers: readonly (readonly [string, string])[] = [['Cookie', around.cookies.member], own],
    target = '/signed-in/socket',
  ): Promise<ws.Shaken> {
    around.origin.received.length = 0
    around.origin.reply = reply
    const shaken = await ws.shakeHands(around.runtime.port, target, headers)
    open.push(shaken.socket)
    return shaken
  }

  it('says who it is, chooses the protocol, and passes text and bytes', async () => {
    const { head, socket, reader } = await shake(echo, [
      ['Cookie', around.cookies.member],
      own,
      ['Sec-WebSocket-Protocol', 'chat, superchat'],
      ['X-Remote-User', 'evil'],
    ])
    expect(head?.start).toMatch(/^HTTP\/1\.1 101 /)
    expect(head && valuesOf(head, 'sec-websocket-protocol')).toEqual(['superchat'])
    expect(head && valuesOf(head, 'sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
    const [handshake] = around.origin.received
    expect(handshake && valuesOf(handshake, 'x-remote-user')).toEqual(['user-0'])
    expect(handshake && valuesOf(handshake, 'cookie')).toEqual([])
    expect(handshake && valuesOf(handshake, 'origin')).toEqual(['http://app.test'])
    socket.write(ws.frame(ws.text, 'hällo', true))
    expect(await ws.readFrame(reader)).toEqual({ opcode: ws.text, payload: Buffer.from('hällo') })
    socket.write(ws.frame(ws.binary, Buffer.from([0, 255, 10]), true))
    expect(await ws.readFrame(reader)).toEqual({ opcode: ws.binary, payload: Buffer.from([0, 255, 10]) })
  })

  it('a message of 16 MiB passes', async () => {
    const { socket, reader } = await shake(echo)
    const payload = Buffer.alloc(16 << 20, 'x')
    socket.write(ws.frame(ws.binary, payload, true))
    const frame = await ws.readFrame(reader)
    expect(frame?.payload.equals(payload)).toBe(true)
  })

  it('a ping is answered', async () => {
    const { socket, reader } = await shake(echo)
    socket.write(ws.frame(ws.ping, 'are you there', true))
    expect(await ws.readFrame(reader)).toEqual({ opcode: ws.pong, payload: Buffer.from('are you there') })
  })

  it.each([1000, 3000, 4242])('the code %i of a close goes through and back', async (code) => {
    const { socket, reader } = await shake(echo)
    socket.write(ws.closeWith(code, 'bye', true))
    const frame = await ws.readFrame(reader)
    expect(frame?.opcode).toBe(ws.close)
    expect(frame && ws.codeOf(frame)).toBe(code)
  })

  it('the upstream closes: the client is told with which code', async () => {
    const { reader } = await shake(async (_, socket, head) => {
      socket.write(ws.takeHandshake(head))
      socket.write(ws.closeWith(4001, 'enough', false))
    })
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 4001])
  })

  it('what the upstream says at once is not lost', async () => {
    const { reader } = await shake(async (_, socket, head) => {
      socket.write(Buffer.concat([Buffer.from(ws.takeHandshake(head)), ws.frame(ws.text, 'welcome', false)]))
    })
    expect(await ws.readFrame(reader)).toEqual({ opcode: ws.text, payload: Buffer.from('welcome') })
  })

  it.each([
    ['without a credential', () => [own], /^HTTP\/1\.1 401 /],
    [
      'from a page of another site',
      () => [
        ['Cookie', around.cookies.member],
        ['Origin', 'https://evil.test'],
      ],
      /^HTTP\/1\.1 403 /,
    ],
    ['without an Origin', () => [['Cookie', around.cookies.member]], /^HTTP\/1\.1 403 /],
  ] satisfies [string, () => (readonly [string, string])[], RegExp][])(
    '%s it is refused, and the upstream not asked',
    async (_, headers, status) => {
      const { head } = await shake(echo, headers())
      expect(head?.start).toMatch(status)
      expect(around.origin.received).toEqual([])
    },
  )

  it('an upstream that takes no WebSocket is not taken for one that does', async () => {
    const { head } = await shake(async (_, socket) => {
      socket.write('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 4\r\n\r\nnope')
    })
    // the clients of Deno and workerd tell nothing of an answer that is no handshake
    expect(head?.start).toMatch(name === 'node' ? /^HTTP\/1\.1 426 / : /^HTTP\/1\.1 502 /)
  })

  it('ends with 4401 when the token that opened it is dead', async () => {
    const token = await around.issuer.token({ exp: Math.floor(Date.now() / 1000) + 2 })
    const { head, reader } = await shake(echo, [['Authorization', `Bearer ${token}`]])
    expect(head?.start).toMatch(/^HTTP\/1\.1 101 /)
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 4401])
  })

  it('ends when nobody has spoken for as long as the rule says', async () => {
    const { reader } = await shake(echo, [], '/public/idle')
    const frame = await ws.readFrame(reader)
    expect(frame?.opcode ?? ws.close).toBe(ws.close)
  })

  it('the client leaves: so does the gateway', async () => {
    const gone = Promise.withResolvers<void>()
    const { socket } = await shake(async (reader, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      upstream.once('close', () => gone.resolve())
      // a close, or nothing any more: either way it knows
      await reader.some()
      gone.resolve()
    })
    socket.destroy()
    await gone.promise
  })

  it('wrote no word of an unhandled error', () => {
    expect(around.runtime.output()).not.toMatch(/uncaught|unhandled/i)
  })
})
