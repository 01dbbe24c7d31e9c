/** A Bearer token → who it is, or what is wrong with it. jose verifies; the rules are ours. */

import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { Refusal, TokenFault } from '../decision.ts'
import { type Claims, claimAt, type Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { Introspection } from './introspect.ts'
import type { KeyProvider, KeySource } from './jwks.ts'
import { type KeySet, KeysUnavailable } from './key-document.ts'
import type { WaitUntil } from './share.ts'
import { nothingSpent, type Spent } from './spent.ts'
import { faultInClaims } from './token-claims.ts'
import { vouchFor } from './vouch.ts'

/** Whose tokens are accepted, and on which conditions. */
export interface TrustedIssuer {
  readonly name: string
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly keys: KeySource | { readonly kind: 'secret'; readonly secret: Uint8Array }
  /** Path to the roles among the claims; null: none. */
  readonly roles: readonly string[] | null
  /** Path to the scopes; null: `scope`, else `scp`. */
  readonly scopes: readonly string[] | null
  /** The `typ` that its header must have, such as `at+jwt`. */
  readonly type: string | null
  readonly maxAgeSeconds: number | null
  /** How far ahead the issuer's clock may be: for `nbf` and `iat`. Nothing prolongs `exp`. */
  readonly clockToleranceSeconds: number
  /** How it is asked about tokens that are no JWT; null or absent: it isn't. */
  readonly introspection?: Introspection | null
  /** Logout tokens may say of which session they are, and not of whom; written here alone, never by an operator. */
  readonly needsNoSubject?: true
}

/** A token that holds, and what that depends on. */
export interface Verified {
  readonly principal: Principal
  readonly issuer: TrustedIssuer
  /** The very keys among which one verified it; null for a shared secret. */
  readonly keys: KeySet | null
}

export interface BearerReader {
  read(
    token: string,
    issuers: readonly TrustedIssuer[],
    waitUntil: WaitUntil,
    spent?: Spent,
  ): Promise<Result<Verified, Refusal>>
}

/** Without a `kid` several keys may fit; so many are tried. */
const maxTries = 4

/** @param now seconds since the epoch */
export function createBearerReader(keys: KeyProvider, now: () => number): BearerReader {
  return {
    async read(token, issuers, waitUntil, spent = nothingSpent()) {
      const issuer = chooseIssuer(token, issuers)
      if (!issuer.ok) return issuer
      try {
        const { payload, keys } = await verify(token, issuer.value, waitUntil, spent)
        const fault = faultInClaims(payload, issuer.value, now())
        return fault ? bad(fault) : ok({ principal: principalOf(payload, issuer.value), issuer: issuer.value, keys })
      } catch (error) {
        if (error instanceof KeysUnavailable)
          return err({ reason: 'keys-unavailable', issuer: issuer.value.name, cause: error.message })
        if (isKeyFault(error)) return bad('key')
        if (error instanceof errors.JOSENotSupported) return bad(namesCritical(token) ? 'critical header' : 'key')
        if (error instanceof errors.JOSEError) return bad(faultOf(error))
        throw error
      }
    },
  }

  async function verify(token: string, issuer: TrustedIssuer, waitUntil: WaitUntil, spent: Spent): Promise<Proven> {
    const options = verifyOptions(issuer, now())
    const source = issuer.keys
    if (source.kind === 'secret')
      return { payload: (await jwtVerify(token, source.secret, options)).payload, keys: null }
    const known =
      keys.knownKeys(issuer, source, waitUntil) ?? (await timed(spent, () => keys.keys(issuer, source, waitUntil)))
    try {
      return { payload: await verifyWith(token, known, options), keys: known }
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const renewed = await timed(spent, () => keys.renewedKeys(issuer, source, known, waitUntil))
      if (!renewed) throw error
      return { payload: await verifyWith(token, renewed, options), keys: renewed }
    }
  }

  async function timed<T>(spent: Spent, work: () => Promise<T>): Promise<T> {
    const startedAt = now()
    try {
      return await work()
    } finally {
      spent.keysMilliseconds += (now() - startedAt) * 1000
    }
  }
}

interface Proven {
  readonly payload: JWTPayload
  readonly keys: KeySet | null
}

const bad = (fault: TokenFault) => err({ reason: 'bad-token', fault } as const)

/** By the unverified `iss`, and by audience where one issuer is listed twice; verification then proves both. */
function chooseIssuer(token: string, issuers: readonly TrustedIssuer[]): Result<TrustedIssuer, Refusal> {
  let claims: JWTPayload
  try {
    claims = decodeJwt(token)
  } catch (error) {
    if (error instanceof errors.JOSEError) return bad('malformed')
    throw error
  }
  const meant = issuerMeant(claims, issuers)
  return meant ? ok(meant) : bad('issuer')
}

/** Which of the issuers these claims name. */
export function issuerMeant({ iss, aud }: Claims, issuers: readonly TrustedIssuer[]): TrustedIssuer | null {
  const named = issuers.filter((issuer) => issuer.issuer === iss)
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const meant = named.find(({ audience }) => audience.some((one) => audiences.includes(one)))
  return meant ?? named[0] ?? null
}

function verifyOptions(issuer: TrustedIssuer, now: number): JWTVerifyOptions {
  return {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    audience: [...issuer.audience],
    requiredClaims: issuer.needsNoSubject ? ['exp'] : ['exp', 'sub'],
    clockTolerance: issuer.clockToleranceSeconds,
    currentDate: new Date(now * 1000),
    ...(issuer.type && { typ: issuer.type }),
  }
}

async function verifyWith(token: string, keys: KeySet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    let tries = 0
    for await (const key of error) {
      if (tries++ === maxTries) break
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (inner) {
        // claims are looked at only once a key has verified: then it is the token's fault, and no other key helps
        if (inner instanceof errors.JWTExpired || inner instanceof errors.JWTClaimValidationFailed) throw inner
        if (!isKeyFault(inner) && !(inner instanceof errors.JOSEError)) throw inner
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

/** What jose and the platform throw at a published key that they can't use, such as RSA of fewer than 2048 bits. */
const isKeyFault = (error: unknown): boolean => error instanceof TypeError || error instanceof DOMException

/** True where the header has a `crit` (RFC 7515 section 4.1.11). */
const namesCritical = (token: string): boolean => Object.hasOwn(decodeProtectedHeader(token), 'crit')

function faultOf(error: errors.JOSEError): TokenFault {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    // a time that is no number
    return error.reason === 'invalid' ? 'expiry' : (claimFaults[error.claim] ?? 'malformed')
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JWKSNoMatchingKey) return 'key'
  return 'malformed'
}

const claimFaults: Readonly<Record<string, TokenFault>> = {
  iss: 'issuer',
  aud: 'audience',
  exp: 'expiry',
  nbf: 'not yet valid',
  iat: 'too old',
  sub: 'subject',
  typ: 'type',
}

/** What verified claims say of whom they belong to, by the issuer's own paths. */
export function principalOf(claims: JWTPayload, issuer: TrustedIssuer): Principal {
  return vouchFor({
    kind: 'bearer',
    subject: claims.sub ?? '',
    issuer: issuer.issuer,
    roles: issuer.roles ? listOf(claimAt(claims, issuer.roles)) : [],
    // RFC 6749 section 3.3: spaces between, and a comma may be part of a name
    scopes: listOf(issuer.scopes ? claimAt(claims, issuer.scopes) : (claims['scope'] ?? claims['scp']), / +/),
    claims,
    issuedAt: claims.iat ?? null,
    expiresAt: claims.exp ?? 0,
  })
}

/** A list of strings, or one string of words; anything else is nothing. */
function listOf(value: unknown, between = /[ ,]+/): readonly string[] {
  if (typeof value === 'string') return value.split(between).filter(Boolean)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
