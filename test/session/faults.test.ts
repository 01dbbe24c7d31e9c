import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Key, SessionStore } from '../../src/session/store.ts'
import { createDenoKvStore, type DenoKv } from '../../src/session/stores/deno-kv.ts'
import { createDurableObjectStore, type SessionStub } from '../../src/session/stores/durable-object.ts'
import { createKvStore, type KvNamespace } from '../../src/session/stores/kv.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createUpstashStore, openUpstash } from '../../src/session/stores/upstash.ts'
import { at, openKept } from '../support/kept.ts'
import { laySession } from '../support/sessions.ts'

/** Longer than `slow` takes. */
const timeoutMilliseconds = 500
/** What comes over a socket is read only after the timers that are due: longer than any pause of a busy machine. */
const wireMilliseconds = 2_000
type Mode = 'well' | 'refused' | 'hangs' | 'slow' | 'half-written' | 'garbage' | 'garbage of its own form'
let mode: Mode = 'well'

/** What each client is given instead of the texts: the failure happens at the edge of the process. */
async function disturbed<T>(well: () => Promise<T> | T, garbage: unknown, ownForm: unknown): Promise<T> {
  if (mode === 'refused') throw new TypeError('connection refused: GET session:secret')
  if (mode === 'half-written') throw new SyntaxError('Unexpected end of JSON input')
  if (mode === 'hangs') return new Promise<never>(() => undefined)
  if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, timeoutMilliseconds / 8))
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
    const well = JSON.stringify({ result: await textsOf(names.map((name) => ({ place: '', name }))) })
    if (mode === 'hangs') return
    if (mode === 'refused') return void request.socket.destroy()
    if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, timeoutMilliseconds / 8))
    if (mode === 'half-written') {
      response.writeHead(200, { 'content-length': well.length + 10 }).write(well.slice(0, well.length / 2))
      return void setTimeout(() => request.socket.destroy(), 10)
    }
    response.end(
      mode === 'garbage' ? '<html>busy</html>' : mode === 'garbage of its own form' ? '{"result":[null]}' : well,
    )
  })
}
beforeAll(async () => {
  server = createServer(answerUpstash)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // the first of all takes the longest: a client is loaded, a connection made
  await createUpstashStore(openUpstash({ ...account(), timeoutMilliseconds: 10_000 })).read([{ place: '', name: 'x' }])
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const account = () => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  token: 't',
  timeoutMilliseconds: wireMilliseconds,
})
const upstash = (): SessionStore => createUpstashStore(openUpstash(account()))

const stores: readonly (readonly [string, () => SessionStore, patienceMilliseconds: number])[] = [
  ['kv', () => kv, timeoutMilliseconds],
  ['durable-object', () => objects, timeoutMilliseconds],
  ['deno-kv', () => denoKv, timeoutMilliseconds],
  ['upstash', upstash, wireMilliseconds],
  ['memory', () => plain, timeoutMilliseconds],
]

async function open(store: SessionStore, patience = timeoutMilliseconds) {
  mode = 'well'
  // made in the memory behind it; what fails is the reading
  const kept = openKept({ STORE_TIMEOUT_MS: String(patience) }, { ...memory, read: store.read })
  const lay = async () => {
    const laid = await laySession(memory, { subject: `ada-${Math.random()}`, ttlSeconds: 3_600 }, now())
    const cookie = `__Host-sallyport=${laid.cookie}`
    return { ...laid, ask: async (path: string) => (await kept.ask(`GET ${at}${path}`, { cookie })).answer }
  }
  return { ...kept, lay }
}

type Session = Awaited<ReturnType<Awaited<ReturnType<typeof open>>['lay']>>

const spoilt = (text: (session: Session) => readonly [Key, string]) => async (sessions: readonly Session[]) => {
  for (const session of sessions) await memory.write(...text(session), null)
}
const recordIs = (change: object | string) =>
  spoilt(({ key, record }) => [key, typeof change === 'string' ? change : JSON.stringify({ ...record, ...change })])
const failing = (fault: Mode) => async () => {
  mode = fault
}

/** What is wrong, by the rows of the table in docs/sessions.md. */
const wrongs: readonly (readonly [row: string, wrong: (sessions: readonly Session[]) => Promise<void>])[] = [
  ['refuses the connection', failing('refused')],
  ['hangs', failing('hangs')],
  ['is slow', failing('slow')],
  ['answers half', failing('half-written')],
  ['answers garbage', failing('garbage')],
  ['answers garbage', failing('garbage of its own form')],
  ['has a record that is corrupt', recordIs('{"v":1,')],
  ['has a record that is corrupt', recordIs({ claims: { big: 'x'.repeat(1_048_576) } })],
  ['has a record that is corrupt', recordIs('{"__proto__":{"v":1}}')],
  ['has a record of a version to come', recordIs({ v: 2 })],
  ['has a mark that is no time', spoilt(({ key: { place } }) => [{ place, name: `not-before:${place}` }, 'yesterday'])],
]

