/** What workerd makes of keys and tokens that are odd: its WebCrypto throws otherwise than Node's. */

import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { openTestGateway } from '../support/gateway.ts'
import { testAudience } from '../support/issuer.ts'
import { signRaw } from '../support/jws.ts'

const now = 1_800_000_000
const claims = JSON.stringify({ iss: 'https://corp.example.com', aud: testAudience, sub: 'user-0', exp: now + 60 })
const rsa = await generateKeyPair('RS256', { extractable: true })
const ec = await generateKeyPair('ES256', { extractable: true })
const right = await exportJWK(rsa.publicKey)
const curve = await exportJWK(ec.publicKey)
const secret = await exportJWK(rsa.privateKey)
const token = await signRaw('{"alg":"RS256"}', claims, rsa.privateKey)

async function outcome(keys: readonly object[], bearer = token): Promise<string> {
  const gate = openTestGateway(
    {
      issuers: {
        corp: {
          issuer: 'https://corp.example.com',
          audience: testAudience,
          algorithms: ['RS256', 'ES256'],
          jwks: 'https://corp.example.com/keys',
        },
      },
      origins: [
        {
          name: 'api',
          host: 'api.example.com',
          upstream: 'https://x.example.net',
          bearer: ['corp'],
          rules: [{ path: '/*', access: 'signed-in' }],
        },
      ],
    },
    {},
    { now: () => now, fetch: async () => Response.json({ keys }) },
  )
  const { answer } = await gate.ask('GET https://api.example.com/', { authorization: `Bearer ${bearer}` })
  const refusal = gate.entries[0]?.refusal
  return `${answer.status} ${refusal && 'fault' in refusal ? refusal.fault : ''}`
}

const withHeader = (header: string): string =>
  token.replace(/^[^.]+/, btoa(header).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))

describe('on workerd a key set', () => {
  it('with the right key lets the token through', async () => {
    expect(await outcome([right])).toBe('200 ')
  })

  it.each<[string, readonly object[], RegExp]>([
    ['whose RSA key is cut off', [{ ...right, n: right.n?.slice(0, 171) }], /^401 (?:key|signature)$/],
    ['whose RSA key lacks its modulus', [{ kty: 'RSA', e: 'AQAB' }], /^401 key$/],
    ['whose RSA key is nonsense', [{ kty: 'RSA', n: '***', e: 'AQAB' }], /^401 key$/],
    ['whose RSA key is empty', [{ kty: 'RSA', n: '', e: '' }], /^401 key$/],
    ['whose RSA key has an exponent of zero', [{ ...right, e: 'AA' }], /^401 (?:key|signature)$/],
    ['whose RSA key is private', [secret], /^401 key$/],
    ['whose RSA key has numbers for texts', [{ kty: 'RSA', n: 1, e: 2 }], /^401 key$/],
    ['of a curve alone', [curve], /^401 key$/],
    [
      'of odd keys and the right one',
      [{ ...right, n: '***' }, { ...right, n: right.n?.slice(0, 171) }, right],
      /^200 $/,
    ],
  ])('%s', async (_, keys, expected) => {
    expect(await outcome(keys)).toMatch(expected)
  })

  it.each<[string, Partial<JWK>]>([
    ['off the curve', { x: 'A'.repeat(43) }],
    ['too short', { x: 'AAAA' }],
    ['nonsense', { x: '***' }],
    ['absent', { x: undefined as never }],
  ])('whose EC point is %s', async (_, change) => {
    const es = await signRaw('{"alg":"ES256"}', claims, rsa.privateKey)
    expect(await outcome([{ ...curve, ...change }], es)).toMatch(/^401 (?:key|signature)$/)
  })
})

describe('on workerd a token', () => {
  it.each([
    ['of alg none', withHeader('{"alg":"none"}'), '401 algorithm'],
    ['of HS256', withHeader('{"alg":"HS256"}'), '401 algorithm'],
    ['of no header', withHeader('null'), '401 malformed'],
    ['whose header is no JSON', withHeader('{'), '401 malformed'],
    ['with an unknown crit', withHeader('{"alg":"RS256","crit":["x"],"x":1}'), '401 critical header'],
    ['with a signature of one byte', token.replace(/[^.]+$/, 'AA'), '401 signature'],
    ['with no signature', token.replace(/[^.]+$/, ''), '401 signature'],
    ['with a signature of 4 KiB', token.replace(/[^.]+$/, 'A'.repeat(4_096)), '401 signature'],
    ['with a signature that is no base64url', token.replace(/[^.]+$/, 'A'), '401 malformed'],
  ])('%s', async (_, bearer, expected) => {
    expect(await outcome([right], bearer)).toBe(expected)
  })
})
