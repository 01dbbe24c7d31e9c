/** Lists the sessions of a subject that live. */

import { type AddressBook, endedKey, issuerNotBeforeKey, notBeforeKey, replacedKey } from './address.ts'
import { latest, readMark } from './marks.ts'
import { deadAt, parseRecord, type SessionRecord } from './session.ts'
import type { Key, SessionStore, Stored } from './store.ts'

export interface Listed {
  readonly key: Key
  readonly record: SessionRecord
}

export interface Listing {
  /** Each once, the oldest first. */
  readonly sessions: readonly Listed[]
  /** false: there are more, and which of them these are isn't said. */
  readonly isWhole: boolean
}

export interface ListParts {
  readonly store: SessionStore
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** @param most about where to stop, so that nobody's memory is filled by one subject */
export async function listSessions(parts: ListParts, issuer: string, subject: string, most: number): Promise<Listing> {
  const found = new Map<string, Listed>()
  let isWhole = true
  for await (const page of livingPages(parts, issuer, subject)) {
    isWhole = found.size < most
    if (!isWhole) break
    for (const listed of page) found.set(listed.key.name, listed)
  }
  const sessions = [...found.values()].sort((a, b) => a.record.createdAt - b.record.createdAt)
  return { sessions: sessions.slice(0, most), isWhole: isWhole && sessions.length <= most }
}

/** All of them, a page at a time; one may come twice. With an eventual store, one made a moment ago may be missing. */
export async function* livingPages(
  { store, book, now }: ListParts,
  issuer: string,
  subject: string,
): AsyncGenerator<readonly Listed[]> {
  const place = await book.place(issuer, subject)
  const standing = [notBeforeKey(place), issuerNotBeforeKey(await book.issuerPlace(issuer))]
  for await (const stored of storedPages(store, place)) {
    const found = stored.flatMap(({ key, text }) => {
      const record = parseRecord(text)
      const isTheirs = record.ok && record.value.issuer === issuer && record.value.subject === subject
      return isTheirs && deadAt(record.value) > now() ? { key, record: record.value } : []
    })
    const ends = found.flatMap(({ key, record }) => [endedKey(place, record.id), replacedKey(key)])
    const [notBefore, issuerNotBefore, ...marks] = await store.read([...standing, ...ends])
    const since = latest(readMark(notBefore), readMark(issuerNotBefore)) ?? Number.NEGATIVE_INFINITY
    yield found.filter(({ record }, at) => {
      const isOver = readMark(marks[2 * at]) !== null || readMark(marks[2 * at + 1]) !== null
      return !isOver && record.createdAt > since
    })
  }
}

/** Whatever stands at a place under the name of a session, a page at a time. */
export async function* storedPages(store: SessionStore, place: string): AsyncGenerator<readonly Stored[]> {
  let after: string | null = null
  do {
    const page = await store.list(place, after)
    yield page.stored
    after = page.next
  } while (after !== null)
}
