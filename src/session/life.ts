/** A session's life before its end: making it, keeping it awake, giving its cookie another value. */

import { type AddressBook, makeId, replacedKey } from './address.ts'
import { makeCookieValue } from './cookie.ts'
import type { Live } from './look.ts'
import { longestSessionSeconds, writeMark } from './marks.ts'
import { openFor, sealFor } from './sealed.ts'
import {
  deadAt,
  type MadeFrom,
  makeRecord,
  type NewSession,
  type SessionRecord,
  touchRecord,
  ttlOf,
} from './session.ts'
import type { SessionStore } from './store.ts'

export interface LifeParts {
  readonly store: SessionStore
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

export interface MadeSession {
  /** What the cookie holds: 256 random bits, told to nobody but its holder. */
  readonly cookie: string
  readonly record: SessionRecord
}

/** For so long the old value of a cookie serves requests in flight. */
export const graceSeconds = 30
/** A session's `lastSeenAt` is written at most so often. */
export const touchSeconds = 60

/** Begins a session. Throws when the store didn't take it: then there is none. */
export async function makeSession(parts: LifeParts, session: NewSession, from: MadeFrom): Promise<MadeSession> {
  const { book, now } = parts
  const place = await book.place(session.issuer, session.subject)
  return put(parts, makeRecord(session, makeId(place), now(), from), session.secret ?? null)
}

/** Writes that the session was used, unless that was written a moment ago, or it has changed since it was read. */
export async function touchSession({ store, now }: LifeParts, live: Live): Promise<boolean> {
  // what was alive when it was looked up may be over by now
  if (live.isReplaced || live.deadAt <= now() || now() - live.record.lastSeenAt < touchSeconds) return false
  const next = touchRecord(live.record, now())
  return store.swap(live.key, live.text, JSON.stringify(next), ttlOf(next, now()))
}

/**
 * Gives the session another cookie; the old value is good for 30 more seconds. What ends the session, before or
 * after, ends all its values: the mark is by its id, and that stays.
 *
 * @param change what is new about it: roles, claims; with `createdAt` and the times after a new sign-in
 * @returns null when another request has done so already
 */
export async function rotateSession(
  parts: LifeParts,
  live: Live,
  change: Partial<Omit<SessionRecord, 'id' | 'subject' | 'issuer'>> = {},
): Promise<MadeSession | null> {
  if (live.isReplaced || live.deadAt <= parts.now()) return null
  const { store, book, now } = parts
  const { id, sealed } = live.record
  const secret = sealed === undefined ? null : await openFor(live.cookie, id, sealed)
  // first: a store that fails after it leaves the old value as good as it was
  const made = await put(parts, { ...live.record, ...change }, secret)
  const until = writeMark(now() + graceSeconds)
  if (await store.swap(replacedKey(live.key), null, until, longestSessionSeconds)) {
    // the mark counts; this only lets the store forget
    await store.swap(live.key, live.text, live.text, 2 * graceSeconds).catch(() => false)
    return made
  }
  await store.delete(await book.session(made.cookie))
  return null
}

/** @param secret sealed anew with each value that the cookie gets */
async function put(
  { store, book, now }: LifeParts,
  { sealed: _, ...open }: SessionRecord,
  secret: string | null,
): Promise<MadeSession> {
  const { id } = open
  const isOurs = id.startsWith(await book.place(open.issuer, open.subject))
  const cookie = makeCookieValue(isOurs ? `${id}${await book.issuerPlace(open.issuer)}` : '')
  const record = secret === null ? open : { ...open, sealed: await sealFor(cookie, id, secret) }
  const key = await book.session(cookie)
  if (deadAt(record) <= now()) throw new RangeError('the session would be over before it begins')
  if (!(await store.swap(key, null, JSON.stringify(record), ttlOf(record, now()))))
    throw new Error('256 random bits came twice')
  return { cookie, record }
}
