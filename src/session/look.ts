/** Looks a cookie up: its record, and every mark that could have ended it, in one round trip. */

import { type AddressBook, endedKey, hintOf, issuerNotBeforeKey, notBeforeKey, replacedKey } from './address.ts'
import { latest, readMark } from './marks.ts'
import { deadAt, parseRecord, type SessionRecord } from './session.ts'
import { type Key, type SessionStore, StoreFault } from './store.ts'

export type Fault = 'unknown' | 'corrupt' | 'version' | 'expired' | 'ended'

/** A session that nothing has ended, as the store has it. */
export interface Live {
  readonly kind: 'live'
  /** What was looked up. Opens what is sealed in the record. */
  readonly cookie: string
  readonly key: Key
  readonly place: string
  readonly record: SessionRecord
  /** The record as it was read: what a compare-and-set compares with. */
  readonly text: string
  /** Dead from here on: by its record, or because its cookie was replaced. Seconds since the epoch. */
  readonly deadAt: number
  /** Another value has taken this one's place, which is good for requests in flight. */
  readonly isReplaced: boolean
}

export type Looked = Live | { readonly kind: 'dead'; readonly fault: Fault }

export interface LookParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** So far may the clock be ahead that made a session. */
const mostAheadSeconds = 60

/**
 * One round trip, two for a cookie without a hint. Throws when the store can't be asked, or gives what can't be read.
 *
 * The hint is never believed: the subject in the record must be the one whose marks were looked at.
 */
export async function lookUp({ store, book, now }: LookParts, cookie: string): Promise<Looked> {
  const key = await book.session(cookie)
  const hint = hintOf(cookie)
  const first: Key[] = [key, replacedKey(key)]
  if (hint) first.push(endedKey(hint.place, hint.id), notBeforeKey(hint.place), issuerNotBeforeKey(hint.issuerPlace))
  const [text, replaced, ...marks] = whole(await store.read(first), first)
  if (text === null || text === undefined) return dead(marks[0] ? 'ended' : 'unknown')
  const parsed = parseRecord(text)
  if (!parsed.ok) return dead(parsed.error)
  const record = parsed.value

  const place = await book.place(record.issuer, record.subject)
  const issuerPlace = await book.issuerPlace(record.issuer)
  const isOther = hint && (hint.place !== place || hint.issuerPlace !== issuerPlace || hint.id !== record.id)
  // whoever writes times of another zone would have sessions that no not-before reaches
  if (isOther || record.createdAt > now() + mostAheadSeconds) return dead('corrupt')
  const [ended, notBefore, issuerNotBefore] = hint
    ? marks
    : await readMarks(endedKey(place, record.id), notBeforeKey(place), issuerNotBeforeKey(issuerPlace))

  const until = readMark(replaced)
  if (readMark(ended) !== null) return dead('ended')
  const standing = latest(readMark(notBefore), readMark(issuerNotBefore))
  if (standing !== null && record.createdAt <= standing) return dead('ended')
  if (until !== null && until <= now()) return dead('ended')
  const over = until === null ? deadAt(record) : Math.min(until, deadAt(record))
  if (over <= now()) return dead('expired')
  return { kind: 'live', cookie, key, place, record, text, deadAt: over, isReplaced: until !== null }

  async function readMarks(...keys: readonly Key[]): Promise<readonly (string | null)[]> {
    return whole(await store.read(keys), keys)
  }
}

/** An answer that is cut off says of what it lacks that it isn't there: it is no answer. */
function whole<T>(texts: readonly T[], keys: readonly Key[]): readonly T[] {
  if (texts.length !== keys.length) throw new StoreFault('the store gave no such list')
  return texts
}

const dead = (fault: Fault): Looked => ({ kind: 'dead', fault })
