/** A token that is no JWT → who it is, by asking its issuer: rarely, and never for a stranger's pleasure. */

import { base64url } from 'jose'
import type { Refusal, TokenFault } from '../decision.ts'
import type { Claims, Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import { type Allowance, createAllowance } from './allowance.ts'
import { principalOf, type TrustedIssuer } from './bearer.ts'
import type { Introspection, Introspector } from './introspect.ts'
import { KeysUnavailable } from './key-document.ts'
import { createMemory } from './memory.ts'
import type { SessionTerms } from './session.ts'
import { createShare, type WaitUntil } from './share.ts'
import type { Spent } from './spent.ts'
import { faultInClaims } from './token-claims.ts'

export interface OpaqueReader {
  /** @param terms the first issuer that can be asked is asked; no other ever sees the token */
  read(token: string, terms: OpaqueTerms, waitUntil: WaitUntil, spent: Spent): Promise<Result<Principal, Refusal>>
}

export interface OpaqueTerms extends Omit<SessionTerms, 'origin'> {
  readonly issuers: readonly TrustedIssuer[]
}

export interface OpaqueReaderParts {
  readonly introspector: Introspector
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly timeoutMilliseconds: number
  /** Tokens that hold, kept in this isolate; as many again that don't. */
  readonly capacity?: number
}

/** Questions about tokens that turn out not to hold, per second, issuer and isolate. */
export const unknownPerSecond = 20
/** A token that didn't hold isn't asked about again for so long. */
export const refusedSeconds = 5

interface Asked {
  /** What its issuer said; null: it isn't active. */
  readonly claims: Claims | null
  /** Before the issuer was asked, so that the bound is never understated. */
  readonly askedAt: number
}

type Introspected = TrustedIssuer & { readonly introspection: Introspection }

export function createOpaqueReader(parts: OpaqueReaderParts): OpaqueReader {
  const { introspector, now, timeoutMilliseconds, capacity = 5_000 } = parts
  const known = createMemory<{ readonly principal: Principal; readonly askedAt: number }>(capacity)
  // apart from those that hold: who makes tokens up pushes out nobody's
  const refused = createMemory<{ readonly fault: TokenFault; readonly askedAt: number }>(capacity)
  const allowances = new Map<string, Allowance>()
  const share = createShare<Asked>(timeoutMilliseconds, now)

  return {
    async read(token, terms, waitUntil, spent) {
      const issuer = terms.issuers.find(isIntrospected)
      if (!issuer) return bad('malformed')
      const key = await keyOf(issuer, token)
      const last = known.get(key)
      if (last && now() - last.askedAt < terms.freshnessSeconds) return judge(last.principal, issuer)
      const before = refused.get(key)
      if (before && now() - before.askedAt < refusedSeconds) return bad(before.fault)
      const startedAt = now()
      try {
        // nobody joins a question that began longer ago than they would believe its answer
        const asked = await share.run(
          key,
          waitUntil,
          () => ask(issuer, token, last === undefined),
          terms.freshnessSeconds,
        )
        return take(key, asked, issuer)
      } catch (error) {
        // meanwhile another question may have been answered
        const kept = known.get(key)
        if (kept && now() - kept.askedAt < terms.staleIfErrorSeconds) return judge(kept.principal, issuer)
        return err({ reason: 'issuer-unavailable', issuer: issuer.name, cause: causeOf(error) })
      } finally {
        spent.keysMilliseconds += (now() - startedAt) * 1000
      }
    },
  }

  async function ask(issuer: Introspected, token: string, isUnknown: boolean): Promise<Asked> {
    const allowance = allowanceOf(issuer)
    if (isUnknown && !allowance.take()) throw new KeysUnavailable('too many unknown tokens at once')
    const askedAt = now()
    // a question that fails counts: an issuer in trouble is not to be asked the more for it
    const claims = await introspector.ask(issuer, token)
    if (isUnknown && claims && !faultIn(claims, issuer, now())) allowance.giveBack()
    return { claims, askedAt }
  }

  function take(key: string, { claims, askedAt }: Asked, issuer: Introspected): Result<Principal, Refusal> {
    const later = refused.get(key)
    // an answer that was overtaken by one which says no
    if (later && later.askedAt >= askedAt) return bad(later.fault)
    const fault = claims ? faultIn(claims, issuer, now()) : 'inactive'
    if (claims && !fault) {
      const principal = principalOf(claims, issuer)
      known.set(key, { principal, askedAt })
      return ok(principal)
    }
    known.delete(key)
    refused.set(key, { fault: fault ?? 'inactive', askedAt })
    return bad(fault ?? 'inactive')
  }

  /** What was said stands; the clock has moved on since. */
  function judge(principal: Principal, issuer: Introspected): Result<Principal, Refusal> {
    const fault = faultIn(principal.claims, issuer, now())
    return fault ? bad(fault) : ok(principal)
  }

  function allowanceOf({ name }: Introspected): Allowance {
    const allowance = allowances.get(name) ?? createAllowance(unknownPerSecond, now)
    allowances.set(name, allowance)
    return allowance
  }
}

const bad = (fault: TokenFault) => err({ reason: 'bad-token', fault } as const)

/** What others throw may quote what was sent: of that only the name. */
function causeOf(error: unknown): string {
  if (error instanceof KeysUnavailable) return error.message
  return error instanceof Error ? error.name : 'unknown'
}

const isIntrospected = (issuer: TrustedIssuer): issuer is Introspected => Boolean(issuer.introspection)

/** The answer of one issuer is none of another's; of the token itself only a hash is kept. */
async function keyOf({ name }: TrustedIssuer, token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return `${name}\0${base64url.encode(new Uint8Array(digest))}`
}

/** As of a JWT, of which each of these would be checked: an answer that says less than a JWT must is none. */
function faultIn(claims: Claims, issuer: TrustedIssuer, now: number): TokenFault | null {
  const { iss, aud } = claims
  if (iss !== undefined && iss !== issuer.issuer) return 'issuer'
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.some((audience) => typeof audience === 'string' && issuer.audience.includes(audience)))
    return 'audience'
  if (!isAccessToken(claims)) return 'type'
  return faultInClaims(claims, issuer, now)
}

/** An issuer answers for refresh tokens too, and says of access tokens alone that they are `Bearer` (Keycloak: in `typ`). */
function isAccessToken({ token_type, typ, token_use }: Claims): boolean {
  const type = token_type ?? typ
  return (
    typeof type === 'string' &&
    type.toLowerCase() === 'bearer' &&
    (token_use === undefined || token_use === 'access_token')
  )
}
