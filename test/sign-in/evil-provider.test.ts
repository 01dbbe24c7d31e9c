import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createScriptedProvider, type ScriptedProvider } from '../support/scripted-provider.ts'
import { openSignInGateway, type SignInGateway, self } from '../support/sign-in-gateway.ts'

type Trick = (provider: ScriptedProvider) => void | Promise<void>

const claim =
  (change: JWTPayload): Trick =>
  (provider) => {
    provider.idToken = (good) => provider.sign({ ...good, ...change })
  }

const without =
  (name: string): Trick =>
  (provider) => {
    provider.idToken = (good) => provider.sign(Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)))
  }

const at = Math.floor(Date.now() / 1000)

const unsigned = (claims: JWTPayload): string =>
  `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`

/** What a provider does, what the log says of it, and with which fact. */
const tricks: readonly (readonly [name: string, trick: Trick, reason: string, fault?: string])[] = [
  ['another iss', claim({ iss: 'https://evil.example.com' }), 'bad-id-token', 'iss'],
  ['an iss with a slash more', claim({ iss: 'https://id.example.com/' }), 'bad-id-token', 'iss'],
  ['another aud', claim({ aud: 'another' }), 'bad-id-token', 'aud'],
  ['no aud', without('aud'), 'bad-answer'],
  ['several aud and no azp', claim({ aud: ['gateway', 'another'] }), 'bad-id-token'],
  ['several aud and another azp', claim({ aud: ['gateway', 'another'], azp: 'another' }), 'bad-id-token', 'azp'],
  ['one aud and another azp', claim({ azp: 'another' }), 'bad-id-token', 'azp'],
  ['another nonce', claim({ nonce: 'x'.repeat(43) }), 'bad-id-token', 'nonce'],
  ['no nonce', without('nonce'), 'bad-answer'],
  ['another at_hash', claim({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'bad-id-token', 'at_hash'],
  ['an at_hash that is no text', claim({ at_hash: 7 }), 'bad-id-token', 'at_hash'],
  ['an ID token that is over', claim({ exp: at - 60, iat: at - 400 }), 'bad-id-token', 'exp'],
  ['no exp', without('exp'), 'bad-answer'],
  ['no sub', without('sub'), 'bad-answer'],
  ['a sub of another kind', claim({ sub: 7 as unknown as string }), 'bad-answer'],
  ['an ID token of the future', claim({ iat: at + 3600, exp: at + 7200 }), 'bad-id-token'],
  [
    'no signature',
    (provider) => {
      provider.idToken = async (good) => unsigned(good)
    },
    'bad-answer',
  ],
  [
    'a signature by the client secret (HS256)',
    (provider) => {
      provider.idToken = (good) =>
        new SignJWT(good).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('a secret: with+signs'))
    },
    'bad-answer',
  ],
  [
    'another algorithm, and the right key',
    async (provider) => {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
      const jwk = { ...(await exportJWK(publicKey)), kid: 'k2' }
      provider.jwks = () => Response.json({ keys: [jwk] })
      provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'ES256', kid: 'k2' }).sign(privateKey)
    },
    'bad-answer',
  ],
  [
    'a key that it never published',
    async (provider) => {
      const { privateKey } = await generateKeyPair('RS256')
      provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey)
    },
    'bad-id-token',
    'signature',
  ],
  [
    'a key that is not among its keys',
    (provider) => {
      provider.idToken = (good) => provider.sign(good, { kid: 'k9' })
    },
    'bad-id-token',
    'key',
  ],
  [
    'its key inside the token',
    async (provider) => {
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
      const jwk = await exportJWK(publicKey)
      provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'RS256', jwk }).sign(privateKey)
    },
    'bad-id-token',
  ],
  [
    'no ID token',
    (provider) =>
      void Object.assign(provider, { token: (body: object) => Response.json({ ...body, id_token: undefined }) }),
    'bad-answer',
  ],
  [
    'an ID token that is none',
    (provider) => void Object.assign(provider, { idToken: async () => 'nonsense' }),
    'bad-answer',
  ],
  [
    'a token of an unknown kind',
    (provider) =>
      void Object.assign(provider, { token: (body: object) => Response.json({ ...body, token_type: 'mac' }) }),
    'bad-answer',
  ],
  [
    'a code that was used before',
    (provider) =>
      void Object.assign(provider, { token: () => Response.json({ error: 'invalid_grant' }, { status: 400 }) }),
    'code-refused',
  ],
  [
    'a client that it does not know',
    (provider) =>
      void Object.assign(provider, { token: () => Response.json({ error: 'invalid_client' }, { status: 401 }) }),
    'client-refused',
  ],
  [
    'userinfo of somebody else',
    (provider) => void Object.assign(provider, { userinfo: { sub: 'mallory' } }),
    'bad-userinfo',
  ],
  ['userinfo of nobody', (provider) => void Object.assign(provider, { userinfo: {} }), 'bad-answer'],
  [
    'ten megabytes of token answer',
    (provider) =>
      void Object.assign(provider, {
        token: () => new Response('x'.repeat(10_000_000), { headers: { 'content-type': 'application/json' } }),
      }),
    'provider-unavailable',
  ],
  [
    'a token answer that does not come',
    (provider) => void Object.assign(provider, { token: () => new Promise<Response>(() => undefined) }),
    'provider-unavailable',
  ],
  [
    'a token answer that does not end',
    (provider) =>
      void Object.assign(provider, {
        token: () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(9)) })),
      }),
    'provider-unavailable',
  ],
  [
    'a redirect in place of tokens',
    (provider) =>
      void Object.assign(provider, {
        token: () => new Response(null, { status: 307, headers: { location: 'https://evil.example.com/token' } }),
      }),
    'provider-unavailable',
  ],
  [
    'a page in place of tokens',
    (provider) =>
      void Object.assign(provider, {
        token: () => new Response('<p>hello', { headers: { 'content-type': 'text/html' } }),
      }),
    'bad-answer',
  ],
  [
    'a list in place of tokens',
    (provider) => void Object.assign(provider, { token: () => Response.json([]) }),
    'bad-answer',
  ],
  [
    'ten megabytes of keys',
    (provider) => void Object.assign(provider, { jwks: () => new Response('x'.repeat(10_000_000)) }),
    'provider-unavailable',
  ],
  [
    'keys that are elsewhere',
    (provider) =>
      void Object.assign(provider, {
        jwks: () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com/jwks' } }),
      }),
    'provider-unavailable',
  ],
  [
    'keys that do not come',
    (provider) => void Object.assign(provider, { jwks: () => new Promise<Response>(() => undefined) }),
    'provider-unavailable',
  ],
  [
    'no keys',
    (provider) => void Object.assign(provider, { jwks: () => new Response(null, { status: 500 }) }),
    'provider-unavailable',
  ],
]

