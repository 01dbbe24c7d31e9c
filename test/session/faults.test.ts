import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Key, SessionStore } from '../../src/session/store.ts'
import { createDenoKvStore, type DenoKv } from '../../src/session/stores/deno-kv.ts'
import { createDurableObjectStore, type SessionStub } from '../../src/session/stores/durable-object.ts'
import { createKvStore, type KvNamespace } from '../../src/session/stores/kv.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createUpstashStore, openUpstash } from '../../src/session/stores/upstash.ts'
import { at, openKept } from '../support/kept.ts'
import { laySession } from '../support/sessions.ts'

const timeoutMilliseconds = 250
const faults = ['refused', 'hangs', 'half-written', 'garbage', 'garbage of its own form'] as const
type Mode = (typeof faults)[number] | 'slow' | 'well'
let mode: Mode = 'well'

/** What each client is given instead of the texts: the failure happens at the edge of the process. */
async function disturbed<T>(well: () => Promise<T> | T, garbage: unknown, ownForm: unknown): Promise<T> {
  if (mode === 'refused') throw new TypeError('connection refused: GET session:secret')
  if (mode === 'half-written') throw new SyntaxError('Unexpected end of JSON input')
  if (mode === 'hangs') return new Promise<never>(() => undefined)
  if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, timeoutMilliseconds / 4))
  if (mode === 'garbage') return garbage as T
  if (mode === 'garbage of its own form') return ownForm as T
  return well()
}

const now = (): number => 1_800_000_000
const memory = createMemoryStore(now)
const textsOf = (keys: readonly Key[]) => memory.read(keys)
const keyOf = (name: string): Key => ({ place: name.split('/')[0] ?? '', name: name.split('/').at(-1) ?? '' })

const kv: SessionStore = createKvStore({
  get: (names: string[]) =>
    disturbed(
      async () => new Map((await textsOf(names.map(keyOf))).map((text, at) => [names[at] ?? '', text] as const)),
      new Map(names.map((name) => [name, 7])),
      new Map(),
    ),
} as unknown as KvNamespace)
const objects: SessionStore = createDurableObjectStore({
  getByName: (place) =>
    ({
      read: (names: string[]) => disturbed(() => textsOf(names.map((name) => ({ place, name }))), 'moved', ['x']),
    }) as unknown as SessionStub,
})
const denoKv: SessionStore = createDenoKvStore(
  Promise.resolve({
    getMany: (paths: string[][]) =>
      disturbed(
        async () => {
          const texts = await textsOf(paths.map(([, place = '', name = '']) => ({ place, name })))
          return texts.map((value, at) => ({ key: paths[at] ?? [], value, versionstamp: value === null ? null : '1' }))
        },
        paths.map((key) => ({ key, value: 7, versionstamp: '1' })),
        [],
      ),
  } as unknown as DenoKv),
)
const plain: SessionStore = {
  ...memory,
  read: async (keys) => {
    const texts = await memory.read(keys)
    const odd = texts.map((text, at) => (at === 0 ? text : 'not a time'))
    return disturbed(() => texts, odd, [])
  },
}

/** Upstash as it fails on the wire. */
let server: Server
const answerUpstash = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const [, ...names] = JSON.parse(Buffer.concat(chunks).toString()) as string[]
    const well = JSON.stringify({ result: (await textsOf(names.map((name) => ({ place: '', name })))).map(toBase64) })
    if (mode === 'hangs') return
    if (mode === 'refused') return void request.socket.destroy()
    if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, timeoutMilliseconds / 4))
    if (mode === 'half-written') {
      response.writeHead(200, { 'content-length': well.length + 10 }).write(well.slice(0, well.length / 2))
      return void setTimeout(() => request.socket.destroy(), 10)
    }
    response.end(
      mode === 'garbage' ? '<html>busy</html>' : mode === 'garbage of its own form' ? '{"result":[null]}' : well,
    )
  })
}
const toBase64 = (text: string | null) => (text === null ? null : Buffer.from(text).toString('base64'))
beforeAll(async () => {
  server = createServer(answerUpstash)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const account = () => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  token: 't',
  timeoutMilliseconds,
})
const upstash = (): SessionStore => createUpstashStore(openUpstash(account()))

const stores: readonly (readonly [string, () => SessionStore])[] = [
  ['kv', () => kv],
  ['durable-object', () => objects],
  ['deno-kv', () => denoKv],
  ['upstash', upstash],
  ['memory', () => plain],
]

