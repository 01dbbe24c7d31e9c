import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { AddressBook } from '../../src/session/address.ts'
import { endIssuer, endSession, endSubject, issuerSkewSeconds } from '../../src/session/ending.ts'
import { graceSeconds, type LifeParts, makeSession, rotateSession, touchSession } from '../../src/session/life.ts'
import { type Live, lookUp } from '../../src/session/look.ts'
import { nowhere } from '../../src/session/session.ts'
import { promisesOf, type SessionStore } from '../../src/session/store.ts'
import { createKvStore, type KvNamespace } from '../../src/session/stores/kv.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'

const idleSeconds = 100
const maxSeconds = 400
const subjects = ['ada', 'bob']

/** Without the waiting of WebCrypto, so that the scheduler alone says who goes next. */
const book: AddressBook = {
  session: async (cookie) => ({ place: cookie.split('.')[1]?.slice(0, 22) ?? '', name: `session:${cookie}` }),
  place: async (issuer, subject) => `${issuer}-${subject}`.padEnd(22, '_'),
  issuerPlace: async (issuer) => issuer.padEnd(11, '_'),
  about: async (what, issuer, name) => ({ place: what, name: `${what}:${issuer} ${name}` }),
  denied: async (issuer, jti) => ({ place: 'denied', name: `denied:${issuer} ${jti}` }),
}

/** One value of a session's cookie: when it may be dead, and when it must be. */
interface Value {
  readonly cookie: string
  readonly session: Session
  livesUntil: number
  deadAt: number
}

interface Session {
  readonly subject: string
  /** Of its making. */
  readonly begun: number
  readonly confirmed: number
  readonly createdAt: number
  readonly endsAt: number
  /** No use can have prolonged it beyond. */
  idleEndsAt: number
}

/** Something that ends sessions: `begun` and `confirmed` count what happens in the world, one by one. */
interface End {
  readonly reaches: (session: Session) => boolean
  readonly key: string
  readonly begun: number
  /** What is made later than this is out of its reach; by the clock of who ended. */
  readonly until: number
  confirmed: number
  confirmedAt: number
}

interface World {
  readonly scheduler: fc.Scheduler
  readonly instances: LifeParts[]
  readonly stalenessSeconds: number
  /** By how much two clocks differ at most. */
  readonly skewSeconds: number
  time: number
  happened: number
  readonly values: Value[]
  readonly ends: End[]
  readonly held: { readonly value: Value; readonly live: Live }[]
}

/** What sums of fractions drift away from: at the very end of a session one would be past it, and another not yet. */
const toMilliseconds = (seconds: number): number => Math.round(seconds * 1_000) / 1_000

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)]

type Act = (world: World, parts: LifeParts, which: number) => Promise<void>

