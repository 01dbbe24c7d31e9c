/** Begins and ends sessions for whoever may ask: sign-in, sign-out, the admin API. Tells the log of each. */

import type { RevocationReader } from './authenticate/revocation.ts'
import type { SessionReader } from './authenticate/session.ts'
import { within } from './authenticate/share.ts'
import { denyToken, endIssuer, endSession, endSessionById, endSubject, keepNewest } from './session/ending.ts'
import { type LifeParts, type MadeSession, makeSession, rotateSession } from './session/life.ts'
import { type Listing, listSessions } from './session/list.ts'
import { type Live, lookUp } from './session/look.ts'
import { type MadeFrom, makeRecord, type NewSession, type SessionRecord } from './session/session.ts'
import type { Lifetimes } from './session/settings.ts'

/** One thing that happened to sessions: for the log. Ids are public; no cookie, key or token is part of it. */
export interface SessionEvent {
  readonly event: 'session-made' | 'session-rotated' | 'session-ended' | 'token-denied' | 'sign-in-refused'
  readonly at: number
  readonly by: 'origin' | 'admin' | 'visitor' | 'provider' | 'gateway'
  readonly why?: string
  readonly session?: string
  readonly issuer?: string
  readonly subject?: string
  readonly origin?: string
}

export interface KeeperParts extends LifeParts {
  readonly lifetimes: Lifetimes
  readonly timeoutMilliseconds: number
  readonly sessions: Pick<SessionReader, 'forget' | 'forgetUnknown'>
  readonly revocations: Pick<RevocationReader, 'forget'>
  readonly log: (event: SessionEvent) => void
}

/** Who signs in; how long it lasts is the settings' to say. */
export type SignIn = Omit<NewSession, 'idleSeconds' | 'maxSeconds'> & { readonly remember?: boolean | undefined }

/** So many sessions of a subject are listed. */
export const mostListed = 1_000

type By = SessionEvent['by']

/** Who was remembered stays so, until the same second, unless this sign-in says otherwise. */
const rememberedOf = ({ remember }: SignIn, { remembered, expiresAt, endsAt }: SessionRecord) =>
  remembered && remember === undefined ? { remembered, expiresAt, endsAt } : { remembered: remember === true }

export type Keeper = ReturnType<typeof createKeeper>

/** Everything here rejects when the store didn't take it in time: then nothing may be believed to have happened. */
export function createKeeper(parts: KeeperParts) {
  const { now, lifetimes, log, sessions, revocations } = parts
  const bounded = <T>(work: Promise<T>): Promise<T> => within(parts.timeoutMilliseconds, work)

  return {
    find,
    end,

    /**
     * Signs somebody in. Whoever was signed in with this browser before is so no longer: the same person's session
     * goes on under another cookie, another's is ended.
     *
     * @param provedAt when they proved who they are: a session isn't younger than that
     */
    async signIn(who: SignIn, from: MadeFrom, previous: string | null, by: By, provedAt = now()): Promise<MadeSession> {
      const fresh = newSession(who)
      const old = previous === null ? null : await find(previous)
      const isSame = old !== null && old.record.subject === who.subject && old.record.issuer === who.issuer
      if (old && !isSame) await end(old, 'someone else signed in', by)
      if (old && isSame) {
        const { id: _, subject: __, issuer: ___, ...change } = makeRecord(fresh, old.record.id, provedAt, from)
        const rotated = await bounded(rotateSession(parts, old, { ...change, ...rememberedOf(who, old.record) }))
        if (rotated) {
          sessions.forgetUnknown()
          note('session-rotated', by, rotated.record, 'sign-in')
          return rotated
        }
      }
      const made = await bounded(makeSession({ ...parts, now: () => provedAt }, fresh, from))
      sessions.forgetUnknown()
      note('session-made', by, made.record)
      await keepWithin(made.record)
      return made
    },

    /** Gives a session another cookie; null when another request has just done so. */
    async rotate(live: Live, by: By): Promise<MadeSession | null> {
      const rotated = await bounded(rotateSession(parts, live))
      if (rotated) note('session-rotated', by, rotated.record, 'asked for')
      return rotated
    },

    /** @returns false where no session of ours has this id: then issuer and subject are needed */
    async endById(id: string, whose: { issuer: string; subject: string } | null, by: By): Promise<boolean> {
      if (whose) {
        // an id of others may look like one of ours: whose it is says where it stands
        const place = await parts.book.place(whose.issuer, whose.subject)
        await bounded(endSession(parts, place, id, null))
      }
      if (!(await bounded(endSessionById(parts, id))) && !whose) return false
      sessions.forget()
      log({ event: 'session-ended', at: now(), by, session: id, why: 'by its id' })
      return true
    },

    async endSubject(issuer: string, subject: string, by: By): Promise<void> {
      await bounded(endSubject(parts, issuer, subject)).finally(forgetAll)
      log({ event: 'session-ended', at: now(), by, issuer, subject, why: 'all of the subject' })
    },

    async endIssuer(issuer: string, by: By): Promise<void> {
      await bounded(endIssuer(parts, issuer)).finally(forgetAll)
      log({ event: 'session-ended', at: now(), by, issuer, why: 'all of the issuer' })
    },

    async deny(issuer: string, jti: string, expiresAt: number | null, by: By): Promise<void> {
      await bounded(denyToken(parts, issuer, jti, expiresAt)).finally(revocations.forget)
      log({ event: 'token-denied', at: now(), by, issuer })
    },

    list: (issuer: string, subject: string): Promise<Listing> =>
      bounded(listSessions(parts, issuer, subject, mostListed)),

    refused(why: string, origin: string): void {
      log({ event: 'sign-in-refused', at: now(), by: 'origin', why, origin })
    },
  }

  /** The session of a cookie as the store has it now, or null. */
  async function find(cookie: string): Promise<Live | null> {
    const looked = await bounded(lookUp(parts, cookie))
    return looked.kind === 'live' ? looked : null
  }

  async function end({ place, key, record }: Live, why: string, by: By): Promise<void> {
    await bounded(endSession(parts, place, record.id, key)).finally(sessions.forget)
    note('session-ended', by, record, why)
  }

  function newSession({ remember, ...who }: SignIn): NewSession {
    const { idleSeconds, maxSeconds, rememberSeconds } = lifetimes
    if (remember) return { ...who, remembered: true, maxSeconds: rememberSeconds, idleSeconds: rememberSeconds }
    return { ...who, maxSeconds, idleSeconds: Math.min(idleSeconds, maxSeconds) }
  }

  async function keepWithin({ issuer, subject }: SessionRecord): Promise<void> {
    if (lifetimes.mostPerSubject === null) return
    const ended = await bounded(keepNewest(parts, issuer, subject, lifetimes.mostPerSubject))
    if (ended.length > 0) sessions.forget()
    for (const record of ended) note('session-ended', 'gateway', record, 'too many of the subject')
  }

  function forgetAll(): void {
    sessions.forget()
    revocations.forget()
  }

  function note(event: SessionEvent['event'], by: By, { id, issuer, subject }: SessionRecord, why?: string): void {
    log({ event, at: now(), by, session: id, issuer, subject, ...(why && { why }) })
  }
}