const answers: readonly (readonly [string, Record<string, string>, string])[] = [
  ['another issuer (RFC 9207)', { iss: 'https://evil.example.com' }, 'wrong-issuer'],
  ['no issuer, from one that promised it', { iss: '' }, 'wrong-issuer'],
  ['no code', { code: '' }, 'bad-answer'],
  ['a state that nobody gave out', { state: 'A'.repeat(43) }, 'no-transaction'],
  ['no state', { state: '' }, 'no-transaction'],
  ['a refusal of consent', { code: '', error: 'access_denied' }, 'denied'],
  ['an error', { code: '', error: 'temporarily_unavailable' }, 'provider-error'],
  ['an error that is markup', { code: '', error: '<script>alert(1)</script>' }, 'provider-error'],
  ['an ID token in the address', { id_token: 'x.y.z' }, 'bad-answer'],
  ['a JWT in place of parameters', { response: 'x.y.z' }, 'bad-answer'],
]

async function expectNobody(gateway: SignInGateway, response: Response, reason: string, fault?: string): Promise<void> {
  const page = await response.text()
  expect(gateway.audit.map((entry) => [entry.outcome, entry.reason])).toEqual([['failed', reason]])
  if (fault !== undefined) expect(gateway.audit[0]?.why).toEqual({ fault: expect.stringMatching(faultNames(fault)) })
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.getSetCookie().filter((cookie) => cookie.startsWith('__Host-sallyport='))).toEqual([])
  expect(gateway.visitor.cookies(self).has('__Host-sallyport')).toBe(false)
  expect(page).toContain(reason)
  expect(page).toContain(gateway.audit[0]?.requestId)
  expect(page).not.toContain('<script>')
  const told = JSON.stringify(gateway.audit)
  for (const secret of ['a-code', 'an-access-token', 'a secret', gateway.provider.nonce].filter(Boolean))
    expect(told).not.toContain(secret)
}