const acts = {
  async create(world, parts, which) {
    const subject = pick(subjects, which) ?? ''
    const begun = world.happened++
    const session = { issuer: 'here', subject, idleSeconds, maxSeconds }
    const { cookie, record } = await makeSession(parts, session, nowhere)
    const { createdAt, endsAt, expiresAt } = record
    const made = { subject, begun, confirmed: world.happened++, createdAt, endsAt, idleEndsAt: expiresAt }
    world.values.push({ cookie, session: made, livesUntil: expiresAt, deadAt: Number.POSITIVE_INFINITY })
  },

  async look(world, parts, which) {
    const value = pick(world.values, which)
    if (!value) return
    const [begun, begunAt] = [world.happened++, world.time]
    const looked = await lookUp(parts, value.cookie)
    if (looked.kind === 'live') {
      world.held.push({ value, live: looked })
      if (mustBeDead(world, value, begun, begunAt)) throw new Error('a session is usable that ought to be dead')
    } else if (!mayBeDead(world, value)) throw new Error(`a session is dead that ought to live: ${looked.fault}`)
  },

  async touch(world, parts, which) {
    const held = pick(world.held, which)
    if (!held) return
    const { session } = held.value
    const until = Math.min(parts.now() + idleSeconds, session.endsAt)
    session.idleEndsAt = Math.max(session.idleEndsAt, until)
    await touchSession(parts, held.live)
  },

  async rotate(world, parts, which) {
    const held = pick(world.held, which)
    if (!held) return
    const { value, live } = held
    value.livesUntil = Math.min(value.livesUntil, parts.now() + graceSeconds)
    const made = await rotateSession(parts, live)
    if (!made) return
    value.deadAt = Math.min(value.deadAt, world.time + graceSeconds + world.skewSeconds)
    const { session } = value
    world.values.push({
      cookie: made.cookie,
      session,
      livesUntil: made.record.expiresAt,
      deadAt: Number.POSITIVE_INFINITY,
    })
  },

  async end(world, parts, which) {
    const held = pick(world.held, which)
    if (!held) return
    const { session } = held.value
    const end = begin(world, `one ${session.begun}`, Number.POSITIVE_INFINITY, (other) => other === session)
    await endSession(parts, held.live.place, held.live.record.id, held.live.key)
    confirm(world, end)
  },

  async endSubject(world, parts, which) {
    const subject = pick(subjects, which) ?? ''
    const end = begin(world, subject, parts.now(), (session) => session.subject === subject)
    await endSubject(parts, 'here', subject)
    confirm(world, end)
  },

  async endIssuer(world, parts) {
    const end = begin(world, 'all', parts.now() + issuerSkewSeconds, () => true)
    await endIssuer(parts, 'here')
    confirm(world, end)
  },

  async wait(world, _, which) {
    await world.scheduler.schedule(Promise.resolve(), 'time passes')
    world.time = toMilliseconds(world.time + (pick([0.001, 1, 29, 30, 60, 61, 100], which) ?? 0))
  },
} satisfies Record<string, Act>

function begin(world: World, key: string, until: number, reaches: End['reaches']): End {
  const never = Number.POSITIVE_INFINITY
  const end = { key, until, reaches, begun: world.happened++, confirmed: never, confirmedAt: never }
  world.ends.push(end)
  return end
}

function confirm(world: World, end: End): void {
  end.confirmed = world.happened++
  end.confirmedAt = world.time
}

/** Something was confirmed, and long enough before, that this look-up had to see. */
function mustBeDead({ ends, stalenessSeconds, skewSeconds }: World, value: Value, begun: number, begunAt: number) {
  const { session, deadAt } = value
  if (begunAt >= Math.min(session.endsAt, session.idleEndsAt) + skewSeconds) return true
  if (begunAt >= deadAt + stalenessSeconds) return true
  return ends.some((end) => {
    const isSeen = end.confirmed < begun && begunAt >= end.confirmedAt + stalenessSeconds
    return isSeen && session.confirmed < end.begun && end.reaches(session) && !(stalenessSeconds > 0 && isUndone(end))
  })

  /** The one thing that is not promised without compare-and-set: of two at once the earlier may stand. */
  function isUndone(end: End): boolean {
    return ends.some(
      ({ key, begun, confirmed }) =>
        key === end.key && begun < end.confirmed && confirmed > end.begun && begun !== end.begun,
    )
  }
}

/** Something had begun that could have ended it, or its time was over. Asked once the look-up is done. */
function mayBeDead({ time, ends, stalenessSeconds, skewSeconds }: World, { session, livesUntil }: Value): boolean {
  if (stalenessSeconds > 0 || time >= livesUntil - skewSeconds) return true
  return ends.some((end) => {
    const isBefore = end.confirmed < session.begun && session.createdAt > end.until
    return end.reaches(session) && !isBefore
  })
}

type Deed = readonly [name: keyof typeof acts, instance: number, which: number]

const deed: fc.Arbitrary<Deed> = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('create' as const) },
    { weight: 6, arbitrary: fc.constant('look' as const) },
    { weight: 5, arbitrary: fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[])) },
  ),
  fc.nat(2),
  fc.nat(7),
)
/** What several clients do at the same time, one thing after the other each. */
const clients = fc.array(fc.array(deed, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })

async function play(world: World, plans: readonly (readonly Deed[])[]): Promise<void> {
  const failures: unknown[] = []
  for (const plan of plans) {
    void (async () => {
      for (const [name, instance, which] of plan) {
        const parts = pick(world.instances, instance)
        if (parts) await acts[name](world, parts, which)
      }
    })().catch((error: unknown) => failures.push(error))
  }
  await world.scheduler.waitIdle()
  // nothing is under way any more: what was confirmed holds for everybody
  for (const value of world.values)
    for (const parts of world.instances) {
      const looking = lookAgain(world, parts, value).catch((error: unknown) => failures.push(error))
      await world.scheduler.waitIdle()
      await looking
    }
  if (failures.length > 0) throw failures[0]
}

