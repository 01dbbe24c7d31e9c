/** May this principal pass? Pure, and asked on every request: its answer is never cached. */

import type { Refusal } from '../decision.ts'
import { claimAt, type Principal } from '../principal.ts'
import type { Access, ClaimValue, Requirement } from '../route/schema.ts'

/**
 * @param now seconds since the epoch
 * @returns null when they may
 */
export function authorize(principal: Principal | null, access: Access, now: number): Refusal | null {
  if (access === 'public' || access === 'optional') return null
  if (!principal) return { reason: 'no-credential' }
  if (meets(principal, access, now)) return null
  const anew = signInAnew(principal, access, now)
  if (anew) return anew
  const scopes = missingScopes(principal, access, now)
  return scopes.length > 0 ? { reason: 'missing-scope', scopes } : { reason: 'not-allowed', needs: access }
}

function meets(principal: Principal, access: Requirement, now: number): boolean {
  if (access === 'signed-in') return true
  if ('roles' in access) return access.roles.some((role) => principal.roles.includes(role))
  if ('scopes' in access) return access.scopes.every((scope) => principal.scopes.includes(scope))
  if ('claim' in access) return hasClaim(principal, access.claim, access.is)
  if ('signedInWithin' in access) return isWithin(principal, access.signedInWithin, now)
  if ('acr' in access) return access.acr.some((acr) => acr === claimAt(principal.claims, ['acr']))
  if ('all' in access) return access.all.every((part) => meets(principal, part, now))
  if ('any' in access) return access.any.some((part) => meets(principal, part, now))
  return !meets(principal, access.not, now)
}

/**
 * When they showed who they are: what the issuer says (`auth_time`), or, for a session whose maker says nothing of it,
 * when it was made. A token's `iat` isn't it: a refreshed token is new, and nobody showed anything.
 */
function isWithin({ kind, claims, issuedAt }: Principal, seconds: number, now: number): boolean {
  const said = claimAt(claims, ['auth_time'])
  const at = said === undefined && kind === 'session' ? issuedAt : said
  // a time that is yet to come (or counts milliseconds) would hold for ever
  return typeof at === 'number' && now - at < seconds && at <= now + aheadSeconds
}

/** So far the clock of whoever says it may be ahead. */
const aheadSeconds = 60

/** What a new sign-in would have to be, if that alone would let this principal pass. */
function signInAnew(principal: Principal, access: Requirement, now: number): Refusal | null {
  const withinSeconds = withinIn(access)
  for (const acr of withinSeconds === null && acrIn(access).length === 0 ? [] : [undefined, ...acrIn(access)]) {
    const claims = { ...principal.claims, auth_time: now, ...(acr !== undefined && { acr }) }
    if (meets({ ...principal, claims }, access, now))
      return { reason: 'sign-in-anew', withinSeconds, acr: acr === undefined ? [] : acrIn(access) }
  }
  return null
}

/** The shortest time that is asked for. */
function withinIn(access: Requirement): number | null {
  if (typeof access === 'string') return null
  if ('signedInWithin' in access) return access.signedInWithin
  const parts = 'all' in access ? access.all : 'any' in access ? access.any : []
  const found = parts.map(withinIn).filter((seconds) => seconds !== null)
  return found.length > 0 ? Math.min(...found) : null
}

function acrIn(access: Requirement): readonly string[] {
  if (typeof access === 'string') return []
  if ('acr' in access) return access.acr
  const parts = 'all' in access ? access.all : 'any' in access ? access.any : []
  return [...new Set(parts.flatMap(acrIn))]
}

/** A claim that is a list has the value when one of its items is it; compared whole, never as text. */
function hasClaim(
  principal: Principal,
  path: string | readonly string[],
  wanted: ClaimValue | readonly ClaimValue[],
): boolean {
  const found = claimAt(principal.claims, typeof path === 'string' ? path.split('.') : path)
  const values: readonly unknown[] = Array.isArray(found) ? found : [found]
  const accepted: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
  return values.some((value) => accepted.includes(value))
}

/** The scopes that would let this principal pass, if scopes alone would; RFC 6750 section 3.1 lets us name them. */
function missingScopes(principal: Principal, access: Requirement, now: number): readonly string[] {
  if (typeof access === 'object' && 'any' in access)
    return access.any.map((part) => missingScopes(principal, part, now)).find((scopes) => scopes.length > 0) ?? []
  const wanted = scopesIn(access).filter((scope) => !principal.scopes.includes(scope))
  if (wanted.length === 0) return []
  return meets({ ...principal, scopes: [...principal.scopes, ...wanted] }, access, now) ? wanted : []
}

function scopesIn(access: Requirement): readonly string[] {
  if (typeof access === 'string') return []
  if ('scopes' in access) return access.scopes
  if ('all' in access) return [...new Set(access.all.flatMap(scopesIn))]
  return 'any' in access ? scopesIn(access.any.find((part) => scopesIn(part).length > 0) ?? 'signed-in') : []
}
