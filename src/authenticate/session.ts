/** A session cookie → who it is: one look-up at most, none while the last one is fresh. */

import type { Refusal } from '../decision.ts'
import type { Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import { type LifeParts, touchSeconds, touchSession } from '../session/life.ts'
import { type Live, type Looked, lookUp } from '../session/look.ts'
import { createAllowance } from './allowance.ts'
import { createMemory } from './memory.ts'
import { createShare, type WaitUntil } from './share.ts'
import type { Spent } from './spent.ts'
import { vouchFor } from './vouch.ts'

/** What a route asks of a session. */
export interface SessionTerms {
  /** For how long an earlier look-up may be believed; 0 asks the store each time. */
  readonly freshnessSeconds: number
  /** For how long it may be believed when the store can't be asked. */
  readonly staleIfErrorSeconds: number
  /** The name of the origin: some sessions are for some origins. */
  readonly origin: string
}

export interface SessionReader {
  /** A promise only where the store has to be asked. */
  read(
    cookie: string,
    terms: SessionTerms,
    waitUntil: WaitUntil,
    spent: Spent,
  ): Result<Principal, Refusal> | Promise<Result<Principal, Refusal>>
  /** Asks the store anew about everybody: something was ended here. */
  forget(): void
  /** Asks the store anew about cookies that it didn't know: someone signed in here. */
  forgetUnknown(): void
}

export interface SessionReaderParts extends LifeParts {
  readonly timeoutMilliseconds: number
  /** Look-ups of cookies that turn out never to have been issued, or that fail, per second, in this isolate. */
  readonly unknownPerSecond: number
  /** Known sessions kept in this isolate. */
  readonly capacity?: number
}

interface Known {
  readonly principal: Principal
  readonly origins: readonly string[] | null
  /** Before the store was asked, so that the bound is never understated. */
  readonly askedAt: number
  readonly order: number
  readonly touchedAt: number
}

interface Answer {
  readonly looked: Looked
  readonly askedAt: number
  /** Of its beginning, among all look-ups: what an older one learns late says nothing against a newer one. */
  readonly order: number
}

/** A cookie that the store doesn't know isn't asked about again for so long. */
export const unknownSeconds = 5
/** Of cookies and records that are kept in this isolate; as objects they take a few times that. */
export const mostChars = 8_388_608

export function createSessionReader(parts: SessionReaderParts): SessionReader {
  const { now, timeoutMilliseconds, unknownPerSecond, capacity = 10_000 } = parts
  const known = createMemory<Known>(capacity, mostChars)
  const unknown = createMemory<number>(capacity)
  /** The latest look-up by which a session was over. */
  const over = createMemory<number>(capacity)
  let looks = 0
  let forgotten = 0
  const allowance = createAllowance(unknownPerSecond, now)
  const share = createShare<Answer>(timeoutMilliseconds, now)

  return {
    read(cookie, terms, waitUntil, spent) {
      const last = known.get(cookie)
      if (last && now() - last.askedAt < terms.freshnessSeconds) return judge(last, terms)
      if (now() < (unknown.get(cookie) ?? 0)) return err({ reason: 'bad-session', fault: 'unknown' })
      if (!last && !allowance.take())
        return err({ reason: 'store-unavailable', cause: 'too many unknown cookies at once' })
      return ask(cookie, last, terms, waitUntil, spent)
    },
    forget() {
      known.clear()
      forgotten = looks
    },
    forgetUnknown: () => unknown.clear(),
  }

  async function ask(
    cookie: string,
    last: Known | undefined,
    terms: SessionTerms,
    waitUntil: WaitUntil,
    spent: Spent,
  ): Promise<Result<Principal, Refusal>> {
    const startedAt = now()
    let answer: Answer
    try {
      // nobody joins a look-up that began longer ago than they would believe one that is over
      answer = await share.run(cookie, waitUntil, look, terms.freshnessSeconds)
    } catch (error) {
      // a look-up that fails counts as one of a stranger's: a store in trouble is not to be asked the more for it
      // not what was known before the wait: somebody may have learnt since that it is over
      const still = known.get(cookie)
      if (still && now() - still.askedAt < terms.staleIfErrorSeconds) return judge(still, terms)
      return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
    } finally {
      spent.storeMilliseconds += (now() - startedAt) * 1000
    }
    const { looked, askedAt, order } = answer
    const isUnknown = looked.kind === 'dead' && looked.fault === 'unknown'
    if (!last && !isUnknown) allowance.giveBack()
    if (looked.kind === 'dead') {
      known.delete(cookie)
      over.set(cookie, Math.max(order, over.get(cookie) ?? 0))
      if (isUnknown) unknown.set(cookie, askedAt + unknownSeconds)
      return err({ reason: 'bad-session', fault: looked.fault })
    }
    return judge(keep(cookie, looked, answer, waitUntil), terms)

    async function look(): Promise<Answer> {
      const [askedAt, order] = [now(), ++looks]
      return { askedAt, order, looked: await lookUp(parts, cookie) }
    }
  }

  function judge({ principal, origins }: Known, { origin }: SessionTerms): Result<Principal, Refusal> {
    if (principal.expiresAt <= now()) return err({ reason: 'bad-session', fault: 'expired' })
    if (origins && !origins.includes(origin)) return err({ reason: 'bad-session', fault: 'elsewhere' })
    return ok(principal)
  }

  function keep(cookie: string, live: Live, { askedAt, order }: Answer, waitUntil: WaitUntil): Known {
    const last = known.get(cookie)
    const touchedAt = Math.max(live.record.lastSeenAt, last?.touchedAt ?? 0)
    const isDue = now() - touchedAt >= touchSeconds
    // never on the path of the response; who can't be told now is told after the next look-up of its minute
    if (isDue) waitUntil(touchSession(parts, live).catch(() => false))
    const entry = {
      principal: principalOf(live),
      origins: live.record.origins ?? null,
      askedAt,
      order,
      touchedAt: isDue ? now() : touchedAt,
    }
    if (order > Math.max(forgotten, over.get(cookie) ?? 0, last?.order ?? 0)) known.set(cookie, entry, live.text.length)
    return entry
  }
}

const principalOf = ({ record, deadAt }: Live): Principal =>
  vouchFor({
    kind: 'session',
    subject: record.subject,
    issuer: record.issuer,
    roles: record.roles,
    scopes: record.scopes,
    claims: record.claims,
    issuedAt: record.createdAt,
    expiresAt: deadAt,
  })
