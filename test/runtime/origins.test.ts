/** Real legacy servers behind each runtime: what an app of twenty years ago does must come out right at the browser. */

import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Door, openDoor } from '../support/door.ts'
import { type Message, requestText, send, statusOf, valuesOf } from '../support/http.ts'
import {
  download,
  forgeries,
  type Legacy,
  type LegacyKind,
  legacyKinds,
  startLegacy,
  traits,
} from '../support/legacy.ts'
import { runtimeNames } from '../support/runtimes.ts'

type Headers = readonly (readonly [string, string])[]

const here = legacyKinds.filter(({ lacks }) => lacks === null)
const servers = new Map<string, Legacy>()
beforeAll(async () => {
  const started = await Promise.all(here.map(async (kind) => [kind.name, await startLegacy(kind)] as const))
  for (const [name, legacy] of started) servers.set(name, legacy)
})
afterAll(() => Promise.all([...servers.values()].map((legacy) => legacy.stop())))

const portOf = (kind: LegacyKind): number => servers.get(kind.name)?.port ?? 0

const ask = async (port: number, line: string, host: string, headers: Headers = [], body = ''): Promise<Message> => {
  const { message } = await send(port, requestText(line, host, headers, body))
  if (!message) throw new Error(`no answer to ${line}`)
  return message
}

describe.each(legacyKinds)('$name, alone', (kind) => {
  it.skipIf(kind.lacks)('believes what it is told', async () => {
    const found: string[] = []
    for (const name of forgeries) {
      const { body } = await ask(portOf(kind), 'GET /', 'localhost', [[name, 'mallory']])
      if (body.includes('mallory')) found.push(name)
    }
    expect(found).toEqual(traits[kind.name].believes)
  })
})

