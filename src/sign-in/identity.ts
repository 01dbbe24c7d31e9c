/** What a provider says of a person → what the session says of them: only what the operator asked for. */

import { type Claims, claimAt } from '../principal.ts'
import type { Provider } from '../route/compile-provider.ts'

export interface SignedIn {
  readonly subject: string
  readonly issuer: string
  readonly roles: readonly string[]
  readonly claims: Claims
}

/** How and when the person showed who they are, and the provider's name for its session: it ends this one by that. */
export const ofTheSignIn: readonly string[] = ['auth_time', 'acr', 'amr', 'sid']

export function identityOf(provider: Provider, claims: Claims): SignedIn {
  const kept = provider.claims.map(([name, path]) => [name, claimAt(claims, path)] as const)
  const own = ofTheSignIn.map((name) => [name, claimAt(claims, [name])] as const)
  return {
    subject: String(claims['sub']),
    issuer: provider.issuer,
    roles: provider.roles ? rolesOf(claimAt(claims, provider.roles)) : [],
    // a provider that doesn't say when may have looked at a cookie of last week: that is no new sign-in
    claims: {
      auth_time: 0,
      ...Object.fromEntries([...kept, ...own].filter(([, value]) => value !== undefined)),
    },
  }
}

/** A list of strings, a string of words, or an object whose keys they are (ZITADEL); anything else is no role. */
export function rolesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(/[ ,]+/).filter(Boolean)
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}
