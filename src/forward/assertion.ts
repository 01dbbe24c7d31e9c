/** Signs who someone is for an origin that can verify: a short JWT, and the keys to check it with. */

import { type CryptoKey, exportJWK, importJWK, type JWK, SignJWT } from 'jose'
import type { Principal } from '../principal.ts'

export interface AssertionSigner {
  /** A JWT (ES256) about this principal, for this audience; good for at most 300 seconds. */
  sign(principal: Principal, audience: string): Promise<string>
  /** What `/.well-known/sallyport/jwks.json` shows (RFC 7517). */
  readonly publicKeys: Promise<{ readonly keys: readonly JWK[] }>
}

const lifeSeconds = 300
/** An assertion that was signed is used again while it has at least this long to live. */
const spareSeconds = 60

/**
 * @param keys private ES256 keys with `kid`: the first signs, all are published, so that two may live at once
 * @param issuer the `iss` of the assertions
 * @param now seconds since the epoch
 */
export function createAssertionSigner(keys: readonly JWK[], issuer: string, now: () => number): AssertionSigner {
  const signing = importSigning(keys[0])
  const signed = new WeakMap<Principal, Map<string, { readonly jwt: string; readonly until: number }>>()
  return {
    publicKeys: Promise.all(keys.map(publicPart)).then((published) => ({ keys: published })),
    async sign(principal, audience) {
      const mine = signed.get(principal) ?? new Map()
      // before anything is awaited: another request of the same person mustn't start a map of its own
      signed.set(principal, mine)
      const last = mine.get(audience)
      if (last && last.until > now()) return last.jwt
      const issuedAt = Math.floor(now())
      // never past the credential that it speaks of
      const expiresAt = Math.min(issuedAt + lifeSeconds, Math.floor(principal.expiresAt))
      const jwt = await new SignJWT({
        roles: [...principal.roles],
        scope: principal.scopes.join(' '),
        idp: principal.issuer,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', ...(keys[0]?.kid && { kid: keys[0].kid }) })
        .setIssuer(issuer)
        .setSubject(principal.subject)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(await signing)
      mine.set(audience, { jwt, until: expiresAt - spareSeconds })
      return jwt
    },
  }
}

async function importSigning(jwk: JWK | undefined): Promise<CryptoKey> {
  if (!jwk) throw new TypeError('ASSERTION_KEY holds no key')
  const key = await importJWK(jwk, 'ES256')
  if (key instanceof Uint8Array) throw new TypeError('ASSERTION_KEY is no private key')
  return key
}

async function publicPart(jwk: JWK): Promise<JWK> {
  const { d: _, ...rest } = jwk
  const key = await importJWK({ ...rest, key_ops: ['verify'] }, 'ES256', { extractable: true })
  return { ...(await exportJWK(key)), ...(jwk.kid && { kid: jwk.kid }), alg: 'ES256', use: 'sig' }
}