/** Whichever looks first names it: the library by the claim, the reader of tokens by a word. */
const faultNames = (fault: string): RegExp =>
  new RegExp(
    `^(?:${({ iss: 'iss|issuer', aud: 'aud|audience', exp: 'exp|expired' } as Record<string, string>)[fault] ?? fault})$`,
  )

describe('a provider that lies', () => {
  it.each(tricks.map(([name, ...rest]) => ({ name, rest })))('signs nobody in with $name', async ({ rest }) => {
    const [trick, reason, fault] = rest
    const gateway = await openSignInGateway({ environment: { PROVIDER_TIMEOUT_MS: '2000' } })
    await trick(gateway.provider)
    const asked = await gateway.start()
    const response = await gateway.visitor.go(gateway.answer(asked))
    await expectNobody(gateway, response, reason, fault)
  })

  it.each(answers)('signs nobody in by an answer with %s', async (_, change, reason) => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start()
    const response = await gateway.visitor.go(gateway.answer(asked, change))
    await expectNobody(gateway, response, reason)
    expect(gateway.provider.asked.map(({ path }) => path)).not.toContain('/token')
  })

  it.each(['code', 'state', 'iss', 'error', 'anything'])('signs nobody in by an answer with %s twice', async (name) => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start()
    const url = new URL(gateway.answer(asked))
    url.searchParams.append(name, url.searchParams.get(name) ?? 'once')
    url.searchParams.append(name, 'again')
    await expectNobody(gateway, await gateway.visitor.go(url.href), 'malformed')
    expect(gateway.provider.asked.map(({ path }) => path)).not.toContain('/token')
  })

  it('signs nobody in by an answer with everything twice', async () => {
    const gateway = await openSignInGateway()
    const url = gateway.answer(await gateway.start())
    await expectNobody(gateway, await gateway.visitor.go(`${url}&${url.split('?')[1]}`), 'malformed')
  })

  it('signs nobody in by the state of another browser', async () => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start(gateway.stranger())
    await expectNobody(gateway, await gateway.visitor.go(gateway.answer(asked)), 'no-transaction')
  })

  it('signs nobody in a second time by the same answer', async () => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start()
    expect((await gateway.visitor.go(gateway.answer(asked))).status).toBe(303)
    const again = await gateway.visitor.go(gateway.answer(asked))
    expect(again.status).toBe(400)
    expect(gateway.audit.map(({ reason }) => reason)).toEqual([null, 'no-transaction'])
  })

  it('signs nobody in by a cookie that was changed, or sealed for another host', async () => {
    const gateway = await openSignInGateway({ origin: { host: ['app.example.com', 'other.example.com'] } })
    const asked = await gateway.start()
    const jar = gateway.visitor.cookies(self)
    const [[name, value] = ['', '']] = jar
    const other = gateway.stranger()
    other.cookies('https://other.example.com').set(name, value)
    const there = gateway.answer(asked).replace('app.example.com', 'other.example.com')
    expect((await other.go(there)).status).toBe(400)
    jar.set(name, `${value.slice(0, -3)}AAA`)
    expect((await gateway.visitor.go(gateway.answer(asked))).status).toBe(400)
    expect(gateway.audit.map(({ reason }) => reason)).toEqual(['no-transaction', 'no-transaction'])
  })

  it('takes no answer that is no navigation', async () => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start()
    for (const headers of [
      { 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-dest': 'iframe' },
      { accept: 'application/json' },
      { 'sec-purpose': 'prefetch' },
    ]) {
      const response = await gateway.visitor.go(gateway.answer(asked), { headers })
      expect(response.status).toBe(400)
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect((await gateway.visitor.go(gateway.answer(asked))).status).toBe(303)
  })
})

