import { expect, it } from 'vitest'
import { createSessionReader } from '../../src/authenticate/session.ts'
import { nothingSpent } from '../../src/authenticate/spent.ts'
import type { SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { laySession, testBook } from '../support/sessions.ts'

const terms = { freshnessSeconds: 0, staleIfErrorSeconds: 0, origin: 'app' }

/** A session that is used, on an instance whose swaps are made by `swap`. */
async function opened(swap: (real: SessionStore['swap']) => SessionStore['swap']) {
  let time = 1_800_000_000
  let swaps = 0
  const beside: Promise<unknown>[] = []
  const memory = createMemoryStore(() => time)
  const laid = await laySession(memory, { subject: 'ada', ttlSeconds: 3_600 }, time)
  const mine = swap(memory.swap)
  const store: SessionStore = {
    ...memory,
    swap(...given) {
      swaps++
      return mine(...given)
    },
  }
  const parts = { store, book: testBook, now: () => time, timeoutMilliseconds: 2_000, unknownPerSecond: 10 }
  const sessions = createSessionReader(parts)
  const use = async (seconds: number) => {
    time += seconds
    return (await sessions.read(laid.cookie, terms, (work) => void beside.push(work), nothingSpent())).ok
  }
  const stored = async () => JSON.parse((await memory.read([laid.key]))[0] ?? '{}') as Record<string, unknown>
  return { use, stored, beside, swaps: () => swaps }
}

it('is written once a minute, however often a session is used, and prolongs it', async () => {
  const { use, stored, beside, swaps } = await opened((real) => real)
  for (let count = 0; count < 599; count++) expect(await use(0.1)).toBe(true)
  expect(swaps()).toBe(0)
  for (let count = 0; count < 599; count++) expect(await use(0.1)).toBe(true)
  await Promise.all(beside)
  expect(swaps()).toBe(1)
  const { lastSeenAt, expiresAt } = await stored()
  expect(lastSeenAt).toBeCloseTo(1_800_000_060, 0)
  expect(expiresAt).toBeCloseTo(1_800_003_600, 0)
})

it.each<[string, () => Promise<boolean>]>([
  ['hangs', () => new Promise(() => undefined)],
  ['fails', () => Promise.reject(new Error('down'))],
])(
  'is written beside the answer: a write that %s holds nobody up, and is not tried again within the minute',
  async (_, write) => {
    const { use, beside, swaps } = await opened(() => write)
    expect(await use(61)).toBe(true)
    const handedOver = beside.length
    expect(handedOver).toBeGreaterThan(0)
    for (let count = 0; count < 10; count++) expect(await use(5)).toBe(true)
    expect(swaps()).toBe(1)
    expect(await use(10)).toBe(true)
    expect(swaps()).toBe(2)
  },
)
