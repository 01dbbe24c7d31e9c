/** Upstreams that fail, one after the other and each in its way: who is asked next, who rests, how long anybody waits. */

import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anyPort } from '../../examples/demo/ports.ts'
import { type Door, openDoor } from '../support/door.ts'
import { Reader, requestText, type Sent, send, statusOf, valuesOf } from '../support/http.ts'
import { wholeOutput } from '../support/log-lines.ts'
import { plainReply, type RawOrigin, type Reply, startRawOrigin } from '../support/origin.ts'
import { findProgram } from '../support/programs.ts'
import { runtimeNames } from '../support/runtimes.ts'

const restSeconds = 3
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, restSeconds * 1000 + 100))
const mostTests = 60
const hangUp: Reply = async (_, socket) => void socket.destroy()

describe.each(runtimeNames)('%s', (name) => {
  let first: RawOrigin
  let second: RawOrigin
  let door: Door
  beforeAll(async () => {
    first = await startRawOrigin()
    second = await startRawOrigin()
    const [one, two, nobody] = [first.port, second.port, await anyPort()].map((port) => `http://127.0.0.1:${port}`)
    const everything = { path: '/*', access: 'public' } as const
    const failover = { restSeconds }
    door = await openDoor(name, {
      origins: [
        // who rests, rests for one origin: so each test has its own, and none waits for what another left
        ...Array.from({ length: mostTests }, (_, at) => [
          { name: `pair${at}`, host: `pair${at}.test`, upstream: [`${one}`, `${two}`], failover, rules: [everything] },
          {
            name: `half${at}`,
            host: `half${at}.test`,
            upstream: [`${nobody}`, `${two}`],
            failover,
            rules: [everything],
          },
        ]).flat(),
        { name: 'none', host: 'none.test', upstream: [`${nobody}`, `${nobody}/`], failover, rules: [everything] },
        {
          name: 'timed',
          host: 'timed.test',
          upstream: `${one}`,
          rules: [
            { path: '/idle', access: 'public', timeouts: { idleSeconds: 1.5 } },
            { path: '/total', access: 'public', timeouts: { totalSeconds: 1.5 } },
            { ...everything, timeouts: { firstByteSeconds: 0.5 } },
          ],
        },
      ],
    })
  })
  afterAll(async () => {
    await door?.stop()
    await first?.close()
    await second?.close()
  })
  let turn = -1
  let pair = ''
  let half = ''
  beforeEach(() => {
    turn += 1
    pair = `pair${turn}.test`
    half = `half${turn}.test`
    for (const origin of [first, second]) {
      origin.received.length = 0
      origin.reply = plainReply
    }
  })
  const clients: Socket[] = []
  afterEach(() => {
    for (const socket of clients.splice(0)) socket.destroy()
  })

  const ask = (line: string, host: string, body = '', headers: [string, string][] = []): Promise<Sent> =>
    send(door.runtime.port, requestText(line, host, headers, body))
  const statusFor = async (...request: Parameters<typeof ask>): Promise<number> => {
    const { message } = await ask(...request)
    return message ? statusOf(message) : 0
  }
  const counts = (): readonly number[] => [first.received.length, second.received.length]

  describe('failover', () => {
    it.each(['GET', 'HEAD'])('%s goes on to the next one', async (method) => {
      expect(await statusFor(`${method} /a?b=1`, half)).toBe(200)
      expect(second.received.map(({ start }) => start)).toEqual([`${method} /a?b=1 HTTP/1.1`])
    })

    it.each(['PUT', 'DELETE', 'OPTIONS'])('%s goes on where it says that it has no body', async (method) => {
      expect(await statusFor(`${method} /a`, half, '', [['Content-Length', '0']])).toBe(200)
      expect(second.received).toHaveLength(1)
    })

    it.each([
      ['POST', ''],
      ['PATCH', ''],
      ['POST', 'hello'],
      ['PUT', 'hello'],
      ['DELETE', 'hello'],
    ])('%s with the body "%s" goes nowhere else', async (method, body) => {
      expect(await statusFor(`${method} /a`, half, body)).toBe(502)
      expect(second.received).toEqual([])
    })

    it('a body of which something was sent is sent to nobody else', async () => {
      first.reply = async (reader, socket) => {
        await reader.some()
        socket.destroy()
      }
      expect(await statusFor('PUT /a', pair, 'x'.repeat(200_000))).toBe(502)
      expect(counts()).toEqual([1, 0])
    })

    it('an answer that has begun is not begun again', async () => {
      first.reply = async (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
      const { message } = await ask('GET /a', pair)
      expect(message?.isWhole).toBe(false)
      expect(counts()).toEqual([1, 0])
    })

    it("an error of the upstream's own is an answer", async () => {
      first.reply = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy'
      expect(await statusFor('GET /a', pair)).toBe(503)
      expect(counts()).toEqual([1, 0])
    })

    it('when all are down it is 502', async () => {
      expect(await statusFor('GET /a', 'none.test')).toBe(502)
    })
  })

  describe('rest', () => {
    it('one that failed is left alone for its time, and asked again after', async () => {
      first.reply = hangUp
      expect(await statusFor('GET /a', pair)).toBe(200)
      const asked = first.received.length
      expect(asked).toBeGreaterThan(0)
      first.reply = plainReply
      for (let at = 0; at < 3; at++) expect(await statusFor('GET /a', pair)).toBe(200)
      expect(counts()).toEqual([asked, 4])
      await rest()
      expect(await statusFor('GET /a', pair)).toBe(200)
      expect(counts()).toEqual([asked + 1, 4])
    })

    it('a post that failed makes it rest too', async () => {
      first.reply = hangUp
      expect(await statusFor('POST /a', pair, 'hello')).toBe(502)
      expect(await statusFor('POST /a', pair, 'hello')).toBe(200)
      expect(counts()).toEqual([1, 1])
    })

    it('one that rests is better than none', async () => {
      first.reply = hangUp
      second.reply = hangUp
      expect(await statusFor('GET /a', pair)).toBe(502)
      first.reply = plainReply
      second.reply = plainReply
      expect(await statusFor('GET /a', pair)).toBe(200)
    })

    it.each([
      ['is no chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\nno size\r\n'],
      ['ends between two chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n'],
      ['ends within a chunk', 'Transfer-Encoding: chunked', `30000\r\n${'x'.repeat(100_000)}`],
      ['ends too early', 'Content-Length: 200000', 'x'.repeat(100_000)],
    ])('a client whose body %s makes nobody rest, and nobody takes it for whole', async (_, framing, body) => {
      const seen = Promise.withResolvers<string>()
      first.reply = async (reader, socket) => {
        let bytes = ''
        for (let more = ' '; more !== ''; bytes += more) more = await reader.some()
        seen.resolve(bytes)
        socket.destroy()
      }
      const socket = connect({ port: door.runtime.port, host: '127.0.0.1', allowHalfOpen: true })
      clients.push(socket)
      const reader = new Reader(socket)
      socket.write(`POST /a HTTP/1.1\r\nHost: ${pair}\r\n${framing}\r\n\r\n${body}`)
      await new Promise((resolve) => setTimeout(resolve, 300))
      // of a pipe with a length workerd doesn't say which end broke off: it wants a reset
      if (framing.startsWith('Content')) socket.resetAndDestroy()
      else socket.end()
      const answer = await reader.message('POST')
      expect([null, 400]).toContain(answer && statusOf(answer))
      if (first.received.length > 0) expect((await seen.promise).endsWith('0\r\n\r\n')).toBe(false)
      first.reply = plainReply
      expect(await statusFor('GET /b', pair)).toBe(200)
      expect(second.received).toEqual([])
    })
  })

  describe('time', () => {
    /** Says so much and no more. Resolves when it is let go. */
    const stall = (words: string): Promise<void> =>
      new Promise((resolve) => {
        first.reply = async (reader, socket) => {
          socket.once('close', () => resolve())
          socket.write(words)
          await reader.some()
        }
      })

    it.each(['/idle', '/total'])(
      'an answer that stands still is broken off, and so is the upstream: %s',
      async (path) => {
        const released = stall('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
        const { message, milliseconds } = await ask(`GET ${path}`, 'timed.test')
        expect([message && statusOf(message), message?.body, message?.isWhole]).toEqual([200, 'begun', false])
        expect(milliseconds).toBeGreaterThan(1_300)
        expect(milliseconds).toBeLessThan(5_000)
        await released
      },
    )

    it('an answer that goes on slowly is not idle', async () => {
      first.reply = async (_, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n')
        for (let at = 0; at < 8; at++) {
          await new Promise((resolve) => setTimeout(resolve, 300))
          socket.write('x')
        }
      }
      expect((await ask('GET /idle', 'timed.test')).message).toMatchObject({ body: 'xxxxxxxx', isWhole: true })
    })

    it('the whole time is over for an answer that goes on, too', async () => {
      first.reply = async (_, socket) => {
        socket.on('error', () => undefined)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
        for (let at = 0; at < 1000 && !socket.destroyed; at++) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          socket.write('x')
        }
      }
      const { message, milliseconds } = await ask('GET /total', 'timed.test')
      expect(message?.isWhole).toBe(false)
      expect(milliseconds).toBeLessThan(5_000)
    })

    it('the whole time is over for an upload that stands still', async () => {
      first.reply = async (reader) => {
        while ((await reader.some()) !== '');
      }
      const { message, milliseconds } = await ask('POST /total', 'timed.test', 'begun', [['Content-Length', '100000']])
      expect(message && statusOf(message)).toBe(504)
      expect(milliseconds).toBeLessThan(5_000)
    })

    it('a head that never comes is 504, and the upstream is let go', async () => {
      const released = stall('')
      expect(await statusFor('GET /a', 'timed.test')).toBe(504)
      await released
    })
  })

  it('a client that closes its half once it has asked: workerd answers it, the others take it to have left', async () => {
    first.reply = async (_, socket) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      socket.write(plainReply)
    }
    const socket = connect({ port: door.runtime.port, host: '127.0.0.1', allowHalfOpen: true })
    clients.push(socket)
    const reader = new Reader(socket)
    socket.end(requestText('GET /a', pair))
    const message = await reader.message('GET')
    expect(message?.body).toBe(name === 'workerd' ? 'ok' : undefined)
  })

  it('an upstream that closes its half after the answer is done with', async () => {
    first.reply = async (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    for (let at = 0; at < 3; at++) expect((await ask('GET /a', pair)).message).toMatchObject({ body: 'ok' })
  })

  it('wrote no word of an unhandled error', async () => {
    const lines = (await wholeOutput(door.runtime)).split('\n')
    // workerd complains of what we break off ourselves
    const odd = lines.filter((line) => /uncaught|unhandled/i.test(line) && !/The operation was aborted/.test(line))
    expect(odd).toEqual([])
  })
})

const python = findProgram('python3')

describe.skipIf(!python).each(runtimeNames)('%s: an upstream that takes no connection', (name) => {
  it('is 504 when the time to connect is over', async () => {
    // a queue of one that nobody empties: the kernel lets whoever comes next wait
    const script =
      'import socket,time\ns=socket.socket()\ns.bind(("127.0.0.1",0))\ns.listen(0)\n' +
      'print(s.getsockname()[1],flush=True)\ntime.sleep(60)'
    const child = spawn(python ?? '', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)))
    const filling = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    for (const socket of filling) socket.on('error', () => undefined)
    const door = await openDoor(name, {
      origins: [
        {
          name: 'deaf',
          host: 'deaf.test',
          upstream: `http://127.0.0.1:${port}`,
          rules: [
            { path: '/*', access: 'public', retries: 0, timeouts: { connectSeconds: 0.5, firstByteSeconds: 1.5 } },
          ],
        },
      ],
    })
    try {
      const { message, milliseconds } = await send(door.runtime.port, requestText('GET /a', 'deaf.test'))
      expect(message && statusOf(message)).toBe(504)
      expect(message && valuesOf(message, 'x-sallyport')).toEqual(['refused'])
      expect(milliseconds).toBeLessThan(6_000)
    } finally {
      for (const socket of filling) socket.destroy()
      child.kill()
      await door.stop()
    }
  })
})