/** What the table says of a row: its cells by the status that they begin with. */
const told = new Map(
  (
    /## When the store fails\n([^#]*)/.exec(
      readFileSync(join(import.meta.dirname, '../../docs/sessions.md'), 'utf8'),
    )?.[1] ?? ''
  )
    .split('\n')
    .filter((line) => /^\| [a-z]/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .map(([row = '', ...cells]) => [
      row.replace(/[,(].*/, '').trim(),
      cells.map((cell) => (cell.startsWith('passes') ? 200 : Number.parseInt(cell, 10))),
    ]),
)

describe('the table in docs/sessions.md', () => {
  it('has a row for all that goes wrong here, and no other', () => {
    expect(new Set([...wrongs.map(([row]) => row), 'is back'])).toEqual(new Set(told.keys()))
  })
})

describe.each(stores)('when the store %s', (_, of, patience) => {
  it.each(wrongs)('%s: as the table says, and nobody is signed out', async (row, wrong) => {
    const kept = await open(of(), patience)
    const [known, unknown] = [await kept.lay(), await kept.lay()]
    expect((await known.ask('/')).status).toBe(200)
    await wrong([known, unknown])
    const answers = [await unknown.ask('/')]
    kept.pass(4.9)
    answers.push(await known.ask('/'))
    kept.pass(0.1)
    answers.push(await known.ask('/'), await known.ask('/stale'))
    expect(answers.map(({ status }) => status)).toEqual(told.get(row))
    for (const { status, headers } of answers) {
      const names = headers.map(([name]) => name)
      expect(names).not.toContain('set-cookie')
      expect(names.includes('retry-after')).toBe(status === 503)
    }
    expect(kept.lines.join()).not.toContain('session:secret')
    for (const { status } of answers)
      if (status !== 200) expect(kept.lines.join()).toContain(status === 503 ? 'store-unavailable' : 'bad-session')
  })

  it.each(wrongs.filter(([row]) => told.get(row)?.join() === '503,200,503,200'))(
    '%s: a rule with staleIfError believes what it knew for a minute, and not longer',
    async (_, wrong) => {
      const kept = await open(of(), patience)
      const known = await kept.lay()
      expect((await known.ask('/stale')).status).toBe(200)
      await wrong([known])
      kept.pass(59.9)
      expect((await known.ask('/stale')).status).toBe(200)
      kept.pass(0.1)
      expect((await known.ask('/stale')).status).toBe(503)
    },
  )

  it.each(wrongs.filter(([row]) => !row.startsWith('has')))(
    '%s, and is back after 30 s: it is asked at once, and who was ended meanwhile is out',
    async (_, wrong) => {
      const kept = await open(of(), patience)
      const [known, unknown, ended] = [await kept.lay(), await kept.lay(), await kept.lay()]
      for (const session of [known, ended]) await session.ask('/')
      await wrong([])
      for (const session of [known, unknown]) await session.ask('/strict')
      const { place } = ended.key
      await memory.write({ place, name: `ended:${ended.record.id}` }, '1800000001', null)
      kept.pass(30)
      mode = 'well'
      const back = [await unknown.ask('/'), await known.ask('/'), await known.ask('/strict'), await known.ask('/stale')]
      expect(back.map(({ status }) => status)).toEqual(told.get('is back'))
      expect([(await ended.ask('/stale')).status, (await ended.ask('/')).status]).toEqual([401, 401])
      // it is down again: what was learnt holds
      await wrong([])
      expect((await ended.ask('/stale')).status).not.toBe(200)
    },
  )
})

it('Upstash that hangs rejects, and never says "nothing there"', async () => {
  mode = 'hangs'
  const started = performance.now()
  await expect(upstash().read([{ place: '', name: 'not-before:x' }])).rejects.toThrow()
  expect(performance.now() - started).toBeLessThan(2 * wireMilliseconds)
})

it('a mark that can’t be read is no "no mark"', async () => {
  const session = await (await open(memory)).lay()
  const { place } = session.key
  for (const text of ['', 'yes', '-1', 'NaN', '1e999', ' 1', '0x10']) {
    await memory.write({ place, name: `not-before:${place}` }, text, null)
    expect((await session.ask('/strict')).status).toBe(503)
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

it('nor do they flood a store that fails; once it is back, who has a session passes at once', async () => {
  let reads = 0
  let isDown = false
  const kept = openKept(
    { UNKNOWN_LOOKUPS_PER_SECOND: '50' },
    {
      ...memory,
      read: (keys) => {
        reads++
        return isDown ? Promise.reject(new TypeError('down')) : memory.read(keys)
      },
    },
  )
  const lay = async (subject: string) => {
    const { cookie } = await laySession(memory, { subject, ttlSeconds: 3_600 }, now())
    return async (path: string) => (await kept.ask(`GET ${at}${path}`, { cookie: `__Host-sallyport=${cookie}` })).answer
  }
  const [known, unknown] = [await lay('known'), await lay('unknown')]
  expect((await known('/stale')).status).toBe(200)
  reads = 0
  isDown = true
  for (let count = 0; count < 1_000; count++) {
    const cookie = `__Host-sallyport=v1..${String(count).padStart(43, 'B')}`
    expect((await kept.ask(`GET ${at}/`, { cookie })).answer.status).toBe(503)
  }
  expect(reads).toBe(50)
  expect((await known('/stale')).status).toBe(200)
  expect((await unknown('/')).status).toBe(503)
  isDown = false
  kept.pass(0.1)
  expect((await unknown('/')).status).toBe(200)
  expect((await unknown('/strict')).status).toBe(200)
})
