import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { LogEntry } from '../../src/log-entry.ts'
import { headerOf, openTestGateway, type TestGateway } from '../support/gateway.ts'
import { createTestIssuer, type TestIssuer, testAudience } from '../support/issuer.ts'
import { signRaw } from '../support/jws.ts'

const now = 1_800_000_000
const secret = 'a-secret-of-at-least-thirty-two-bytes'
const url = 'GET https://api.example.com/orders'

let corp: TestIssuer
let partner: TestIssuer
let stranger: TestIssuer
let rsa: { publicKey: CryptoKey; privateKey: CryptoKey }
let gate: TestGateway

const rule = { path: '/*', access: 'signed-in' }
const api = {
  name: 'api',
  host: 'api.example.com',
  upstream: 'https://api-legacy.example.net',
  bearer: ['corp', 'partner', 'internal', 'strict'],
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles', 'X-Remote-Scopes': 'scopes' } },
}

beforeAll(async () => {
  const clock = () => now
  corp = await createTestIssuer('https://corp.example.com', clock)
  partner = await createTestIssuer('https://partner.example.com', clock)
  stranger = await createTestIssuer('https://corp.example.com', clock)
  rsa = await generateKeyPair('RS256', { extractable: true })
  const own = { ...(await exportJWK(rsa.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
  gate = openTestGateway(
    {
      issuers: {
        corp: {
          issuer: corp.issuer,
          audience: testAudience,
          algorithms: ['RS256', 'ES256'],
          jwks: { keys: [...corp.jwks.keys, own] },
          roles: 'realm_access.roles',
        },
        partner: { issuer: partner.issuer, audience: 'partner-api', algorithms: ['ES256'], jwks: partner.jwks },
        internal: {
          issuer: 'https://internal.example.com',
          audience: testAudience,
          algorithms: ['HS256'],
          secret: { env: 'INTERNAL_SECRET' },
        },
        strict: {
          issuer: 'https://strict.example.com',
          audience: testAudience,
          algorithms: ['RS256'],
          jwks: { keys: [own] },
          type: 'at+jwt',
          maxAgeSeconds: 60,
          clockToleranceSeconds: 0,
        },
      },
      origins: [
        {
          ...api,
          rules: [{ path: '/pass/*', access: 'optional', pass: { authorization: true } }, rule],
        },
      ],
    },
    { INTERNAL_SECRET: secret },
    { now: clock },
  )
})

/** Signs with the RSA key that corp publishes as `own`. */
const own = (claims: string, header: object = {}): Promise<string> =>
  signRaw(JSON.stringify({ alg: 'RS256', kid: 'own', ...header }), claims, rsa.privateKey)
const good = { iss: 'https://corp.example.com', aud: testAudience, sub: 'user-0', iat: now, exp: now + 300 }
const withClaims = (claims: object): Promise<string> => own(JSON.stringify({ ...good, ...claims }))
const strict = (claims: object, header: object = { typ: 'at+jwt' }): Promise<string> =>
  own(JSON.stringify({ ...good, iss: 'https://strict.example.com', ...claims }), header)
/** The claims as text, so that they can be such as no JSON.stringify writes. */
const withText = (name: string, text: string): Promise<string> =>
  own(JSON.stringify({ ...good, [name]: '?' }).replace('"?"', text))

async function reasonFor(authorization: string, at = url): Promise<string> {
  const { answer, forwarded } = await gate.ask(at, { authorization })
  const entry = gate.entries.at(-1)
  if (forwarded) return `200 ${entry?.subject}`
  return `${answer.status} ${describeRefusal(entry)}`
}

function describeRefusal(entry: LogEntry | undefined): string {
  const refusal = entry?.refusal
  if (!refusal) return 'not refused'
  if (refusal.reason === 'bad-token') return refusal.fault
  return 'what' in refusal ? `${refusal.reason} ${refusal.what}` : refusal.reason
}

describe('a good token', () => {
  it.each([
    ['of RS256', () => corp.token()],
    ['of ES256', () => corp.token({}, { algorithm: 'ES256' })],
    ['of the other issuer of the origin', () => partner.token({ aud: 'partner-api' }, { algorithm: 'ES256' })],
    ['whose audience is a list', () => corp.token({ aud: ['https://other.example.com', testAudience] })],
    ['from an issuer with a clock 5 s ahead', () => corp.token({ iat: now + 5, nbf: now + 5 })],
    ['in its last second', () => corp.token({ exp: now + 1 })],
    ['with nothing but what is needed', () => withClaims({ iat: undefined })],
    ['whose type is written as a media type', () => strict({}, { typ: 'application/at+JWT' })],
    ['just as old as its issuer allows', () => strict({ iat: now - 60 })],
  ])('%s passes', async (_, token) => {
    expect(await reasonFor(`Bearer ${await token()}`)).toBe('200 user-0')
  })

  it('of HS256 passes where the issuer has a shared secret', async () => {
    const token = await new SignJWT({ ...good, iss: 'https://internal.example.com' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret))
    expect(await reasonFor(`Bearer ${token}`)).toBe('200 user-0')
  })

  it.each([
    ['a list', { realm_access: { roles: ['admin', 'ops, all', 7] } }, 'admin,ops%2C all'],
    ['words between spaces', { realm_access: { roles: 'admin ops' } }, 'admin,ops'],
    ['words between commas', { realm_access: { roles: 'admin, ops,' } }, 'admin,ops'],
    ['a number', { realm_access: { roles: 7 } }, ''],
    ['an object', { realm_access: { roles: { admin: true } } }, ''],
    ['in no such place', { realm_access: 'admin', roles: ['admin'] }, ''],
    ['on a prototype', JSON.parse('{"__proto__":{"realm_access":{"roles":["admin"]}}}') as object, ''],
  ])('has its roles in %s', async (_, claims, roles) => {
    const { sent } = await gate.ask(url, { authorization: `Bearer ${await withClaims(claims)}` })
    expect(sent.get('x-remote-user')).toBe('user-0')
    expect(sent.get('x-remote-roles') ?? '').toBe(roles)
  })

  it.each([
    ['scope', { scope: 'read write' }, 'read,write'],
    ['scp, a list', { scp: ['read', 'write'] }, 'read,write'],
    ['scope before scp', { scope: 'read', scp: 'write' }, 'read'],
    ['a scope with a comma, which is one scope', { scope: 'read,admin' }, 'read%2Cadmin'],
  ])('has its scopes in %s', async (_, claims, scopes) => {
    const { sent } = await gate.ask(url, { authorization: `Bearer ${await withClaims(claims)}` })
    expect(sent.get('x-remote-scopes')).toBe(scopes)
  })
})

describe('what a token says', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['of another issuer', () => withClaims({ iss: 'https://evil.example.com' }), 'issuer'],
    ['of no issuer', () => withClaims({ iss: undefined }), 'issuer'],
    ['of a list of issuers', () => withClaims({ iss: ['https://corp.example.com'] }), 'issuer'],
    ['of the issuer with a slash', () => withClaims({ iss: 'https://corp.example.com/' }), 'issuer'],
    ['of the issuer in another case', () => withClaims({ iss: 'https://CORP.example.com' }), 'issuer'],
    ['for another audience', () => withClaims({ aud: 'https://other.example.com' }), 'audience'],
    ['for an audience that ours begins with', () => withClaims({ aud: 'https://api.example.co' }), 'audience'],
    ['for an audience that begins with ours', () => withClaims({ aud: `${testAudience}.evil.test` }), 'audience'],
    ['for the audience of another issuer', () => withClaims({ aud: 'partner-api' }), 'audience'],
    ['for nobody', () => withClaims({ aud: undefined }), 'audience'],
    ['for an empty list', () => withClaims({ aud: [] }), 'audience'],
    ['for a list in a list', () => withClaims({ aud: [[testAudience]] }), 'audience'],
    ['for an object', () => withClaims({ aud: { [testAudience]: true } }), 'audience'],
    ['that has just expired', () => withClaims({ exp: now }), 'expired'],
    ['expired by one second', () => withClaims({ exp: now - 1 }), 'expired'],
    ['expired within the clock tolerance', () => withClaims({ exp: now - 4 }), 'expired'],
    ['expired long ago', () => withClaims({ exp: now - 4_000 }), 'expired'],
    ['without exp', () => withClaims({ exp: undefined }), 'expiry'],
    ['with exp as text', () => withClaims({ exp: '9999999999' }), 'expiry'],
    ['with exp null', () => withClaims({ exp: null }), 'expiry'],
    ['with exp true', () => withClaims({ exp: true }), 'expiry'],
    ['with exp in a list', () => withClaims({ exp: [now + 300] }), 'expiry'],
    ['with exp 1e300', () => withText('exp', '1e300'), 'expiry'],
    ['with exp 1e999, which is Infinity', () => withText('exp', '1e999'), 'expiry'],
    ['with exp in milliseconds', () => withClaims({ exp: (now + 300) * 1000 }), 'expiry'],
    ['with exp NaN', () => withText('exp', 'NaN'), 'malformed'],
    ['with exp -1', () => withClaims({ exp: -1 }), 'expired'],
    ['with exp 0', () => withClaims({ exp: 0 }), 'expired'],
    ['bound to a key, and no proof is asked for', () => withClaims({ cnf: { jkt: 'x' } }), 'bound to a key'],
    ['bound to nothing that is known', () => withClaims({ cnf: null }), 'bound to a key'],
    ['with nbf past the tolerance', () => withClaims({ nbf: now + 6 }), 'not yet valid'],
    ['with nbf as text', () => withClaims({ nbf: '0' }), 'expiry'],
    ['with nbf -1', () => withClaims({ nbf: -1 }), 'expiry'],
    ['with iat past the tolerance', () => withClaims({ iat: now + 6 }), 'not yet valid'],
    ['with iat as text', () => withClaims({ iat: '0' }), 'expiry'],
    ['with iat 1e300', () => withText('iat', '1e300'), 'expiry'],
    ['without sub', () => withClaims({ sub: undefined }), 'subject'],
    ['with an empty sub', () => withClaims({ sub: '' }), 'subject'],
    ['with sub a number', () => withClaims({ sub: 7 }), 'subject'],
    ['with sub a list', () => withClaims({ sub: ['user-0'] }), 'subject'],
    ['with a sub of 1,025 characters', () => withClaims({ sub: 'x'.repeat(1_025) }), 'subject'],
    ['older than its issuer allows', () => strict({ iat: now - 61 }), 'too old'],
    ['without iat where an age is asked for', () => strict({ iat: undefined }), 'too old'],
    ['without typ where one is asked for', () => strict({}, {}), 'type'],
    ['of another typ', () => strict({}, { typ: 'JWT' }), 'type'],
    ['of a typ that is a number', () => strict({}, { typ: 1 }), 'type'],
    ['with nbf a second ahead where nothing is tolerated', () => strict({ nbf: now + 1 }), 'not yet valid'],
    [
      'whose last iss is a stranger',
      () =>
        own(
          JSON.stringify(good)
            .replace('{', '{"iss":"https://corp.example.com",')
            .replace(/"iss":"https:\/\/corp\.example\.com","aud"/, '"iss":"https://evil.example.com","aud"'),
        ),
      'issuer',
    ],
    ['whose last exp is over', () => own(JSON.stringify(good).replace(/}$/, `,"exp":${now - 1}}`)), 'expired'],
    ['that is a list', () => own(JSON.stringify([good])), 'malformed'],
    ['that is text', () => own('"claims"'), 'malformed'],
    ['that is null', () => own('null'), 'malformed'],
    ['that is no JSON', () => own('claims'), 'malformed'],
    ['that is empty', () => own(''), 'malformed'],
    ['nested 2,900 deep and nothing else', () => own('['.repeat(2_900) + ']'.repeat(2_900)), 'malformed'],
  ])('%s is refused', async (_, token, fault) => {
    expect(await reasonFor(`Bearer ${await token()}`)).toBe(`401 ${fault}`)
  })

  it('may nest as deep as 8 KiB go: no stack overflows', async () => {
    const deep = '['.repeat(2_800) + ']'.repeat(2_800)
    expect(await reasonFor(`Bearer ${await withText('deep', deep)}`)).toBe('200 user-0')
  })
})

