/** May this principal pass? Pure, and asked on every request: its answer is never cached. */

import type { Refusal } from '../decision.ts'
import { claimAt, type Principal } from '../principal.ts'
import type { Access, ClaimValue, Requirement } from '../route/schema.ts'

/** @returns null when they may */
export function authorize(principal: Principal | null, access: Access): Refusal | null {
  if (access === 'public' || access === 'optional') return null
  if (!principal) return { reason: 'no-credential' }
  if (meets(principal, access)) return null
  const scopes = missingScopes(principal, access)
  return scopes.length > 0 ? { reason: 'missing-scope', scopes } : { reason: 'not-allowed', needs: access }
}

function meets(principal: Principal, access: Requirement): boolean {
  if (access === 'signed-in') return true
  if ('roles' in access) return access.roles.some((role) => principal.roles.includes(role))
  if ('scopes' in access) return access.scopes.every((scope) => principal.scopes.includes(scope))
  if ('claim' in access) return hasClaim(principal, access.claim, access.is)
  if ('all' in access) return access.all.every((part) => meets(principal, part))
  if ('any' in access) return access.any.some((part) => meets(principal, part))
  return !meets(principal, access.not)
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
function missingScopes(principal: Principal, access: Requirement): readonly string[] {
  if (typeof access === 'object' && 'any' in access)
    return access.any.map((part) => missingScopes(principal, part)).find((scopes) => scopes.length > 0) ?? []
  const wanted = scopesIn(access).filter((scope) => !principal.scopes.includes(scope))
  if (wanted.length === 0) return []
  return meets({ ...principal, scopes: [...principal.scopes, ...wanted] }, access) ? wanted : []
}

function scopesIn(access: Requirement): readonly string[] {
  if (typeof access === 'string') return []
  if ('scopes' in access) return access.scopes
  if ('all' in access) return [...new Set(access.all.flatMap(scopesIn))]
  return 'any' in access ? scopesIn(access.any.find((part) => scopesIn(part).length > 0) ?? 'signed-in') : []
}
