import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessionReader, mostChars, type SessionReader } from '../../src/authenticate/session.ts'
import { nothingSpent } from '../../src/authenticate/spent.ts'
import type { Refusal } from '../../src/decision.ts'
import type { Principal } from '../../src/principal.ts'
import type { Result } from '../../src/result.ts'
import type { Key } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { type Laid, laySession, testBook } from '../support/sessions.ts'

const start = 1_800_000_000
const timeoutMilliseconds = 2_000
const ignore = (): void => undefined

let now: number
let session: Laid
let entries: Map<string, string>
let reads: string[]
let answer: (key: string) => Promise<string | null>
let sessions: SessionReader

beforeEach(async () => {
  now = start
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  session = await make('user-0', 3_600)
  entries = new Map([[session.key.name, JSON.stringify(session.record)]])
  reads = []
  answer = async (key) => entries.get(key) ?? null
  sessions = open()
})
afterEach(() => {
  vi.useRealTimers()
})

function open(capacity?: number): SessionReader {
  const read = async (keys: readonly Key[]): Promise<(string | null)[]> => {
    const [first] = keys
    reads.push(first?.name ?? '')
    const text = await answer(first?.name ?? '')
    return keys.map((key) => (key === first ? text : (entries.get(key.name) ?? null)))
  }
  const store = { ...createMemoryStore(() => now), read }
  return createSessionReader({
    store,
    book: testBook,
    now: () => now,
    timeoutMilliseconds,
    unknownPerSecond: 1_000,
    ...(capacity && { capacity }),
  })
}

/** By turns of the real event loop: the time of these tests stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** Made, and in nobody's store yet. */
const make = (subject: string, ttlSeconds: number): Promise<Laid> =>
  laySession(
    createMemoryStore(() => now),
    { subject, roles: ['admin'], ttlSeconds },
    now,
  )

const termsOf = (freshnessSeconds: number, staleIfErrorSeconds = 0) => ({
  freshnessSeconds,
  staleIfErrorSeconds,
  origin: 'app',
})

const read = async (freshnessSeconds = 5, cookie = session.cookie): Promise<string> =>
  describeResult(await sessions.read(cookie, termsOf(freshnessSeconds), ignore, nothingSpent()))

const endedName = ({ record }: Laid): string => `ended:${record.id}`

function describeResult(result: Result<Principal, Refusal>): string {
  if (result.ok) return result.value.subject
  return 'fault' in result.error ? `${result.error.reason}: ${result.error.fault}` : result.error.reason
}

const change = (part: object): void =>
  void entries.set(session.key.name, JSON.stringify({ ...session.record, ...part }))