describe('how a token is signed', () => {
  const claims = JSON.stringify(good)
  const hmac = async (key: Uint8Array): Promise<string> => signRaw('{"alg":"HS256","kid":"own"}', claims, key)
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const unsigned = (header: object): string =>
    `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(claims).toString('base64url')}.`

  it.each<[string, () => Promise<string> | string, string]>([
    ['by a stranger who uses our name and key id', () => stranger.token(), 'signature'],
    [
      'by another issuer of the same origin',
      () => partner.token({ iss: 'https://corp.example.com' }, { algorithm: 'ES256' }),
      'signature',
    ],
    ['with alg none', () => unsigned({ alg: 'none' }), 'algorithm'],
    ['with alg None', () => unsigned({ alg: 'None' }), 'algorithm'],
    [
      'with alg none and a signature',
      async () => (await own(claims)).replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url')),
      'algorithm',
    ],
    ['with an empty signature', () => unsigned({ alg: 'RS256', kid: 'own' }), 'signature'],
    ['without alg', () => unsigned({ kid: 'own' }), 'malformed'],
    ['with alg a list', () => unsigned({ alg: ['RS256'] }), 'malformed'],
    ['with an alg of its key that the issuer has not got', () => corp.token({}, { algorithm: 'PS256' }), 'algorithm'],
    [
      'with alg of another kind than its key',
      () =>
        signRaw('{"alg":"ES256","kid":"own"}', claims, rsa.privateKey).catch(() =>
          unsigned({ alg: 'ES256', kid: 'own' }),
        ),
      'key',
    ],
    ['HS256 with the public key as PEM', async () => hmac(bytes(await exportSPKI(rsa.publicKey))), 'algorithm'],
    [
      'HS256 with the public key as PEM without its last newline',
      async () => hmac(bytes((await exportSPKI(rsa.publicKey)).trim())),
      'algorithm',
    ],
    [
      'HS256 with the public key as DER',
      async () => hmac(new Uint8Array(await crypto.subtle.exportKey('spki', rsa.publicKey))),
      'algorithm',
    ],
    [
      'HS256 with the public key as JWK',
      async () => hmac(bytes(JSON.stringify(await exportJWK(rsa.publicKey)))),
      'algorithm',
    ],
    ['HS256 with the modulus', async () => hmac(bytes((await exportJWK(rsa.publicKey)).n ?? '')), 'algorithm'],
    [
      'RS256 in the name of the issuer with a secret',
      () => own(JSON.stringify({ ...good, iss: 'https://internal.example.com' })),
      'algorithm',
    ],
    [
      'HS256 with another secret',
      () =>
        signRaw(
          '{"alg":"HS256"}',
          JSON.stringify({ ...good, iss: 'https://internal.example.com' }),
          bytes('another-secret-of-thirty-two-bytes'),
        ),
      'signature',
    ],
    [
      'and changed afterwards',
      async () =>
        (await own(claims)).replace(
          /\.[^.]+\./,
          `.${Buffer.from(claims.replace('user-0', 'admin')).toString('base64url')}.`,
        ),
      'signature',
    ],
  ])('%s: refused', async (_, token, fault) => {
    expect(await reasonFor(`Bearer ${await token()}`)).toBe(`401 ${fault}`)
  })

  it.each<[string, object, string]>([
    ['a kid that is unknown', { kid: 'elsewhere' }, '401 key'],
    ['a kid that climbs', { kid: '../../own' }, '401 key'],
    ['a kid __proto__', { kid: '__proto__' }, '401 key'],
    ['an empty kid', { kid: '' }, '401 key'],
    ['a kid that is a number', { kid: 0 }, '401 key'],
    ['a kid that is null', { kid: null }, '401 key'],
    ['a kid of SQL', { kid: "x' UNION SELECT 'own" }, '401 key'],
    ['an unknown crit', { crit: ['exp'], exp: 1 }, '401 critical header'],
    ['a crit of __proto__', { crit: ['__proto__'] }, '401 critical header'],
    ['an empty crit', { crit: [] }, '401 malformed'],
    ['a crit that is text', { crit: 'exp' }, '401 malformed'],
    ['an unencoded payload', { crit: ['b64'], b64: false }, '401 malformed'],
    ['a jku, which is not looked at', { jku: 'https://evil.example.com/jwks' }, '200 user-0'],
    ['an x5u, which is not looked at', { x5u: 'https://evil.example.com/x5u' }, '200 user-0'],
  ])('with %s: %s → %s', async (_, header, outcome) => {
    expect(await reasonFor(`Bearer ${await own(claims, header)}`)).toBe(outcome)
  })

  it.each(['own', undefined])('a key that the token brings along (kid %s) is nobody', async (kid) => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(pair.publicKey)
    const token = await signRaw(JSON.stringify({ alg: 'RS256', kid, jwk }), claims, pair.privateKey)
    expect(await reasonFor(`Bearer ${token}`)).toBe('401 signature')
  })
})

