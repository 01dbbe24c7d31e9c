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
  const signing = Promise.all(keys.map(importSigning)).then(([first]) => {
    if (!first) throw new TypeError('ASSERTION_KEY holds no key')
    return first
  })
  const publicKeys = signing.then(async () => ({ keys: await Promise.all(keys.map(publicPart)) }))
  // whoever signs, or asks for the keys, is told; before that it isn't an unhandled rejection, which ends a process
  publicKeys.catch(() => undefined)
  const signed = new WeakMap<Principal, Map<string, { readonly jwt: string; readonly until: number }>>()
  return {
    publicKeys,
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

/** A key whose private part doesn't belong to its public one signs what no origin could verify. */
async function importSigning(jwk: JWK): Promise<CryptoKey> {
  const proof = new Uint8Array(32)
  try {
    const { d: _, ...rest } = jwk
    const [own, shown] = await Promise.all([
      importJWK({ ...jwk, key_ops: ['sign'] }, 'ES256'),
      importJWK({ ...rest, key_ops: ['verify'] }, 'ES256'),
    ])
    if (!(own instanceof Uint8Array) && !(shown instanceof Uint8Array)) {
      const signature = await crypto.subtle.sign(es256, own, proof)
      if (await crypto.subtle.verify(es256, shown, signature, proof)) return own
    }
  } catch {
    // told below, without what the runtime says of the key
  }
  throw new TypeError(
    `ASSERTION_KEY: "d" of the key "${jwk.kid}" doesn't belong to its "x" and "y"; make one with: npx sallyport secret --assertion-key`,
  )
}

const es256 = { name: 'ECDSA', hash: 'SHA-256' }

async function publicPart(jwk: JWK): Promise<JWK> {
  const { d: _, ...rest } = jwk
  const key = await importJWK({ ...rest, key_ops: ['verify'] }, 'ES256', { extractable: true })
  return { ...(await exportJWK(key)), ...(jwk.kid && { kid: jwk.kid }), alg: 'ES256', use: 'sig' }
}
