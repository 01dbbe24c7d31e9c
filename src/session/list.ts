/** Lists the sessions of a subject that live, and keeps their number within bounds. */

import { type AddressBook, endedKey, issuerNotBeforeKey, notBeforeKey, replacedKey } from './address.ts'
import { type EndingParts, endSession } from './ending.ts'
import { latest, readMark } from './marks.ts'
import { deadAt, parseRecord, type SessionRecord } from './session.ts'
import type { Key, SessionStore } from './store.ts'

export interface Listed {
  readonly key: Key
  readonly record: SessionRecord
}

export interface ListParts {
  readonly store: SessionStore
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Each session once, the oldest first. With an eventual store, one made a moment ago may be missing. */
export async function listSessions(
  { store, book, now }: ListParts,
  issuer: string,
  subject: string,
): Promise<Listed[]> {
  const place = await book.place(issuer, subject)
  const found = (await store.list(place)).flatMap(({ key, text }) => {
    const record = parseRecord(text)
    const isTheirs = record.ok && record.value.issuer === issuer && record.value.subject === subject
    return isTheirs && deadAt(record.value) > now() ? { key, record: record.value } : []
  })
  if (found.length === 0) return []
  const [notBefore, issuerNotBefore, ...marks] = await store.read([
    notBeforeKey(place),
    issuerNotBeforeKey(await book.issuerPlace(issuer)),
    ...found.flatMap(({ key, record }) => [endedKey(place, record.id), replacedKey(key)]),
  ])
  const standing = latest(readMark(notBefore), readMark(issuerNotBefore)) ?? Number.NEGATIVE_INFINITY
  return found
    .filter(({ record }, at) => {
      const isOver = readMark(marks[2 * at]) !== null || readMark(marks[2 * at + 1]) !== null
      return !isOver && record.createdAt > standing
    })
    .sort((a, b) => a.record.createdAt - b.record.createdAt)
}

/** Ends the oldest sessions of a subject beyond so many, and says which. Called after a new one was made, so that two at once both count. */
export async function keepNewest(
  parts: ListParts & EndingParts,
  issuer: string,
  subject: string,
  most: number,
): Promise<readonly SessionRecord[]> {
  const listed = await listSessions(parts, issuer, subject)
  const tooMany = listed.slice(0, Math.max(0, listed.length - most))
  const place = await parts.book.place(issuer, subject)
  await Promise.all(tooMany.map(({ key, record }) => endSession(parts, place, record.id, key)))
  return tooMany.map(({ record }) => record)
}