const lookAgain = (world: World, parts: LifeParts, value: Value): Promise<void> =>
  acts.look({ ...world, values: [value], happened: Number.MAX_SAFE_INTEGER }, parts, 0)

/** @param skews by how much the clock of each instance is ahead */
function opened(
  scheduler: fc.Scheduler,
  skews: readonly number[],
  stalenessSeconds: number,
  openStore: (world: World) => SessionStore,
): World {
  const world: World = {
    scheduler,
    instances: [],
    stalenessSeconds,
    skewSeconds: 2 * Math.max(...skews.map(Math.abs)),
    time: 1_800_000_000,
    happened: 0,
    values: [],
    ends: [],
    held: [],
  }
  for (const skew of skews) {
    const now = (): number => toMilliseconds(world.time + skew)
    world.instances.push({ store: openStore(world), book, now })
  }
  return world
}

describe('whatever is done at the same time, and however long each step of it takes', () => {
  it('with a strong store nothing is usable that was ended, and nothing dead that was not', async () => {
    const skews = fc.array(fc.constantFrom(-1, -0.5, 0, 0.5, 1), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), skews, clients, async (scheduler, differences, plans) => {
        let memory: SessionStore | undefined
        const world = opened(scheduler, differences, 0, (world) => {
          memory ??= createMemoryStore(() => world.time)
          return slowly(scheduler, memory)
        })
        await play(world, plans)
      }),
      { numRuns: 1_000 },
    )
  })

  it('with Workers KV nothing is usable longer than it says after it was ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), clients, async (scheduler, count, plans) => {
        const texts = new Map<string, string>()
        const skews = Array.from({ length: count }, () => 0)
        const { stalenessSeconds } = promisesOf.kv
        const openStore = (world: World) => createKvStore(lateKv(scheduler, world, texts))
        await play(opened(scheduler, skews, stalenessSeconds, openStore), plans)
      }),
      { numRuns: 1_000 },
    )
  })
})

/** Every call takes its time on the way there and on the way back. */
function slowly(scheduler: fc.Scheduler, store: SessionStore): SessionStore {
  const late =
    <Given extends readonly unknown[], T>(name: string, call: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      await scheduler.schedule(Promise.resolve(), `${name} goes`)
      const answer = await call(...given)
      await scheduler.schedule(Promise.resolve(), `${name} comes back`)
      return answer
    }
  return {
    promises: store.promises,
    read: late('read', store.read),
    write: late('write', store.write),
    swap: late('swap', store.swap),
    raise: late('raise', store.raise),
    delete: late('delete', store.delete),
    list: late('list', store.list),
  }
}

/** One location of KV at its worst: whatever it has read, it reads again for as long as it may. */
function lateKv(scheduler: fc.Scheduler, world: Pick<World, 'time'>, texts: Map<string, string>): KvNamespace {
  const cached = new Map<string, { readonly text: string | null; readonly until: number }>()
  const read = (name: string): string | null => {
    const last = cached.get(name)
    if (last && world.time < last.until) return last.text
    const text = texts.get(name) ?? null
    cached.set(name, { text, until: world.time + promisesOf.kv.stalenessSeconds })
    return text
  }
  const takesTime = async <T>(name: string, act: () => T): Promise<T> => {
    await scheduler.schedule(Promise.resolve(), `${name} goes`)
    const answer = act()
    await scheduler.schedule(Promise.resolve(), `${name} comes back`)
    return answer
  }
  return {
    get: (names: string[]) => takesTime('get', () => new Map(names.map((name) => [name, read(name)]))),
    put: (name: string, text: string) => takesTime('put', () => void texts.set(name, text)),
    delete: (name: string) => takesTime('delete', () => void texts.delete(name)),
    list: ({ prefix }: { prefix: string }) =>
      takesTime('list', () => ({
        keys: [...texts.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name })),
        list_complete: true,
      })),
  } as unknown as KvNamespace
}