describe('how a token is sent', () => {
  it.each<[string, (token: string) => string, string]>([
    ['with a small b', (token) => `bearer ${token}`, '401 scheme'],
    ['in capitals', (token) => `BEARER ${token}`, '401 scheme'],
    ['with two spaces', (token) => `Bearer  ${token}`, '401 malformed'],
    ['with a tab', (token) => `Bearer\t${token}`, '401 scheme'],
    ['with a no-break space', (token) => `Bearer\u00a0${token}`, '401 scheme'],
    ['with a no-break space behind', (token) => `Bearer ${token}\u00a0`, '401 malformed'],
    ['with spaces behind, which the header drops', (token) => `Bearer ${token}  `, '200 user-0'],
    ['without a scheme', (token) => token, '401 scheme'],
    ['with nothing behind the scheme', () => 'Bearer', '401 scheme'],
    ['twice in one header', (token) => `Bearer ${token} ${token}`, '401 malformed'],
    ['twice, as two headers', (token) => `Bearer ${token}, Bearer ${token}`, '400 malformed authorization'],
    ['with a comma', (token) => `Bearer ${token},`, '400 malformed authorization'],
    ['behind another scheme', (token) => `Basic YTpi, Bearer ${token}`, '400 malformed authorization'],
    ['as Basic', () => 'Basic YTpi', '401 scheme'],
    ['empty', () => '', '401 scheme'],
    ['as five parts, encrypted', (token) => `Bearer ${token}.a.b`, '401 malformed'],
    ['as two parts', (token) => `Bearer ${token.split('.').slice(0, 2).join('.')}`, '401 malformed'],
    ['as four parts', (token) => `Bearer ${token}.a`, '401 malformed'],
    ['as one part', () => 'Bearer abc', '401 malformed'],
    ['as dots', () => 'Bearer ..', '401 malformed'],
    ['with padding', (token) => `Bearer ${token}==`, '401 malformed'],
    ['in quotes', (token) => `Bearer "${token}"`, '401 malformed'],
    ['of 8 KiB and a byte', () => `Bearer ${'a'.repeat(8_193)}`, '431 too-large authorization'],
    ['of 8 KiB of nothing', () => `Bearer ${'a'.repeat(8_192)}`, '401 malformed'],
    ['of 100 KiB', () => `Bearer ${'a.'.repeat(51_200)}`, '431 too-large authorization'],
  ])('%s', async (_, authorization, outcome) => {
    expect(await reasonFor(authorization(await corp.token()))).toBe(outcome)
  })

  it('Basic is for the upstream where the rule passes it on', async () => {
    const { sent, forwarded } = await gate.ask(url.replace('/orders', '/pass/x'), { authorization: 'Basic YTpi' })
    expect([forwarded, sent.get('authorization'), sent.has('x-remote-user')]).toEqual([true, 'Basic YTpi', false])
  })

  it.each([
    ['a bad Bearer token', 'Bearer nonsense', '401 malformed'],
    ['bearer in another case', 'bearer nonsense', '401 scheme'],
    ['Basic with a Bearer token behind it', 'Basic YTpi, Bearer nonsense', '400 malformed authorization'],
    ['Basic with a bearer token in small letters', 'Basic YTpi,bearer nonsense', '400 malformed authorization'],
  ])('%s counts for what it is even there', async (_, authorization, outcome) => {
    expect(await reasonFor(authorization, url.replace('/orders', '/pass/x'))).toBe(outcome)
  })

  it('says what it wants, and nothing of what it got', async () => {
    const { answer } = await gate.ask(url, { authorization: `Bearer ${await withClaims({ exp: now - 1 })}` })
    expect(headerOf(answer, 'www-authenticate')).toMatch(
      /^Bearer realm="api", error="invalid_token", resource_metadata="[^"]+"$/,
    )
    expect(headerOf(answer, 'x-sallyport')).toBe('refused')
    expect(headerOf(answer, 'content-type')).toBe('application/problem+json')
    expect(answer.body).not.toMatch(/expired by|user-0|corp/)
  })
})

