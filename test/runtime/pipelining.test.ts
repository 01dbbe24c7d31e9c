/** Requests that are sent before the last one was answered: each in its turn, however many there are. */

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Door, openDoor } from '../support/door.ts'
import { Reader, requestText } from '../support/http.ts'
import { plainReply, type RawOrigin, startRawOrigin } from '../support/origin.ts'
import { runtimeNames } from '../support/runtimes.ts'

describe.each(runtimeNames)('%s', (name) => {
  let upstream: RawOrigin
  let door: Door
  beforeAll(async () => {
    upstream = await startRawOrigin()
    const rules = [{ path: '/*', access: 'public' } as const]
    const origin = { name: 'app', host: 'app.test', upstream: `http://127.0.0.1:${upstream.port}`, rules }
    door = await openDoor(name, { origins: [origin] })
  })
  afterAll(async () => {
    await door?.stop()
    await upstream?.close()
  })
  const targets = (): (string | undefined)[] => upstream.received.map(({ start }) => start.split(' ')[1])

  it('begins the next when the last one is answered, and answers in order', async () => {
    upstream.received.length = 0
    const waiting: (() => void)[] = []
    upstream.reply = async (_, socket, { start }) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      const body = start.split(' ')[1] ?? ''
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
    const socket = connect(door.runtime.port, '127.0.0.1')
    const reader = new Reader(socket)
    socket.write(
      ['/1', '/.sallyport/nothing', '/3', '/4'].map((path) => requestText(`GET ${path}`, 'app.test')).join(''),
    )
    for (const path of ['/1', '/3', '/4']) {
      await expect.poll(() => waiting.length).toBe(1)
      expect(targets().at(-1)).toBe(path)
      waiting.pop()?.()
      expect((await reader.message('GET'))?.body).toBe(path)
      if (path === '/1') expect((await reader.message('GET'))?.start).toContain('404')
    }
    expect(targets()).toEqual(['/1', '/3', '/4'])
    socket.destroy()
  })

  it('asks the upstream for one of ten thousand while nobody reads', async () => {
    upstream.received.length = 0
    upstream.reply = () => new Promise(() => undefined)
    const socket = connect(door.runtime.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const written = new Promise((resolve) => socket.once('close', resolve).once('drain', resolve))
    socket.write(requestText('GET /flood', 'app.test').repeat(10_000))
    await expect.poll(() => upstream.received.length).toBe(1)
    await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 2_000))])
    expect(targets()).toEqual(['/flood'])
    socket.destroy()
    upstream.reply = plainReply
  })
})
