/** WebSockets: judged like any request, then left alone until the credential that opened them is dead. */

import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requestText, send, statusOf, valuesOf } from '../support/http.ts'
import { wholeOutput } from '../support/log-lines.ts'
import { plainReply, type Responder } from '../support/origin.ts'
import { runtimeNames } from '../support/runtimes.ts'
import { type Surroundings, surround } from '../support/surroundings.ts'
import * as ws from '../support/websocket.ts'

const own = ['Origin', 'http://app.test'] as const

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

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

  it.each([1000, 1001, 3000, 4242])('the code %i of a close goes through and back', async (code) => {
    const { socket, reader } = await shake(echo)
    socket.write(ws.closeWith(code, 'bye', true))
    const frame = await ws.readFrame(reader)
    expect(frame?.opcode).toBe(ws.close)
    expect(frame && ws.codeOf(frame)).toBe(code)
  })

  it.each([1001, 1013, 4001])('the upstream closes with %i: the client is told so', async (code) => {
    const { reader } = await shake(async (_, socket, head) => {
      socket.write(ws.takeHandshake(head))
      socket.write(ws.closeWith(code, 'enough', false))
    })
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, code])
    expect(frame?.payload.subarray(2).toString()).toBe('enough')
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

  it.each([
    ['426', 'Upgrade Required', ['Upgrade', 'websocket']],
    ['401', 'Unauthorized', ['WWW-Authenticate', 'Basic realm="legacy"']],
    ['302', 'Found', ['Location', '/login']],
    ['200', 'OK', ['X-Said', 'no']],
  ] as const)(
    'an upstream that takes no WebSocket says so itself, with %s',
    async (status, phrase, [header, value]) => {
      const { head, reader } = await shake(async (_, socket) => {
        socket.write(`HTTP/1.1 ${status} ${phrase}\r\n${header}: ${value}\r\nContent-Length: 4\r\n\r\nnope`)
      })
      expect(head?.start).toMatch(`HTTP/1.1 ${status} `)
      expect(head && valuesOf(head, header)).toEqual(header === 'Upgrade' ? [] : [value])
      expect(head && (await reader.rest(head)).body).toBe('nope')
    },
  )

  it('ends with 4401 when the token that opened it is dead', async () => {
    const token = await around.issuer.token({ exp: Math.floor(Date.now() / 1000) + 5 })
    const { head, reader } = await shake(echo, [['Authorization', `Bearer ${token}`]])
    expect(head?.start).toMatch(/^HTTP\/1\.1 101 /)
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 4401])
  })

  it('ends when nobody has spoken for as long as the rule says, and not before', async () => {
    const { socket, reader } = await shake(echo, [], '/public/idle')
    // for longer than the rule says
    for (let at = 0; at < 18; at++) {
      socket.write(ws.frame(ws.text, 'still here', true))
      expect(await ws.readFrame(reader)).toEqual({ opcode: ws.text, payload: Buffer.from('still here') })
      await wait(100)
    }
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 1001])
  })

  it('who said goodbye still hears what the other had to say', async () => {
    const { socket, reader } = await shake(async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      const farewell = await ws.readFrame(theirs)
      await wait(100)
      upstream.write(ws.frame(ws.text, 'the last words', false))
      upstream.write(ws.closeWith(farewell ? ws.codeOf(farewell) : 0, '', false))
    })
    socket.write(ws.closeWith(3001, 'bye', true))
    // the server of Deno answers a farewell at once, and hears no more
    if (name !== 'deno') expect((await ws.readFrame(reader))?.payload.toString()).toBe('the last words')
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 3001])
  })

  it('what the client says after the upstream said goodbye arrives', async () => {
    const heard = Promise.withResolvers<ws.Frame | null>()
    const { socket, reader } = await shake(async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      upstream.write(ws.closeWith(4001, 'enough', false))
      heard.resolve(await ws.readFrame(theirs))
    })
    expect((await ws.readFrame(reader))?.opcode).toBe(ws.close)
    socket.write(ws.frame(ws.text, 'but', true))
    socket.write(ws.closeWith(4001, '', true))
    // the WebSocket of Deno hears no more once it has said goodbye
    expect((await heard.promise)?.opcode).toBe(name === 'deno' ? ws.close : ws.text)
  })

  it('a message in parts, with a ping between them, arrives', async () => {
    const bytes = Buffer.concat([
      Buffer.from([ws.text, 1, 0x61]),
      ws.frame(ws.ping, '?', false),
      Buffer.from([0x80, 1, 0x62]),
    ])
    const pong = Promise.withResolvers<ws.Frame | null>()
    const { reader } = await shake(async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      // byte by byte, so that no boundary is where a reader would like it
      for (const byte of bytes) {
        upstream.write(Buffer.from([byte]))
        await wait(1)
      }
      pong.resolve(await ws.readFrame(theirs))
    })
    // on Node frames go through as they are: the ping is the client's to answer
    if (name === 'node') return expect(Buffer.from(await reader.exactly(bytes.length), 'latin1')).toEqual(bytes)
    expect(await ws.readFrame(reader)).toEqual({ opcode: ws.text, payload: Buffer.from('ab') })
    expect(await pong.promise).toEqual({ opcode: ws.pong, payload: Buffer.from('?') })
  })

  it.each([
    ['a bit that means nothing', Buffer.from([0xf1, 1, 0x61])],
    ['an opcode that there is none', Buffer.from([0x83, 1, 0x61])],
    ['a ping in parts', Buffer.from([0x09, 1, 0x61])],
    ['a part of nothing', Buffer.from([0x80, 1, 0x61])],
    ['a frame of 2^62 bytes', Buffer.from([0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0])],
  ])('an upstream that sends %s is hung up on', async (_, bytes) => {
    const { socket, reader } = await shake(async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      upstream.write(bytes)
      while ((await theirs.some()) !== '');
      upstream.destroy()
    })
    // what Node passes on as it is a client judges by itself, and hangs up
    if (name === 'node') return void socket.destroy()
    const frame = await ws.readFrame(reader)
    expect(frame?.opcode ?? ws.close).toBe(ws.close)
    socket.destroy()
  })

  it.each([
    ['the key of another', /Accept: .*/, 'Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    ['no key', /Sec-WebSocket-Accept: .*\r\n/, ''],
    ['another protocol', 'Upgrade: websocket', 'Upgrade: h2c'],
    ['extensions that nobody offered', '\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n'],
  ])('an upstream that agrees with %s is no tunnel', async (_, from, to) => {
    const { head } = await shake(async (theirs, upstream, request) => {
      upstream.write(ws.takeHandshake(request).replace(from, to))
      while ((await theirs.some()) !== '');
      upstream.destroy()
    })
    expect(head?.start).toMatch(/^HTTP\/1\.1 502 /)
  })

  it.each([
    ['no key', ['Sec-WebSocket-Version: 13']],
    ['a key of no 16 bytes', ['Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13']],
    ['two keys', [key, key, 'Sec-WebSocket-Version: 13']],
    ['a version that there is none', [key, 'Sec-WebSocket-Version: 8']],
    ['two versions', [key, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13']],
    ['a body', [key, 'Sec-WebSocket-Version: 13', 'Content-Length: 4']],
  ])('a client that asks with %s is refused, and the upstream not asked', async (_, lines) => {
    around.origin.received.length = 0
    around.origin.reply = echo
    const upgrade = ['Host: app.test', 'Connection: Upgrade', 'Upgrade: websocket', ...lines]
    const { message } = await send(around.runtime.port, `GET /public/x HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\nGET `)
    expect(message && statusOf(message)).toBe(400)
    expect(around.origin.received).toEqual([])
  })

  it('a client that goes on when its time is over is heard by nobody, and hung up on where that can be', async () => {
    const words: string[] = []
    around.origin.reply = async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      for (let frame = await ws.readFrame(theirs); frame; frame = await ws.readFrame(theirs)) {
        if (frame.opcode === ws.text) words.push(frame.payload.toString())
      }
    }
    const socket = connect({ port: around.runtime.port, allowHalfOpen: true })
    open.push(socket)
    const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)))
    const { reader } = ws.begin(socket, '/public/total')
    expect((await reader.head())?.start).toMatch(/^HTTP\/1\.1 101 /)
    socket.write(ws.frame(ws.text, 'in time', true))
    const frame = await ws.readFrame(reader)
    expect(frame && [frame.opcode, ws.codeOf(frame)]).toEqual([ws.close, 4401])
    const talking = setInterval(() => socket.write(ws.frame(ws.text, 'too late', true)), 100)
    // workerd waits for a farewell as long as it takes
    expect(await Promise.race([closed, wait(name === 'workerd' ? 1_000 : 10_000)])).toBe(
      name === 'workerd' ? undefined : true,
    )
    clearInterval(talking)
    expect(words).toEqual(['in time'])
  })

  it('a cookie that comes with the handshake arrives', async () => {
    const { head } = await shake(async (_, upstream, request) => {
      upstream.write(ws.takeHandshake(request).replace('\r\n', '\r\nSet-Cookie: seat=7\r\nSet-Cookie: row=2\r\n'))
    })
    expect(head && valuesOf(head, 'set-cookie').map((cookie) => cookie.split(';', 1)[0])).toEqual(['seat=7', 'row=2'])
  })

  it('an upstream that is not there is 502, one that says nothing 504', async () => {
    const down = await ws.shakeHands(around.runtime.port, '/', [], 'down.test')
    open.push(down.socket)
    expect(down.head?.start).toMatch(/^HTTP\/1\.1 502 /)
    const { head } = await shake(() => wait(5_000), [], '/public/slow')
    expect(head?.start).toMatch(/^HTTP\/1\.1 504 /)
  })

  it('a client that reads slowly slows the upstream down', { retry: 1 }, async () => {
    const payload = Buffer.alloc(1 << 20, 'x')
    let written = 0
    const { reader } = await shake(async (_, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      for (; written < 100 && !upstream.destroyed; written++) {
        if (!upstream.write(ws.frame(ws.binary, payload, false)))
          await new Promise((resolve) => upstream.once('drain', resolve))
      }
    })
    reader.socket.pause()
    await wait(1_500)
    // workerd takes whatever comes, and doesn't tell how much of it waits
    if (name !== 'workerd') expect(written).toBeLessThan(40)
    reader.socket.resume()
    for (let at = 0; at < 100; at++) expect((await ws.readFrame(reader))?.payload.length).toBe(payload.length)
  })

  it('an upstream that does not read is not a place to keep things', async () => {
    const { socket, reader } = await shake(async (theirs, upstream, head) => {
      upstream.write(ws.takeHandshake(head))
      theirs.socket.pause()
    })
    const payload = Buffer.alloc(1 << 20, 'x')
    let written = 0
    while (written < 120 && !reader.isEnded) {
      if (!socket.write(ws.frame(ws.binary, payload, true)))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), wait(4_000)])
      if (socket.writableNeedDrain) break
      written++
    }
    // Node makes the client wait; Deno, which can't, hangs up; workerd takes whatever comes, and doesn't tell how much waits
    if (name === 'workerd') expect(written).toBe(120)
    else expect(written).toBeLessThan(name === 'node' ? 40 : 100)
    if (name === 'deno') await expect.poll(() => reader.isEnded).toBe(true)
    else expect(reader.isEnded).toBe(false)
  })

  // what else the machine does meanwhile is chance: the best of three counts
  it('a client that leaves before the upstream has decided is missed within 500 ms', { retry: 2 }, async () => {
    const asked = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<number>()
    around.origin.reply = async (_, upstream) => {
      upstream.once('close', () => gone.resolve(performance.now()))
      asked.resolve()
      await gone.promise
    }
    const shaking = ws.begin(connect(around.runtime.port, '127.0.0.1'), '/signed-in/socket', [
      ['Cookie', around.cookies.member],
      own,
    ])
    await asked.promise
    const leftAt = performance.now()
    shaking.socket.resetAndDestroy()
    expect((await gone.promise) - leftAt).toBeLessThan(500)
  })

  it('a client that leaves as the upstream agrees leaves nothing behind', async () => {
    let gone = 0
    for (let at = 0; at < 30; at++) {
      const socket = connect(around.runtime.port, '127.0.0.1')
      open.push(socket)
      around.origin.reply = async (reader, upstream, head) => {
        socket.resetAndDestroy()
        await wait(at / 4)
        upstream.write(ws.takeHandshake(head))
        // a close, or nothing any more: either way it knows
        await reader.some()
        gone++
        upstream.destroy()
      }
      ws.begin(socket, '/public/x')
      await new Promise((resolve) => socket.once('close', resolve))
      await wait(20)
    }
    await expect.poll(() => gone).toBe(30)
  })

  it('the upstream is gone once it has agreed: so is the client', async () => {
    for (let at = 0; at < 10; at++) {
      const { reader } = await shake(async (_, upstream, head) => {
        upstream.write(ws.takeHandshake(head))
        await wait(at)
        upstream.resetAndDestroy()
      })
      const frame = await ws.readFrame(reader)
      expect(frame?.opcode ?? ws.close).toBe(ws.close)
    }
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

  it('a handshake behind a request that is still unanswered ends nobody else', async () => {
    around.origin.reply = async () => undefined
    const lines = ['Host: app.test', 'Connection: Upgrade', 'Upgrade: websocket', key, 'Sec-WebSocket-Version: 13']
    const socket = connect(around.runtime.port, '127.0.0.1')
    open.push(socket)
    socket.on('error', () => undefined)
    const both = `GET /public/a HTTP/1.1\r\nHost: app.test\r\n\r\nGET /public/b HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
    socket.write(both)
    await wait(300)
    around.origin.reply = plainReply
    const { message } = await send(around.runtime.port, requestText('GET /public/c', 'app.test', []))
    expect(message && statusOf(message)).toBe(200)
  })

  it('wrote no word of an unhandled error', async () => {
    expect(await wholeOutput(around.runtime)).not.toMatch(/uncaught|unhandled/i)
  })
})