describe.each(runtimeNames)('%s', (runtime) => {
  let door: Door
  beforeAll(async () => {
    door = await openDoor(runtime, {
      origins: here.map((kind) => ({
        name: kind.name,
        host: `${kind.name}.test`,
        // another name than the public one: the app's redirects and cookies speak of it
        upstream: `http://localhost:${portOf(kind)}`,
        session: true,
        // its router folds case unless it is told otherwise
        ...(kind.name === 'express' && { paths: { caseInsensitive: true } }),
        identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email' } },
        rules: [
          { path: '/guarded/*', access: 'signed-in' },
          { path: '/mounted/*', access: 'optional', rewrite: { from: '/mounted', to: '/' } },
          { path: '/*', access: 'optional' },
        ],
      })),
    })
  })
  afterAll(() => door?.stop())

  describe.each(legacyKinds)('$name', (kind) => {
    const test = it.skipIf(kind.lacks)
    const host = `${kind.name}.test`
    const get = (target: string, headers: Headers = []): Promise<Message> =>
      ask(door.runtime.port, `GET ${target}`, host, headers)
    const post = (target: string, type: string, body: string, headers: Headers = []): Promise<Message> =>
      ask(door.runtime.port, `POST ${target}`, host, [['Content-Type', type], ...headers], body)

    test('nobody is nobody', async () => {
      const { body } = await get('/')
      expect(body).toBe('user: -\nemail: -\nremote_user: -\ncookies: \n')
    })

    test('someone who signed in is known to the app, and their cookie is not', async () => {
      const { body } = await get('/', [['Cookie', `a=1; ${door.cookie}; b=2`]])
      expect(body).toMatch(/^user: user-0\nemail: user0@example\.com\nremote_user: (?:user-0|-)\ncookies: a b\n$/)
    })

    test.each(forgeries)('a forged %s is nobody, and takes nobody’s place', async (name) => {
      expect((await get('/', [[name, 'mallory']])).body).toBe('user: -\nemail: -\nremote_user: -\ncookies: \n')
      const forged: Headers = [
        [name, 'mallory'],
        ['Cookie', door.cookie],
        [name, 'mallory'],
      ]
      const { body } = await get('/', forged)
      expect(body).toMatch(/^user: user-0\n/)
      expect(body).not.toContain('mallory')
    })

    test('Connection takes no identity away', async () => {
      const { body } = await get('/', [
        ['Cookie', door.cookie],
        ['Connection', 'X-Remote-User, X_Remote_User, close'],
      ])
      expect(body).toMatch(/^user: user-0\n/)
    })

    test.each([
      ['', '/'],
      ['/mounted', '/mounted'],
    ])('a form leads on, and its cookies come back, at %s/note', async (at, path) => {
      const answer = await post(`${at}/note`, 'application/x-www-form-urlencoded', 'text=hello')
      expect(statusOf(answer)).toBe(303)
      expect(valuesOf(answer, 'location')).toEqual([`http://${host}${at}/note?kept=1`])
      const cookies = valuesOf(answer, 'set-cookie').filter((cookie) => /^(?:note|seen)=/.test(cookie))
      expect(cookies).toHaveLength(2)
      expect(cookies[0]).toMatch(/^note=hello;/)
      expect(cookies[0]).toMatch(/; ?httponly/i)
      for (const cookie of cookies) {
        expect(cookie).not.toMatch(/domain/i)
        expect(cookie.match(/path=([^;]*)/i)?.[1]).toBe(path)
      }
      const back = cookies.map((cookie) => cookie.split(';', 1)[0]).join('; ')
      expect((await get(`${at}/note?kept=1`, [['Cookie', back]])).body).toBe('note: hello\n')
    })

    test('a file is uploaded in a form, byte for byte', async () => {
      const file = download.toString('latin1')
      const form =
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="notes.bin"\r\n' +
        `Content-Type: application/octet-stream\r\n\r\n${file}\r\n--edge--\r\n`
      const answer = await post('/upload', 'multipart/form-data; boundary=edge', form)
      expect([statusOf(answer), answer.body]).toEqual([200, `notes.bin ${sumOf(download)}\n`])
    })

    test('a file is uploaded as it is', async () => {
      const answer = await post('/raw', 'application/octet-stream', download.toString('latin1'))
      expect([statusOf(answer), answer.body]).toEqual([200, `raw ${sumOf(download)}\n`])
    })

    test('a file is uploaded in chunks', async () => {
      const chunks = `${download.length.toString(16)}\r\n${download.toString('latin1')}\r\n0\r\n\r\n`
      const headers: Headers = [
        ['Content-Type', 'application/octet-stream'],
        ['Transfer-Encoding', 'chunked'],
      ]
      // whoever takes none hangs up with the rest unread, which may cost its answer too (RFC 9112 section 9.6)
      const { message } = await send(door.runtime.port, requestText('POST /raw', host, headers, chunks))
      const said = message?.body.startsWith('raw ') ? message.body : message && statusOf(message)
      if (traits[kind.name].takesChunks) expect(said).toBe(`raw ${sumOf(download)}\n`)
      else expect([`raw ${sumOf(Buffer.alloc(0))}\n`, 502, ...(runtime === 'workerd' ? [null] : [])]).toContain(said)
    })

    test('a download, whole and in parts', async () => {
      const whole = await get('/download')
      expect(statusOf(whole)).toBe(200)
      expect(valuesOf(whole, 'content-length')).toEqual([String(download.length)])
      expect(whole.body === download.toString('latin1')).toBe(true)
      const [date = ''] = valuesOf(whole, 'last-modified')

      const partOf = async (range: string, more: Headers = []): Promise<readonly unknown[]> => {
        const answer = await get('/download', [['Range', range], ...more])
        const [says] = valuesOf(answer, 'content-range')
        return statusOf(answer) === 206 ? [206, says, answer.body] : [statusOf(answer), says]
      }
      const bytes = (from: number, to: number): string => download.subarray(from, to).toString('latin1')
      expect(await partOf('bytes=100-199')).toEqual([206, 'bytes 100-199/100000', bytes(100, 200)])
      expect(await partOf('bytes=99990-')).toEqual([206, 'bytes 99990-99999/100000', bytes(99_990, 100_000)])
      expect(await partOf('bytes=-5')).toEqual([206, 'bytes 99995-99999/100000', bytes(99_995, 100_000)])
      expect(await partOf('bytes=0-0', [['If-Range', date]])).toEqual([206, 'bytes 0-0/100000', bytes(0, 1)])
      expect(await partOf('bytes=0-0', [['If-Range', 'Sat, 01 Jan 2000 00:00:00 GMT']])).toEqual([200, undefined])
      expect((await partOf('bytes=100000-'))[0]).toBe(416)
      expect(statusOf(await get('/download', [['If-Modified-Since', date]]))).toBe(304)
      const head = await ask(door.runtime.port, 'HEAD /download', host)
      expect([statusOf(head), valuesOf(head, 'content-length'), head.body]).toEqual([200, ['100000'], ''])
    })

    test('a page that is compressed is compressed once', async () => {
      const answer = await get('/page', [['Accept-Encoding', 'gzip']])
      const isGzip = valuesOf(answer, 'content-encoding').join() === 'gzip'
      expect(isGzip).toBe(traits[kind.name].compresses)
      const text = isGzip ? gunzipSync(Buffer.from(answer.body, 'latin1')).toString() : answer.body
      expect(text).toBe('A page that is worth compressing.\n'.repeat(200))
      expect((await get('/page')).body).toBe(text)
    })

    test("a page that isn't there is the app's to miss", async () => {
      const answer = await get('/nowhere')
      expect([statusOf(answer), valuesOf(answer, 'x-sallyport')]).toEqual([404, []])
    })

    test('nobody sees what is guarded, however it is asked for', async () => {
      const ways = [
        ...[
          '/guarded',
          '/guarded/',
          '//guarded',
          '/./guarded',
          '/x/../guarded',
          '/x/%2e%2e/guarded',
          '/x/..%2fguarded',
        ],
        ...['/x/..;/guarded', '/guarded;x=1', '/;x=1/guarded', '/x/..%5cguarded', '/x\\..\\guarded', '/%67uarded'],
        ...[
          '/guarded%00',
          '/guarded%20',
          '/guarded.',
          '/GUARDED',
          '/guarded%2f',
          '/guarded%3fx',
          '/guarded#x',
          '/guarded?x',
        ],
        ...['/%2567uarded', '/guarded%ff', '/index.php/guarded', '/app.jsp/guarded', '/app.pl/guarded'],
      ]
      for (const way of ways) expect((await get(way)).body, way).not.toContain('business')
      expect((await get('/guarded', [['Cookie', door.cookie]])).body).toBe("nobody's business\n")
    })
  })
})

const sumOf = (bytes: Buffer): string => `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
