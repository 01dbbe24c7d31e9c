import { expect, it } from 'vitest'
import { lookUp } from '../../src/session/look.ts'
import type { SessionStore } from '../../src/session/store.ts'
import { createDenoKvStore, type DenoKv } from '../../src/session/stores/deno-kv.ts'
import { createDurableObjectStore, type SessionStub } from '../../src/session/stores/durable-object.ts'
import { createKvStore, type KvNamespace } from '../../src/session/stores/kv.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createUpstashStore, type RedisCommands } from '../../src/session/stores/upstash.ts'
import { at, openKept } from '../support/kept.ts'
import { laySession, testBook } from '../support/sessions.ts'

async function counting() {
  let reads = 0
  const memory = createMemoryStore(() => 1_800_000_000)
  const kept = openKept(
    {},
    {
      ...memory,
      read: (keys) => {
        reads++
        return memory.read(keys)
      },
    },
  )
  const { cookie } = (await (await kept.admin('POST', '/sessions', { subject: 'ada' })).json()) as { cookie: string }
  reads = 0
  const ask = async () => (await kept.ask(`GET ${at}/`, { cookie })).answer.status
  return { ...kept, ask, reads: () => reads }
}

it('a session that is unknown costs one round trip, marks and all; one that is known none', async () => {
  const { ask, reads, pass } = await counting()
  expect([await ask(), reads()]).toEqual([200, 1])
  pass(4.9)
  expect([await ask(), reads()]).toEqual([200, 1])
  pass(0.1)
  expect([await ask(), reads()]).toEqual([200, 2])
})

it('requests at the same time share it', async () => {
  const { ask, reads } = await counting()
  expect(new Set(await Promise.all(Array.from({ length: 100 }, ask)))).toEqual(new Set([200]))
  expect(reads()).toBe(1)
})

/** What the client of each store is asked, before anything is answered. */
const clients: readonly (readonly [string, number, (ask: () => Promise<void>) => SessionStore])[] = [
  [
    'kv',
    1,
    (ask) =>
      createKvStore({
        get: (names: string[]) => ask().then(() => new Map(names.map((name) => [name, null]))),
      } as unknown as KvNamespace),
  ],
  [
    'upstash',
    1,
    (ask) =>
      createUpstashStore({
        mget: (...names: string[]) => ask().then(() => names.map(() => null)),
      } as unknown as RedisCommands),
  ],
  [
    'deno-kv',
    1,
    (ask) =>
      createDenoKvStore(
        Promise.resolve({
          getMany: (keys: string[][]) =>
            ask().then(() => keys.map((key) => ({ key, value: null, versionstamp: null }))),
        } as unknown as DenoKv),
      ),
  ],
  [
    // the subject's, and one of the sixteen where the end of an issuer stands
    'durable-object',
    2,
    (ask) =>
      createDurableObjectStore({
        getByName: () =>
          ({ read: (names: readonly string[]) => ask().then(() => names.map(() => null)) }) as unknown as SessionStub,
      }),
  ],
]

it.each(clients)(
  '%s is asked for the record and all that could have ended it in one wait (%s at once)',
  async (_, count, open) => {
    let asked = 0
    let answer = (): void => undefined
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const store = open(() => {
      asked++
      return answered
    })
    const now = (): number => 1_800_000_000
    const { cookie } = await laySession(createMemoryStore(now), { subject: 'ada', ttlSeconds: 60 }, now())
    const looking = lookUp({ store, book: testBook, now }, cookie)
    await expect.poll(() => asked).toBe(count)
    answer()
    expect(await looking).toEqual({ kind: 'dead', fault: 'unknown' })
    expect(asked).toBe(count)
  },
)
