/** A verified token may have been ended since: asks for the marks of its subject, its issuer and its `jti`. */

import type { Refusal } from '../decision.ts'
import type { Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import { type AddressBook, issuerNotBeforeKey, notBeforeKey } from '../session/address.ts'
import { latest, readMark } from '../session/marks.ts'
import type { SessionStore } from '../session/store.ts'
import { createMemory } from './memory.ts'
import type { SessionTerms } from './session.ts'
import { createShare, type WaitUntil } from './share.ts'
import type { Spent } from './spent.ts'

export interface RevocationReader {
  /**
   * A promise only where the store has to be asked.
   *
   * @param toleranceSeconds how far ahead the issuer's clock may be: so much later a token may say it was made
   */
  check(
    token: string,
    principal: Principal,
    toleranceSeconds: number,
    terms: SessionTerms,
    waitUntil: WaitUntil,
    spent: Spent,
  ): Result<Principal, Refusal> | Promise<Result<Principal, Refusal>>
  forget(): void
}

export interface RevocationParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly book: AddressBook
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly timeoutMilliseconds: number
  readonly capacity?: number
}

interface Marks {
  readonly notBefore: number | null
  readonly isDenied: boolean
  /** Before the store was asked. */
  readonly askedAt: number
  /** Of its beginning, among all look-ups: what an older one learns late says nothing against a newer one. */
  readonly order: number
}

/** Of the tokens of which something is known. */
const mostChars = 8_388_608

export function createRevocationReader(parts: RevocationParts): RevocationReader {
  const { store, book, now, timeoutMilliseconds, capacity = 10_000 } = parts
  const known = createMemory<Marks>(capacity, mostChars)
  let looks = 0
  let forgotten = 0
  const share = createShare<Marks>(timeoutMilliseconds, now)
  return {
    check(token, principal, toleranceSeconds, terms, waitUntil, spent) {
      const last = known.get(token)
      if (last && now() - last.askedAt < terms.freshnessSeconds) return judge(principal, last, toleranceSeconds)
      return marksOf(token, principal, terms, waitUntil, spent).then((marks) =>
        marks.ok ? judge(principal, marks.value, toleranceSeconds) : marks,
      )
    },
    forget() {
      known.clear()
      forgotten = looks
    },
  }

  async function marksOf(
    token: string,
    principal: Principal,
    terms: SessionTerms,
    waitUntil: WaitUntil,
    spent: Spent,
  ): Promise<Result<Marks, Refusal>> {
    const startedAt = now()
    try {
      const marks = await share.run(token, waitUntil, () => ask(principal), terms.freshnessSeconds)
      if (marks.order > Math.max(forgotten, known.get(token)?.order ?? 0)) known.set(token, marks)
      return ok(marks)
    } catch (error) {
      // not what was known before the wait: somebody may have learnt since that it is over
      const still = known.get(token)
      if (still && now() - still.askedAt < terms.staleIfErrorSeconds) return ok(still)
      return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
    } finally {
      spent.storeMilliseconds += (now() - startedAt) * 1000
    }
  }

  async function ask({ issuer, subject, claims }: Principal): Promise<Marks> {
    const [askedAt, order] = [now(), ++looks]
    const jti = claims['jti']
    const [subjectMark, issuerMark, deniedMark] = await store.read([
      notBeforeKey(await book.place(issuer, subject)),
      issuerNotBeforeKey(await book.issuerPlace(issuer)),
      // a string by RFC 7519 section 4.1.7; some issuers count, and what was denied is denied
      ...(typeof jti === 'string' || typeof jti === 'number' ? [await book.denied(issuer, String(jti))] : []),
    ])
    return {
      askedAt,
      order,
      notBefore: latest(readMark(subjectMark), readMark(issuerMark)),
      isDenied: deniedMark !== undefined && readMark(deniedMark) !== null,
    }
  }
}

/** A token that doesn't say when it was made may have been made before. */
function judge(
  principal: Principal,
  { notBefore, isDenied }: Marks,
  toleranceSeconds: number,
): Result<Principal, Refusal> {
  const madeAt = principal.issuedAt === null ? Number.NEGATIVE_INFINITY : principal.issuedAt - toleranceSeconds
  const isOver = isDenied || (notBefore !== null && madeAt <= notBefore)
  return isOver ? err({ reason: 'bad-token', fault: 'revoked' }) : ok(principal)
}
