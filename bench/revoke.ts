/** Measures how long an ended session still passes on another instance: `npm run bench:revoke`. Ends in one JSON line. */

import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { boundSeconds } from '../src/session/bound.ts'
import type { SessionStore } from '../src/session/store.ts'
import { promisesOf } from '../src/session/store.ts'
import { createDurableObjectStore, createSessionRows, type Sql } from '../src/session/stores/durable-object.ts'
import { createKvStore, type KvNamespace } from '../src/session/stores/kv.ts'
import { createUpstashStore, openUpstash } from '../src/session/stores/upstash.ts'
import { openTestGateway } from '../test/support/gateway.ts'
import { hasRedis, startBridge, startRedis } from '../test/support/redis.ts'

const freshnessSeconds = 5
const kvStalenessSeconds = 60
const secret = 'a-secret-for-the-bench-and-for-nothing-else'
const now = (): number => Date.now() / 1000
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** What an instance of its own reads: `latest` may be late. */
interface Bench {
  readonly name: string
  readonly freshnessSeconds: number
  readonly promises: SessionStore['promises']
  openStore(): SessionStore
}

const closing: (() => Promise<void>)[] = []
const results: Record<string, { boundSeconds: number | null; measuredSeconds: number }> = {}
const benches = [...durableObjects(), ...kv(), ...(await redis())]
await Promise.all(benches.map(measure))
for (const close of closing) await close()
const isWithin = Object.values(results).every(
  ({ boundSeconds: bound, measuredSeconds }) => measuredSeconds <= (bound ?? 0) + 0.25,
)
console.log(JSON.stringify(results))
process.exitCode = isWithin ? 0 : 1

async function measure({ name, freshnessSeconds: freshness, promises, openStore }: Bench): Promise<void> {
  const open = () => {
    const rules = [{ path: '/*', access: 'signed-in', freshness }]
    const origins = [{ name: 'app', host: 'app.example.com', upstream: 'http://127.0.0.1:1', session: true, rules }]
    return openTestGateway(
      { origins },
      { SESSION_STORE: 'memory', ADMIN_SECRET: secret, LOG: 'off' },
      { store: openStore(), now },
    )
  }
  const [ending, hammered] = [open(), open()]
  const admin = (path: string, body: object) =>
    ending.gateway.endpoints.fetch(
      new Request(`https://app.example.com/.sallyport/admin${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: JSON.stringify(body),
      }),
    )
  const { cookie } = (await (await admin('/sessions', { subject: 'ada' })).json()) as { cookie: string }
  const passes = async () => (await hammered.ask('GET https://app.example.com/', { cookie })).answer.status === 200
  // known there, and in the middle of its freshness
  if (!(await passes())) throw new Error(`${name}: the session did not work`)
  await wait(1_000)
  await passes()
  await admin('/sessions/end', { issuer: 'sallyport', subject: 'ada' })
  const endedAt = performance.now()
  const bound = boundSeconds(freshness, promises) ?? 0
  let lastAt = endedAt
  while (performance.now() - endedAt < (bound + 3) * 1000) {
    const startedAt = performance.now()
    if (await passes()) lastAt = startedAt
    await wait(freshness === 0 ? 1 : 5)
  }
  results[name] = { boundSeconds: bound, measuredSeconds: Math.round(lastAt - endedAt) / 1000 }
}

async function redis(): Promise<Bench[]> {
  if (!hasRedis()) {
    console.error('redis-server is missing: apt-get install redis-server; left out')
    return []
  }
  const server = await startRedis()
  const bridge = await startBridge(server.port)
  closing.push(bridge.close, server.stop)
  const openStore = () =>
    createUpstashStore(openUpstash({ url: bridge.url, token: bridge.token, timeoutMilliseconds: 2_000 }))
  return twice('upstash', promisesOf.upstash, openStore)
}

/** The object's own rows on Node's SQLite: one for each place, as on Workers. */
function durableObjects(): Bench[] {
  const rows = new Map<string, ReturnType<typeof createSessionRows>>()
  const rowsOf = (place: string) => {
    const there = rows.get(place) ?? createSessionRows(sqlOf(new DatabaseSync(':memory:')), now)
    rows.set(place, there)
    return there
  }
  const openStore = () =>
    createDurableObjectStore({
      getByName(place) {
        const there = rowsOf(place)
        return {
          read: async (names) => there.read(names),
          write: async (...values) => there.write(...values),
          swap: async (...values) => there.swap(...values),
          raise: async (...values) => there.raise(...values),
          delete: async (name) => there.delete(name),
          list: async (after) => there.list(after),
        }
      },
    })
  return twice('durable-object', promisesOf['durable-object'], openStore)
}

function sqlOf(database: DatabaseSync): Sql {
  return {
    exec: (query, ...values) => {
      const rows = database.prepare(query).all(...values) as Record<string, unknown>[]
      return { toArray: () => rows }
    },
  }
}

/** KV with the lateness that a local one lacks: what an instance has read, absences too, it reads again for 60 seconds. */
function kv(): Bench[] {
  const texts = new Map<string, string>()
  const openStore = () => {
    const cached = new Map<string, { readonly text: string | null; readonly until: number }>()
    const get = async (names: string[]) =>
      new Map(
        names.map((name) => {
          const last = cached.get(name)
          if (last && now() < last.until) return [name, last.text] as const
          const text = texts.get(name) ?? null
          cached.set(name, { text, until: now() + kvStalenessSeconds })
          return [name, text] as const
        }),
      )
    const namespace = {
      get,
      put: async (name: string, text: string) => void texts.set(name, text),
      delete: async (name: string) => void texts.delete(name),
      list: async () => ({ keys: [], list_complete: true }),
    }
    return createKvStore(namespace as unknown as KvNamespace)
  }
  return [{ name: 'kv', freshnessSeconds, promises: promisesOf.kv, openStore }]
}

function twice(name: string, promises: SessionStore['promises'], openStore: () => SessionStore): Bench[] {
  return [
    { name, freshnessSeconds, promises, openStore },
    { name: `${name}, strict rule`, freshnessSeconds: 0, promises, openStore },
  ]
}