async function open(store: SessionStore) {
  mode = 'well'
  // made in the memory behind it; what fails is the reading
  const kept = openKept({ STORE_TIMEOUT_MS: String(timeoutMilliseconds) }, { ...memory, read: store.read })
  const laid = await laySession(memory, { subject: `ada-${Math.random()}`, ttlSeconds: 3_600 }, now())
  const cookie = `__Host-sallyport=${laid.cookie}`
  const ask = async (path: string) => (await kept.ask(`GET ${at}${path}`, { cookie })).answer
  return { ...kept, cookie, ask }
}

describe.each(stores)('when the store %s', (_, of) => {
  it.each(faults)('%s: 503 to who is unknown and to who was known, and nobody is signed out', async (fault) => {
    const { ask, lines } = await open(of())
    mode = fault
    const unknown = await ask('/strict')
    mode = 'well'
    expect((await ask('/strict')).status, lines.join('\n')).toBe(200)
    mode = fault
    const known = await ask('/strict')
    for (const answer of [unknown, known]) {
      expect(answer.status).toBe(503)
      expect(answer.headers).toContainEqual(['retry-after', '5'])
      expect(answer.headers.map(([name]) => name)).not.toContain('set-cookie')
    }
    expect(lines.join()).not.toContain('session:secret')
  })

  it.each(faults)('%s: a rule with staleIfError believes what it knew, for that long', async (fault) => {
    const kept = await open(of())
    mode = fault
    expect((await kept.ask('/stale')).status).toBe(503)
    mode = 'well'
    expect((await kept.ask('/stale')).status).toBe(200)
    mode = fault
    kept.pass(59)
    expect((await kept.ask('/stale')).status).toBe(200)
    kept.pass(1)
    expect((await kept.ask('/stale')).status).toBe(503)
    mode = 'well'
    kept.pass(30)
    expect((await kept.ask('/stale')).status).toBe(200)
  })

  it('is slow, and answers in time: nothing is lost', async () => {
    const { ask } = await open(of())
    mode = 'slow'
    expect((await ask('/strict')).status).toBe(200)
  })

  it('comes back after having said that a session ended: staleIfError never revives it', async () => {
    const kept = await open(of())
    expect((await kept.ask('/stale')).status).toBe(200)
    const id = kept.cookie.split('.')[1]?.slice(0, 33) ?? ''
    await memory.write({ place: id.slice(0, 22), name: `ended:${id}` }, '1800000000', null)
    expect((await kept.ask('/strict')).status).toBe(401)
    mode = 'refused'
    expect((await kept.ask('/stale')).status).toBe(503)
  })
})

it('Upstash that hangs rejects: with a signal instead of a function it would say "nothing there"', async () => {
  mode = 'hangs'
  const started = performance.now()
  await expect(upstash().read([{ place: '', name: 'not-before:x' }])).rejects.toThrow()
  expect(performance.now() - started).toBeLessThan(2_000)
})

it('a mark that can’t be read is no "no mark"', async () => {
  const kept = await open(memory)
  const place = kept.cookie.split('.')[1]?.slice(0, 22) ?? ''
  for (const text of ['', 'yes', '-1', 'NaN', '1e999', ' 1', '0x10']) {
    await memory.write({ place, name: `not-before:${place}` }, text, null)
    expect((await kept.ask('/strict')).status).toBe(503)
  }
})

it('ten thousand cookies that were never issued reach the store as often as the settings say', async () => {
  let reads = 0
  const kept = openKept(
    { UNKNOWN_LOOKUPS_PER_SECOND: '50' },
    {
      ...memory,
      read: (keys) => {
        reads++
        return memory.read(keys)
      },
    },
  )
  const cookieAt = (count: number) => `__Host-sallyport=v1..${String(count).padStart(43, 'A')}`
  const statuses = new Map<number, number>()
  for (let count = 0; count < 10_000; count++) {
    const { status } = (await kept.ask(`GET ${at}/`, { cookie: cookieAt(count) })).answer
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  expect(reads).toBe(50)
  expect(statuses).toEqual(
    new Map([
      [401, 50],
      [503, 9_950],
    ]),
  )
  kept.pass(1)
  await kept.ask(`GET ${at}/`, { cookie: cookieAt(20_000) })
  expect(reads).toBe(51)
  for (let count = 0; count < 10; count++) await kept.ask(`GET ${at}/`, { cookie: cookieAt(20_000) })
  expect(reads).toBe(51)
})
