/** A session cookie → who it is: one look-up at most, none while the last one is fresh. */

import type { Refusal } from '../decision.ts'
import type { Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import { deadAt, parseRecord, type SessionRecord, sessionKey } from '../session/session.ts'
import type { SessionStore } from '../session/store.ts'
import { createShare, type WaitUntil } from './share.ts'
import { vouchFor } from './vouch.ts'

export interface SessionReader {
  /** @param freshnessSeconds for how long an earlier look-up may be believed; 0 asks the store each time */
  read(cookie: string, freshnessSeconds: number, waitUntil: WaitUntil): Promise<Result<Principal, Refusal>>
}

export interface SessionReaderParts {
  readonly store: Pick<SessionStore, 'read'>
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly timeoutMilliseconds: number
  /** Known sessions kept in this isolate. */
  readonly capacity?: number
}

interface Looked {
  readonly text: string | null
  /** Before the store was asked, so that the bound is never understated. */
  readonly askedAt: number
}

interface Known {
  readonly principal: Principal
  readonly askedAt: number
}

export function createSessionReader({
  store,
  now,
  timeoutMilliseconds,
  capacity = 10_000,
}: SessionReaderParts): SessionReader {
  const known = new Map<string, Known>()
  const share = createShare<Looked>(timeoutMilliseconds, now)

  return {
    async read(cookie, freshnessSeconds, waitUntil) {
      const last = known.get(cookie)
      if (last && now() - last.askedAt < freshnessSeconds) return alive(last.principal)
      let looked: Looked
      try {
        // nobody joins a look-up that began longer ago than they would believe one that is over
        looked = await share.run(cookie, waitUntil, () => lookUp(cookie), freshnessSeconds)
      } catch (error) {
        return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
      }
      known.delete(cookie)
      if (looked.text === null) return err({ reason: 'bad-session', fault: 'unknown' })
      const record = parseRecord(looked.text)
      if (!record.ok) return err({ reason: 'bad-session', fault: record.error })
      const principal = principalOf(record.value)
      remember(cookie, { principal, askedAt: looked.askedAt })
      return alive(principal)
    },
  }

  async function lookUp(cookie: string): Promise<Looked> {
    const askedAt = now()
    return { askedAt, text: await store.read(await sessionKey(cookie)) }
  }

  function alive(principal: Principal): Result<Principal, Refusal> {
    return principal.expiresAt > now() ? ok(principal) : err({ reason: 'bad-session', fault: 'expired' })
  }

  function remember(cookie: string, entry: Known): void {
    if (known.size >= capacity) {
      const [oldest] = known.keys()
      if (oldest !== undefined) known.delete(oldest)
    }
    known.set(cookie, entry)
  }
}

const principalOf = (record: SessionRecord): Principal =>
  vouchFor({
    kind: 'session',
    subject: record.subject,
    issuer: record.issuer,
    roles: record.roles,
    scopes: record.scopes,
    claims: record.claims,
    issuedAt: record.createdAt,
    expiresAt: deadAt(record),
  })