describe('the keys of an issuer', () => {
  const openWith = (
    jwks: object | string,
    fetch: () => Promise<Response> = () => Promise.reject(new TypeError('no network')),
  ): TestGateway =>
    openTestGateway(
      {
        issuers: { corp: { issuer: good.iss, audience: testAudience, algorithms: ['RS256'], jwks } },
        origins: [{ ...api, bearer: ['corp'], rules: [rule] }],
      },
      {},
      { now: () => now, fetch },
    )
  const open = (keys: readonly object[]): TestGateway => openWith({ keys })
  const ask = async (gateway: TestGateway, token: string): Promise<string> => {
    const { answer } = await gateway.ask(url, { authorization: `Bearer ${token}` })
    return `${answer.status} ${describeRefusal(gateway.entries.at(-1))}`
  }
  const anonymous = () => signRaw('{"alg":"RS256"}', JSON.stringify(good), rsa.privateKey)

  it('may be several without a kid: the right one is found, wherever it stands', async () => {
    const other = await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey)
    const right = await exportJWK(rsa.publicKey)
    expect(await ask(open([other, other, right]), await anonymous())).toBe('200 not refused')
    expect(await ask(open([other, other]), await anonymous())).toBe('401 signature')
    expect(
      await ask(
        open([other, right]),
        await signRaw('{"alg":"RS256"}', JSON.stringify({ ...good, exp: now }), rsa.privateKey),
      ),
    ).toBe('401 expired')
  })

  it('count four at most: no stranger has a hundred tried', async () => {
    const other = await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey)
    const right = await exportJWK(rsa.publicKey)
    expect(await ask(open([other, other, other, right]), await anonymous())).toBe('200 not refused')
    expect(await ask(open([other, other, other, other, right]), await anonymous())).toBe('401 signature')
  })

  it('are refused where RSA is shorter than 2048 bits, alone or among others', async () => {
    const weak = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    )
    const published = await exportJWK(weak.publicKey)
    const token = await signRaw('{"alg":"RS256"}', JSON.stringify(good), weak.privateKey)
    expect(await ask(open([published]), token)).toBe('401 key')
    expect(await ask(open([published, await exportJWK(rsa.publicKey)]), token)).toBe('401 signature')
    expect(await ask(open([published, await exportJWK(rsa.publicKey)]), await anonymous())).toBe('200 not refused')
  })

  it.each([
    ['lacks its modulus', { kty: 'RSA', e: 'AQAB' }],
    ['has nonsense for a modulus', { kty: 'RSA', n: '***', e: 'AQAB' }],
    ['has an empty modulus', { kty: 'RSA', n: '', e: 'AQAB' }],
    ['is for encryption', { use: 'enc' }],
    ['may only sign', { key_ops: ['sign'] }],
    ['is for another algorithm', { alg: 'RS512' }],
  ])('that %s verify nothing, and break nothing', async (_, change) => {
    const right = await exportJWK(rsa.publicKey)
    const keys = 'kty' in change ? [change] : [{ ...right, ...change }]
    expect(await ask(open(keys), await anonymous())).toBe('401 key')
  })

  it('private ones that an issuer publishes are no keys to verify with', async () => {
    const asked = vi.fn(async () => Response.json({ keys: [await exportJWK(rsa.privateKey)] }))
    expect(await ask(openWith('https://keys.example.com/', asked), await anonymous())).toBe('401 key')
    expect(asked).toHaveBeenCalled()
    expect(await importJWK(await exportJWK(rsa.privateKey), 'RS256')).toMatchObject({ type: 'private' })
  })
})
