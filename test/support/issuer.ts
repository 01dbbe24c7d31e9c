/** An issuer for tests: keys of every kind, tokens good and bad, and the documents it publishes. */

import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

export interface TestIssuer {
  readonly issuer: string
  readonly jwks: { readonly keys: readonly JWK[] }
  /** A token good for five minutes, unless `claims` says otherwise; a claim of `undefined` is left out. */
  token(
    claims?: JWTPayload,
    options?: { readonly algorithm?: Algorithm; readonly header?: Record<string, unknown> },
  ): Promise<string>
}

export const testAudience = 'https://api.example.com'

export async function createTestIssuer(
  issuer = 'https://issuer.example.com',
  now = () => Math.floor(Date.now() / 1000),
): Promise<TestIssuer> {
  const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']
  const pairs = new Map(
    await Promise.all(algorithms.map(async (alg) => [alg, await generateKeyPair(alg, { extractable: true })] as const)),
  )
  const keys = await Promise.all(
    [...pairs].map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid: `kid-${alg}`,
      alg,
      use: 'sig',
    })),
  )
  return {
    issuer,
    jwks: { keys },
    async token(claims = {}, { algorithm = 'RS256', header = {} } = {}) {
      const pair = pairs.get(algorithm)
      if (!pair) throw new Error(`no key for ${algorithm}`)
      const payload = { iss: issuer, aud: testAudience, sub: 'user-0', iat: now(), exp: now() + 300, ...claims }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: algorithm, kid: `kid-${algorithm}`, ...header })
        .sign(pair.privateKey)
    },
  }
}
