import { describe, expect, it } from 'vitest'
import {
  denyToken,
  endIssuer,
  endSession,
  endSessionById,
  endSubject,
  issuerSkewSeconds,
} from '../../src/session/ending.ts'
import { type LifeParts, makeSession } from '../../src/session/life.ts'
import { listSessions } from '../../src/session/list.ts'
import { lookUp } from '../../src/session/look.ts'
import { makeRecord, nowhere } from '../../src/session/session.ts'
import { type Key, pageSize } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { testBook } from '../support/sessions.ts'

const ada = { issuer: 'here', subject: 'ada' }

/** Instances whose clocks differ, on one store. */
function opened() {
  let time = 1_800_000_000
  const store = createMemoryStore(() => time)
  const instance = (aheadSeconds: number): LifeParts => ({ store, book: testBook, now: () => time + aheadSeconds })
  const make = (parts: LifeParts, who = ada) =>
    makeSession(parts, { ...who, idleSeconds: 3_600, maxSeconds: 36_000 }, nowhere)
  const lives = async (cookie: string) => (await lookUp(instance(0), cookie)).kind === 'live'
  const pass = (seconds: number): void => {
    time += seconds
  }
  return { store, instance, make, lives, pass, time: () => time }
}

describe('clocks that differ', () => {
  it('an older end that lands later takes no newer one back', async () => {
    const { instance, make, lives, pass } = opened()
    pass(100)
    const { cookie } = await make(instance(0))
    pass(1)
    await endSubject(instance(0), 'here', 'ada')
    await endIssuer(instance(0), 'there')
    const other = await make(instance(-1), { issuer: 'there', subject: 'bob' })
    // begun a minute ago, and held up on its way
    await endSubject(instance(-60), 'here', 'ada')
    await endIssuer(instance(-60), 'there')
    expect([await lives(cookie), await lives(other.cookie)]).toEqual([false, false])
  })

  it.each([0.001, 1, 59])('an end by a clock %s s behind reaches what was made before it', async (behind) => {
    const { instance, make, lives, pass } = opened()
    const { cookie } = await make(instance(0))
    expect(await lives(cookie)).toBe(true)
    await endSubject(instance(-behind), 'here', 'ada')
    expect(await lives(cookie)).toBe(false)
    pass(0.001)
    expect(await lives((await make(instance(0))).cookie)).toBe(true)
  })

  it('an end of an issuer reaches as far ahead as it says', async () => {
    const { instance, make, lives, pass } = opened()
    const { cookie } = await make(instance(issuerSkewSeconds))
    await endIssuer(instance(0), 'here')
    expect(await lives(cookie)).toBe(false)
    pass(issuerSkewSeconds + 0.001)
    expect(await lives((await make(instance(0))).cookie)).toBe(true)
  })

  it('a session that is more than a minute from the future is none', async () => {
    const { instance, make } = opened()
    const faultOf = async (aheadSeconds: number) => {
      const looked = await lookUp(instance(0), (await make(instance(aheadSeconds))).cookie)
      return looked.kind === 'dead' ? looked.fault : null
    }
    expect([await faultOf(60), await faultOf(61)]).toEqual([null, 'corrupt'])
  })
})

describe('an end of all', () => {
  it('reaches more sessions than a page holds, made by a clock ahead', async () => {
    const { instance, make, lives } = opened()
    const made = await Promise.all(Array.from({ length: 2 * pageSize + 10 }, () => make(instance(3))))
    await endSubject(instance(0), 'here', 'ada')
    expect((await Promise.all(made.map(({ cookie }) => lives(cookie)))).filter(Boolean)).toEqual([])
  })

  it('costs one write where no clock is ahead, though the store shows it late', async () => {
    const { store, instance, make, lives, pass } = opened()
    const made = await Promise.all(Array.from({ length: 20 }, () => make(instance(0))))
    pass(1)
    const writes: string[] = []
    const late = {
      ...store,
      read: async (keys: readonly Key[]) => keys.map(() => null),
      raise: (...given: Parameters<typeof store.raise>) => store.raise(...given).finally(() => writes.push('raise')),
      write: (...given: Parameters<typeof store.write>) => store.write(...given).finally(() => writes.push('write')),
    }
    await endSubject({ ...instance(0), store: late }, 'here', 'ada')
    expect(writes).toEqual(['raise'])
    expect((await Promise.all(made.map(({ cookie }) => lives(cookie)))).filter(Boolean)).toEqual([])
  })

  it('has told whom it reached even when it fails on the way: the mark stands', async () => {
    const { store, instance, make, lives } = opened()
    const { cookie } = await make(instance(0))
    const parts = { ...instance(0), store: { ...store, list: () => Promise.reject(new Error('down')) } }
    await expect(endSubject(parts, 'here', 'ada')).rejects.toThrow('down')
    expect(await lives(cookie)).toBe(false)
  })
})

describe('a list', () => {
  it('stops where it is told to, and says so', async () => {
    const { instance, make } = opened()
    for (let count = 0; count < 5; count++) await make(instance(-count))
    const listed = await listSessions(instance(0), 'here', 'ada', 5)
    expect([listed.sessions.length, listed.isWhole]).toEqual([5, true])
    const times = listed.sessions.map(({ record }) => record.createdAt)
    expect(times).toEqual([...times].sort())
    const some = await listSessions(instance(0), 'here', 'ada', 4)
    expect([some.sessions.length, some.isWhole]).toEqual([4, false])
  })
})

describe('an end by id', () => {
  it('finds a session of ours, and says so again when it is over', async () => {
    const { instance, make, lives } = opened()
    const { cookie, record } = await make(instance(0))
    expect([await endSessionById(instance(0), record.id), await lives(cookie)]).toEqual([true, false])
    expect(await endSessionById(instance(0), record.id)).toBe(true)
  })

  it.each(['php-1', 'made-by-php-and-thirty-three-long'])('of others confirms nothing by itself: %s', async (id) => {
    const { store, instance, lives, time } = opened()
    const cookie = `v1..${'B'.repeat(43)}`
    const record = makeRecord({ ...ada, idleSeconds: 600, maxSeconds: 600 }, id, time(), nowhere)
    await store.write(await testBook.session(cookie), JSON.stringify(record), 600)
    expect([await endSessionById(instance(0), id), await lives(cookie)]).toEqual([false, true])
    await endSession(instance(0), await testBook.place('here', 'ada'), id, null)
    expect(await lives(cookie)).toBe(false)
  })
})

describe('a denied token', () => {
  it.each([
    ['for good, then for an hour', [null, 1_800_003_600]],
    ['for an hour, then for good', [1_800_003_600, null]],
    ['twice, the longer one first', [1_800_086_400, 1_800_000_001]],
  ])('stays denied: %s', async (_, ends) => {
    const { store, instance, pass } = opened()
    for (const expiresAt of ends) await denyToken(instance(0), 'here', 'a', expiresAt)
    pass(3_600 + 301)
    expect((await store.read([await testBook.denied('here', 'a')]))[0]).not.toBeNull()
  })

  it('is forgotten once it would be over by itself', async () => {
    const { store, instance, pass } = opened()
    await denyToken(instance(0), 'here', 'a', 1_800_000_060)
    pass(60 + 301)
    expect((await store.read([await testBook.denied('here', 'a')]))[0]).toBeNull()
  })
})