const documents: readonly (readonly [string, Record<string, unknown>])[] = [
  ['names another issuer', { issuer: 'https://evil.example.com' }],
  ['names an issuer with a slash more', { issuer: 'https://id.example.com/' }],
  ['has no token endpoint', { token_endpoint: undefined }],
  ['sends people to an address without TLS', { authorization_endpoint: 'http://id.example.com/authorize' }],
  ['has its keys without TLS', { jwks_uri: 'http://id.example.com/jwks' }],
  ['has an address that is a script', { authorization_endpoint: 'javascript:alert(1)' }],
  ['has an address with a password', { token_endpoint: 'https://u:p@id.example.com/token' }],
  ['has an address that is a number', { userinfo_endpoint: 7 }],
]

describe('a discovery document that lies', () => {
  it.each(documents)('sends nobody anywhere when it %s', async (_, change) => {
    const gateway = await openSignInGateway()
    gateway.provider.discovery = { ...gateway.provider.discovery, ...change }
    const response = await gateway.visitor.go(`${self}/.sallyport/sign-in`)
    await expectNobody(gateway, response, 'provider-unavailable')
    expect(response.headers.get('location')).toBeNull()
  })

  it.each([
    ['redirects', () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com' } })],
    ['is ten megabytes', () => new Response('x'.repeat(10_000_000))],
    ['does not come', () => new Promise<Response>(() => undefined)],
    ['is a page', () => new Response('<p>')],
    ['is not there', () => new Response(null, { status: 404 })],
  ])('sends nobody anywhere when it %s', async (_, discovery) => {
    const gateway = await openSignInGateway({ environment: { PROVIDER_TIMEOUT_MS: '200' } })
    gateway.provider.discovery = discovery
    await expectNobody(gateway, await gateway.visitor.go(`${self}/.sallyport/sign-in`), 'provider-unavailable')
  })
})

describe('a provider that passes on what another one answers (RFC 9700 section 4.4)', () => {
  async function openBoth() {
    const evil = await createScriptedProvider('https://evil.example.com', 'gateway-at-evil')
    const { authorization_response_iss_parameter_supported: _, ...silent } = Object(evil.discovery)
    evil.discovery = silent
    const gateway = await openSignInGateway({
      more: { evil: { issuer: evil.issuer, clientId: 'gateway-at-evil' } },
      beside: [evil],
      origin: { providers: ['corp', 'evil'] },
    })
    const { authorization_response_iss_parameter_supported: __, ...quiet } = Object(gateway.provider.discovery)
    gateway.provider.discovery = quiet
    return { gateway, evil }
  }

  it('gets no code of the other: each provider has an address of its own to come back to', async () => {
    const { gateway, evil } = await openBoth()
    const { visitor, provider, start } = gateway
    const asked = await start(visitor, '/.sallyport/sign-in?provider=evil')
    expect(asked.searchParams.get('redirect_uri')).toBe(`${self}/.sallyport/callback/evil`)
    // evil sends the browser on to the honest one, which knows only the address of its own
    const back = `${self}/.sallyport/callback/corp?code=honest&state=${asked.searchParams.get('state')}`
    const response = await visitor.go(back)
    expect([response.status, gateway.audit.at(-1)]).toEqual([
      400,
      expect.objectContaining({ reason: 'wrong-issuer', provider: 'evil' }),
    ])
    expect([...provider.asked, ...evil.asked].filter(({ path }) => path === '/token')).toEqual([])
    // and the transaction is spent
    expect((await visitor.go(back.replace('/corp', '/evil'))).status).toBe(400)
    expect(gateway.audit.at(-1)?.reason).toBe('no-transaction')
  })

  it('has no address at an origin that does not name it', async () => {
    const { gateway } = await openBoth()
    const { visitor } = gateway
    expect((await visitor.go(`${self}/.sallyport/callback/nobody?code=x&state=y`)).status).toBe(404)
    expect((await visitor.go(`${self}/.sallyport/callback?code=x&state=y`)).status).toBe(404)
  })
})
