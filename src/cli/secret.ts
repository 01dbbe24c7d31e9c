/** `sallyport secret`: a fresh key, printed once and kept nowhere. */

import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { Verb } from './verb.ts'

export const secret: Verb = {
  name: 'secret',
  summary: 'print a fresh key',
  help: `Usage: npx sallyport secret [--assertion-key]

Prints 256 random bits in base64url: for SEALING_KEY, ADMIN_SECRET, VOUCH_SECRET, CHECK_SECRET, CSRF_KEY, PLACE_KEY, or
the shared secret of an HS256 issuer. Nothing is kept; hand it on
with: npx sallyport secret | npx wrangler secret put SEALING_KEY --env production

  --assertion-key   print a private ES256 key as a JWK instead, for ASSERTION_KEY. To rotate, write a list
                    of two: [new, old]; the first signs, both are published`,
  options: { 'assertion-key': { type: 'boolean' } },
  positionals: [],
  async run(given, io) {
    const json = given.flag('json')
    if (given.flag('assertion-key')) {
      const jwk = await makeAssertionKey()
      io.out(json ? JSON.stringify({ assertionKey: jwk }) : JSON.stringify(jwk))
      return 0
    }
    const key = base64url.encode(crypto.getRandomValues(new Uint8Array(32)))
    io.out(json ? JSON.stringify({ secret: key }) : key)
    return 0
  },
}

/** A private ES256 JWK (RFC 7517); its `kid` is its thumbprint (RFC 7638). */
async function makeAssertionKey() {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }
}
