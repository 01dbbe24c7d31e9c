/** Ends what must not live on: a session, all of a subject, all of an issuer, a single token. */

import { type AddressBook, endedKey, issuerNotBeforeKey, notBeforeKey, placeOfId } from './address.ts'
import { listSessions, livingPages, storedPages } from './list.ts'
import { lastSecond, longestSessionSeconds, writeMark } from './marks.ts'
import { parseRecord, type SessionRecord } from './session.ts'
import type { Key, SessionStore } from './store.ts'

export interface EndingParts {
  readonly store: SessionStore
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** So far may the clock be ahead that made a session of an issuer, or behind that ends them all. */
export const issuerSkewSeconds = 2

/**
 * Ends one session, under every value that its cookie has had. The mark counts, which nothing removes before the
 * longest session is over; the record goes too where its key is known.
 */
export async function endSession(
  { store, now }: EndingParts,
  place: string,
  id: string,
  key: Key | null,
): Promise<void> {
  await store.write(endedKey(place, id), writeMark(now()), longestSessionSeconds)
  // the mark stands: what can't be deleted now is over in time
  if (key) await store.delete(key).catch(() => undefined)
}

/**
 * Ends a session by its public id alone.
 *
 * @returns false where none is found: an id that others made doesn't say where it stands, though it may look as if
 */
export async function endSessionById(parts: EndingParts, id: string): Promise<boolean> {
  const { store, book } = parts
  const place = placeOfId(id)
  if (place === null) return false
  const [ended] = await store.read([endedKey(place, id)])
  if (ended !== null) return true
  for await (const stored of storedPages(store, place)) {
    for (const { key, text } of stored) {
      const record = parseRecord(text)
      if (!record.ok || record.value.id !== id) continue
      if ((await book.place(record.value.issuer, record.value.subject)) !== place) continue
      await endSession(parts, place, id, key)
      return true
    }
  }
  return false
}

/**
 * Every session of the subject, and every token of that issuer for it, that was made until now: for good. A session
 * that a clock ahead of this one made is ended by its id, so that no sign-in after this is ended with it.
 */
export async function endSubject(parts: EndingParts, issuer: string, subject: string): Promise<void> {
  const { store, book, now } = parts
  const place = await book.place(issuer, subject)
  const until = writeMark(now())
  await store.raise(notBeforeKey(place), until, null)
  for await (const page of livingPages(parts, issuer, subject)) {
    // of an eventual store the mark itself may come back late
    const ahead = page.filter(({ record }) => record.createdAt > Number(until))
    await Promise.all(ahead.map(({ key, record }) => endSession(parts, place, record.id, key)))
  }
}

/**
 * Every session and token of an issuer that was made until now. They can't be listed: so the mark stands a little
 * ahead, and who signs in within that little signs in again.
 */
export async function endIssuer({ store, book, now }: EndingParts, issuer: string): Promise<void> {
  const key = issuerNotBeforeKey(await book.issuerPlace(issuer))
  await store.raise(key, writeMark(now() + issuerSkewSeconds), null)
}

/**
 * Denies one token by its `jti` (RFC 7519 section 4.1.7).
 *
 * @param expiresAt when the token would be over by itself, so that the mark may go; null: it stays for good
 */
export async function denyToken(
  { store, book, now }: EndingParts,
  issuer: string,
  jti: string,
  expiresAt: number | null,
): Promise<void> {
  // the mark says until when, so that of two denials the longer stands
  const until = expiresAt === null ? lastSecond : Math.max(expiresAt, now()) + spareSeconds
  await store.raise(await book.denied(issuer, jti), writeMark(until), expiresAt === null ? null : until - now())
}

/** A token's own end is tolerant of clocks: the mark outlasts it. */
const spareSeconds = 300

/** Ends the oldest sessions of a subject beyond so many, and says which. Called after a new one was made, so that two at once both count. */
export async function keepNewest(
  parts: EndingParts,
  issuer: string,
  subject: string,
  most: number,
): Promise<readonly SessionRecord[]> {
  // of more than these, the oldest of some: the rest goes with the next sign-ins
  const { sessions } = await listSessions(parts, issuer, subject, 10 * most)
  const tooMany = sessions.slice(0, Math.max(0, sessions.length - most))
  const place = await parts.book.place(issuer, subject)
  await Promise.all(tooMany.map(({ key, record }) => endSession(parts, place, record.id, key)))
  return tooMany.map(({ record }) => record)
}
