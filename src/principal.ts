/** What a request presented (unchecked), and whom it belongs to once verified (branded). */

/** What the request carried, read and not judged. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  /** A Bearer token that is no JWT: only its issuer knows what it says. */
  | { readonly kind: 'opaque'; readonly token: string }
  | { readonly kind: 'session'; readonly cookie: string }

declare const verified: unique symbol

/** Whom a verified credential belongs to. Made only inside `authenticate/`: the brand can't be written elsewhere. */
export interface Principal extends Identity {
  readonly [verified]: true
}

/** Who someone is, before anyone has vouched for it. */
export interface Identity {
  readonly kind: 'bearer' | 'session'
  readonly subject: string
  /** The `iss` of the token, or the issuer that the session's record names. */
  readonly issuer: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly claims: Claims
  /** Seconds since the epoch at which the credential was made (`iat`, or the session's `createdAt`); null when unstated. */
  readonly issuedAt: number | null
  /** Seconds since the epoch from which the credential is dead. */
  readonly expiresAt: number
}

export type Claims = Readonly<Record<string, unknown>>

/** Reads `a.b.c`, or a list of keys, out of claims; own properties only, so `__proto__` finds nothing. */
export function claimAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
