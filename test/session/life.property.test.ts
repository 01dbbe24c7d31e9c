import fc from 'fast-check'
import { describe, it } from 'vitest'
import { endIssuer, endSession, endSubject, issuerSkewSeconds } from '../../src/session/ending.ts'
import { graceSeconds, makeSession, rotateSession, touchSeconds, touchSession } from '../../src/session/life.ts'
import { type Live, lookUp } from '../../src/session/look.ts'
import { nowhere } from '../../src/session/session.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { testBook } from '../support/sessions.ts'

const idleSeconds = 100
const maxSeconds = 400

/** One value of a session's cookie, as it ought to be. */
interface Value {
  readonly cookie: string
  readonly session: { readonly issuer: string; readonly subject: string; readonly createdAt: number; hasEnded: boolean }
  readonly endsAt: number
  expiresAt: number
  lastSeenAt: number
  /** Replaced: good until then. */
  until: number
  /** How often its record was written. */
  version: number
}

interface Model {
  now: number
  readonly values: Value[]
  /** Look-ups whose requests are still at work: what they hold may be old by now. */
  readonly held: { readonly value: Value; readonly version: number; readonly live: Live }[]
  readonly notBefore: Map<string, number>
}

interface Real {
  readonly parts: Parameters<typeof makeSession>[0]
}

const isAlive = ({ now, notBefore }: Model, { session, expiresAt, endsAt, until }: Value): boolean => {
  const { issuer, subject, createdAt, hasEnded } = session
  const standing = Math.max(notBefore.get(issuer) ?? -1, notBefore.get(`${issuer} ${subject}`) ?? -1)
  return !hasEnded && createdAt > standing && now < expiresAt && now < endsAt && now < until
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)]

/** To the millisecond, as marks are written. */
const later = ({ now }: Model, seconds: number): number => Math.round((now + seconds) * 1000) / 1000

type Act = (model: Model, real: Real) => Promise<void>

/** Does both, then asks about every cookie there ever was. */
const step = (name: string, act: Act): fc.AsyncCommand<Model, Real> => ({
  check: () => true,
  toString: () => name,
  async run(model, real) {
    await act(model, real)
    for (const value of model.values) {
      const looked = await lookUp(real.parts, value.cookie)
      const [is, ought] = [looked.kind === 'live', isAlive(model, value)]
      if (is && !ought) throw new Error('a session is usable that ought to be dead')
      if (!is && ought) throw new Error('a session is dead that ought to live')
    }
  },
})

const issuers = ['here', 'there']
const subjects = ['ada', 'bob']

const create = (who: number) =>
  step(`create(${who})`, async (model, { parts }) => {
    const [issuer = '', subject = ''] = [pick(issuers, who), pick(subjects, who >> 1)]
    const { cookie, record } = await makeSession(parts, { issuer, subject, idleSeconds, maxSeconds }, nowhere)
    const session = { issuer, subject, createdAt: record.createdAt, hasEnded: false }
    const { expiresAt, endsAt, lastSeenAt } = record
    model.values.push({ cookie, session, expiresAt, endsAt, lastSeenAt, until: Number.POSITIVE_INFINITY, version: 0 })
  })

const look = (which: number) =>
  step(`look(${which})`, async (model, { parts }) => {
    const value = pick(model.values, which)
    const live = value && (await lookUp(parts, value.cookie))
    if (value && live?.kind === 'live') model.held.push({ value, version: value.version, live })
  })

const touch = (which: number) =>
  step(`touch(${which})`, async (model, { parts }) => {
    const held = pick(model.held, which)
    if (!held) return
    const written = await touchSession(parts, held.live)
    const isDue = model.now - held.live.record.lastSeenAt >= touchSeconds
    if (written && (!isDue || held.version !== held.value.version)) throw new Error('it was written out of turn')
    // written or not: what is dead stays dead
    if (!written || !isAlive(model, held.value)) return
    held.value.version++
    held.value.lastSeenAt = model.now
    held.value.expiresAt = Math.min(model.now + idleSeconds, held.value.endsAt)
  })

const rotate = (which: number) =>
  step(`rotate(${which})`, async (model, { parts }) => {
    const held = pick(model.held, which)
    const made = held && (await rotateSession(parts, held.live))
    if (!held || !made) return
    if (held.value.until !== Number.POSITIVE_INFINITY) throw new Error('a cookie was replaced twice')
    held.value.until = later(model, graceSeconds)
    const { expiresAt, endsAt, lastSeenAt } = made.record
    const { session } = held.value
    const until = Number.POSITIVE_INFINITY
    model.values.push({ cookie: made.cookie, session, expiresAt, endsAt, lastSeenAt, until, version: 0 })
  })

const end = (which: number) =>
  step(`end(${which})`, async (model, { parts }) => {
    const held = pick(model.held, which)
    if (!held) return
    await endSession(parts, held.live.place, held.live.record.id, held.live.key)
    held.value.session.hasEnded = true
  })

const endMany = (who: number, all: boolean) =>
  step(`end${all ? 'Issuer' : 'Subject'}(${who})`, async (model, { parts }) => {
    const [issuer = '', subject = ''] = [pick(issuers, who), pick(subjects, who >> 1)]
    await (all ? endIssuer(parts, issuer) : endSubject(parts, issuer, subject))
    if (all) model.notBefore.set(issuer, later(model, issuerSkewSeconds))
    else model.notBefore.set(`${issuer} ${subject}`, model.now)
  })

const wait = (seconds: number) =>
  step(`wait(${seconds})`, async (model) => {
    model.now = later(model, seconds)
  })

const which = fc.nat(7)
const steps = [
  which.map((at) => create(at)),
  which.map((at) => look(at)),
  which.map((at) => touch(at)),
  which.map((at) => rotate(at)),
  which.map((at) => end(at)),
  fc.tuple(which, fc.boolean()).map(([who, all]) => endMany(who, all)),
  fc.constantFrom(0.001, 1, 29, 30, 60, 61, 99, 100, 300).map((seconds) => wait(seconds)),
]

describe('whatever is done in whatever order, with look-ups that are acted on late', () => {
  it('no session is usable that ought to be dead, and none is dead that ought to live', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
        const model: Model = { now: 1_800_000_000, values: [], held: [], notBefore: new Map() }
        const store = createMemoryStore(() => model.now)
        const real = { parts: { store, book: testBook, now: () => model.now } }
        await fc.asyncModelRun(() => ({ model, real }), commands)
      }),
      { numRuns: 300 },
    )
  })
})