describe('a session', () => {
  it('is who its record says', async () => {
    const found = await sessions.read(session.cookie, termsOf(5), ignore, nothingSpent())
    expect(found.ok && found.value).toMatchObject({
      kind: 'session',
      subject: 'user-0',
      roles: ['admin'],
      issuedAt: start,
      expiresAt: start + 3_600,
    })
  })

  it('that is known is waited for by nobody, and changed by nobody', async () => {
    await read()
    const found = sessions.read(session.cookie, termsOf(5), ignore, nothingSpent())
    expect(found).toMatchObject({ ok: true, value: { subject: 'user-0' } })
    if (found instanceof Promise || !found.ok) throw new Error('it is known')
    expect(Reflect.set(found.value.roles, 0, 'root')).toBe(false)
    expect(Reflect.set(found.value.claims, 'sub', 'root')).toBe(false)
  })

  it.each<[string, () => void, string]>([
    ['that nobody knows', () => entries.clear(), 'unknown'],
    ['that is expired by one second, and still in the store', () => change({ expiresAt: start - 1 }), 'expired'],
    ['that expires this second', () => change({ expiresAt: start }), 'expired'],
    ['past its absolute end, whatever its idle time-out', () => change({ endsAt: start }), 'expired'],
    ['of a version to come', () => change({ v: 2 }), 'version'],
    ['of version 0', () => change({ v: 0 }), 'version'],
    ['of a version in text', () => change({ v: '1' }), 'corrupt'],
    ['without a version', () => change({ v: undefined }), 'corrupt'],
    ['that is empty', () => entries.set(session.key.name, ''), 'corrupt'],
    ['that is cut off', () => entries.set(session.key.name, '{"v":1,"sub'), 'corrupt'],
    ['that is null', () => entries.set(session.key.name, 'null'), 'corrupt'],
    ['that is a list', () => entries.set(session.key.name, '[1]'), 'corrupt'],
    ['that is text', () => entries.set(session.key.name, '"v"'), 'corrupt'],
    ['of 1 MiB', () => change({ claims: { big: 'x'.repeat(1_048_576) } }), 'corrupt'],
    [
      'nested 100,000 deep',
      () => entries.set(session.key.name, `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      'corrupt',
    ],
    [
      'whose record stands on a prototype',
      () => entries.set(session.key.name, `{"__proto__":${JSON.stringify(session.record)}}`),
      'corrupt',
    ],
    ['without a subject', () => change({ subject: undefined }), 'corrupt'],
    ['of an empty subject', () => change({ subject: '' }), 'corrupt'],
    ['of a subject that is a number', () => change({ subject: 7 }), 'corrupt'],
    ['with roles in text', () => change({ roles: 'admin' }), 'corrupt'],
    ['with a role that is a number', () => change({ roles: [7] }), 'corrupt'],
    ['with claims in a list', () => change({ claims: [] }), 'corrupt'],
    ['that expires in text', () => change({ expiresAt: '9999999999' }), 'corrupt'],
    ['that expires never', () => change({ expiresAt: null }), 'corrupt'],
    ['that expires in milliseconds', () => change({ expiresAt: start * 1_000 + 1 }), 'corrupt'],
    [
      'that expires at 1e300',
      () =>
        entries.set(session.key.name, JSON.stringify(session.record).replace(/"expiresAt":\d+/, '"expiresAt":1e300')),
      'corrupt',
    ],
    [
      'that expires at Infinity',
      () => entries.set(session.key.name, JSON.stringify(session.record).replace(/"endsAt":\d+/, '"endsAt":1e999')),
      'corrupt',
    ],
    ['that expired before time', () => change({ expiresAt: -1 }), 'corrupt'],
  ])('%s is refused', async (_, prepare, fault) => {
    prepare()
    expect(await read()).toBe(`bad-session: ${fault}`)
    expect(await read(0)).toBe(`bad-session: ${fault}`)
  })

  it('keeps claims as they are, and nothing of them reaches a prototype', async () => {
    const text = JSON.stringify({ ...session.record, claims: { org: { unit: ['a'] }, evil: '?' } })
    entries.set(session.key.name, text.replace('"evil":"?"', '"__proto__":{"admin":true}'))
    const found = await sessions.read(session.cookie, termsOf(5), ignore, nothingSpent())
    const claims = found.ok ? found.value.claims : {}
    expect(claims['org']).toEqual({ unit: ['a'] })
    expect(claims['admin']).toBeUndefined()
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype)
  })

  it('dies on time though the look-up is fresh', async () => {
    change({ expiresAt: start + 2 })
    expect(await read()).toBe('user-0')
    now = start + 2
    expect(await read()).toBe('bad-session: expired')
    expect(reads).toHaveLength(1)
  })
})

describe('freshness', () => {
  it('spares the store for so many seconds, and no longer', async () => {
    await read(5)
    entries.clear()
    now = start + 4.999
    expect(await read(5)).toBe('user-0')
    now = start + 5
    expect(await read(5)).toBe('bad-session: unknown')
    expect(reads).toHaveLength(2)
  })

  it('counts from before the store was asked', async () => {
    answer = async (key) => {
      const found = entries.get(key) ?? null
      now += 3
      return found
    }
    await read(5)
    entries.clear()
    now = start + 5
    expect(await read(5)).toBe('bad-session: unknown')
  })

  it('is the asking rule’s: a stricter one asks, and what it learns holds for all', async () => {
    await read(60)
    entries.clear()
    expect(await read(60)).toBe('user-0')
    expect(await read(0)).toBe('bad-session: unknown')
    expect(await read(60)).toBe('bad-session: unknown')
  })

  it('of 0 asks each time', async () => {
    for (let at = 0; at < 3; at++) await read(0)
    expect(reads).toHaveLength(3)
  })

  it('of a cookie that is not there is short, and a sign-in ends it', async () => {
    entries.clear()
    expect(await read()).toBe('bad-session: unknown')
    change({})
    expect(await read(0)).toBe('bad-session: unknown')
    expect(reads).toHaveLength(1)
    sessions.forgetUnknown()
    expect(await read()).toBe('user-0')
    entries.clear()
    now = start + 5
    expect(await read()).toBe('bad-session: unknown')
    change({})
    now = start + 10
    expect(await read()).toBe('user-0')
  })

  it('is kept for so many sessions, then the oldest goes', async () => {
    sessions = open(3)
    const others = await Promise.all([1, 2, 3].map((at) => make(`user-${at}`, 60)))
    for (const { key, record } of others) entries.set(key.name, JSON.stringify(record))
    await read()
    for (const { cookie } of others) await read(5, cookie)
    expect(reads).toHaveLength(4)
    for (const { cookie } of others) await read(5, cookie)
    expect(reads).toHaveLength(4)
    await read()
    expect(reads).toHaveLength(5)
  })
})

it('sessions are kept by their weight as well: not ten thousand of 60 KiB', async () => {
  const count = Math.floor(mostChars / 60_000) + 1
  const big = { claims: { note: 'x'.repeat(60_000) } }
  const heavy = await Promise.all(Array.from({ length: count }, (_, at) => make(`heavy-${at}`, 60)))
  for (const { key, record } of heavy) entries.set(key.name, JSON.stringify({ ...record, ...big }))
  for (const { cookie } of heavy) await read(5, cookie)
  expect(reads).toHaveLength(count)
  await read(5, heavy.at(-1)?.cookie)
  expect(reads).toHaveLength(count)
  await read(5, heavy[0]?.cookie)
  expect(reads).toHaveLength(count + 1)
})

describe('requests at the same time', () => {
  it('share one look-up', async () => {
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => read())))).toEqual(new Set(['user-0']))
    expect(reads).toEqual([session.key.name])
  })

  it('do not share one where freshness is 0', async () => {
    await Promise.all(Array.from({ length: 5 }, () => read(0)))
    expect(reads).toHaveLength(5)
  })

  it('do not join one that began longer ago than their freshness', async () => {
    const open: (() => void)[] = []
    answer = (key) => new Promise((resolve) => open.push(() => resolve(entries.get(key) ?? null)))
    const early = read(5)
    await until(() => reads.length === 1)
    now = start + 1.5
    const late = read(1)
    await until(() => reads.length === 2)
    for (const let_ of open) let_()
    expect(await Promise.all([early, late])).toEqual(['user-0', 'user-0'])
  })

  it('that are late tell nothing to whoever comes after one that began later', async () => {
    const open: (() => void)[] = []
    const [alive] = [JSON.stringify(session.record)]
    answer = () => new Promise((resolve) => open.push(() => resolve(alive)))
    const early = read(0)
    await until(() => reads.length === 1)
    answer = async () => null
    entries.set(endedName(session), '1800000000.000')
    expect(await read(0)).toBe('bad-session: ended')
    entries.delete(endedName(session))
    for (const let_ of open) let_()
    expect(await early).toBe('user-0')
    answer = () => Promise.reject(new Error('down'))
    const stale = await sessions.read(session.cookie, termsOf(5, 60), ignore, nothingSpent())
    expect(describeResult(stale)).toBe('store-unavailable')
  })

  it('that are late tell nothing to whoever comes after everybody was forgotten', async () => {
    const open: (() => void)[] = []
    answer = (key) => new Promise((resolve) => open.push(() => resolve(entries.get(key) ?? null)))
    const early = read(0)
    await until(() => reads.length === 1)
    sessions.forget()
    for (const let_ of open) let_()
    expect(await early).toBe('user-0')
    answer = async () => null
    expect(await read(5)).toBe('bad-session: unknown')
  })

  it('of different sessions do not', async () => {
    const other = await make('user-1', 60)
    entries.set(other.key.name, JSON.stringify(other.record))
    expect(await Promise.all([read(), read(5, other.cookie)])).toEqual(['user-0', 'user-1'])
  })
})

describe('a store', () => {
  it('that is down is no verdict', async () => {
    answer = () => Promise.reject(new Error('connection refused, GET session:abc'))
    const found = await sessions.read(session.cookie, termsOf(5), ignore, nothingSpent())
    expect(found).toEqual({ ok: false, error: { reason: 'store-unavailable', cause: 'Error' } })
    answer = async (key) => entries.get(key) ?? null
    expect(await read()).toBe('user-0')
  })

  it('that throws where it stands is no verdict either', async () => {
    answer = () => {
      throw new TypeError('not a function')
    }
    expect(await read()).toBe('store-unavailable')
  })

  it('that hangs is given up after the time-out, and the next request asks anew', async () => {
    answer = () => new Promise(() => undefined)
    const pending = read()
    await until(() => reads.length === 1)
    await vi.advanceTimersByTimeAsync(timeoutMilliseconds)
    expect(await pending).toBe('store-unavailable')
    answer = async (key) => entries.get(key) ?? null
    now += 2
    expect(await read()).toBe('user-0')
  })

  it('that is down changes nothing for those who were just looked up', async () => {
    await read()
    answer = () => Promise.reject(new Error('down'))
    now = start + 4
    expect(await read()).toBe('user-0')
    now = start + 5
    expect(await read()).toBe('store-unavailable')
  })

  it('never sees the cookie', async () => {
    await read()
    expect(reads.join()).not.toContain(session.cookie.slice(4))
    expect(reads[0]).toMatch(/^session:[\w-]{43}$/)
  })
})
