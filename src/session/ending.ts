/** Ends what must not live on: a session, all of a subject, all of an issuer, a single token. */

import { type AddressBook, endedKey, issuerNotBeforeKey, notBeforeKey, placeOfId } from './address.ts'
import { longestSessionSeconds, writeMark } from './marks.ts'
import type { Key, SessionStore } from './store.ts'

export interface EndingParts {
  readonly store: SessionStore
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

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

/** Ends a session by its public id alone; false for an id that others made, which doesn't say where it stands. */
export async function endSessionById(parts: EndingParts, id: string): Promise<boolean> {
  const place = placeOfId(id)
  if (place === null) return false
  await endSession(parts, place, id, null)
  return true
}

/** Every session of the subject, and every token of that issuer for it, that was made until now. One write, for good. */
export async function endSubject({ store, book, now }: EndingParts, issuer: string, subject: string): Promise<void> {
  const place = await book.place(issuer, subject)
  await store.write(notBeforeKey(place), writeMark(now()), null)
}

/** Every session and token of an issuer that was made until now. */
export async function endIssuer({ store, book, now }: EndingParts, issuer: string): Promise<void> {
  await store.write(issuerNotBeforeKey(await book.issuerPlace(issuer)), writeMark(now()), null)
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
  const ttlSeconds = expiresAt === null ? null : Math.max(1, expiresAt - now()) + 300
  await store.write(await book.denied(issuer, jti), writeMark(now()), ttlSeconds)
}