describe('where a binding or the same host leads', () => {
  const rules = [{ path: '/*', access: 'optional' }] as const
  const routes = {
    origins: [
      { name: 'bound', host: 'bound.test', upstream: { binding: 'BACKEND' }, session: true, rules: [...rules] },
      { name: 'same', host: 'same.test', upstream: 'same-host' as const, session: true, rules: [...rules] },
    ],
  }

  it('workerd sends to the service, and to the very host that was asked for', async () => {
    const backend = await startRawOrigin()
    const zone = await startRawOrigin()
    const door = await openDoor('workerd', routes, { services: { BACKEND: backend.port }, outboundPort: zone.port })
    try {
      for (const [host, origin] of [
        ['bound.test', backend],
        ['same.test', zone],
      ] as const) {
        const headers: [string, string][] = [
          ['Cookie', door.cookie],
          ['X-Remote-User', 'mallory'],
        ]
        const bytes = requestText('POST /a?b=1', host, headers, 'hello')
        const { message } = await send(
          door.runtime.port,
          bytes.replace('Cookie:', 'Sec-Fetch-Site: same-origin\r\nCookie:'),
        )
        expect(message && [statusOf(message), message.body]).toEqual([200, 'ok'])
        expect(origin.received).toMatchObject([{ start: 'POST /a?b=1 HTTP/1.1', body: 'hello' }])
        expect(valuesOf(origin.received[0] ?? { headers: [] }, 'host')).toEqual([host])
        expect(valuesOf(origin.received[0] ?? { headers: [] }, 'cookie')).toEqual([])
      }
      expect([backend.received.length, zone.received.length]).toEqual([1, 1])
    } finally {
      await door.stop()
      await backend.close()
      await zone.close()
    }
  })

  it.each(['deno', 'node'] as const)('%s has neither, and says so before it starts', async (name) => {
    await expect(openDoor(name, routes)).rejects.toThrow(/BACKEND[\s\S]*same-host/)
  })
})
