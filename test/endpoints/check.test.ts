import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Facts } from '../../src/endpoints/facts.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { check, checkSecret as secret } from '../support/check.ts'
import { openTestGateway } from '../support/gateway.ts'
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { openRealSignIn } from '../support/real-sign-in.ts'
import { originOf } from '../support/routes.ts'
import { laySession } from '../support/sessions.ts'

describe('a preflight that goes to the upstream when the gateway forwards', () => {
  const opened = openTestGateway(
    {
      issuers: {
        corp: {
          issuer: 'https://id.example.com',
          audience: 'app',
          algorithms: ['RS256'],
          jwks: 'https://id.example.com/keys',
        },
      },
      origins: [
        {
          name: 'app',
          host: 'app.example.com',
          upstream: 'https://app.example.net',
          bearer: ['corp'],
          cors: 'upstream',
          rules: [{ path: '/*', access: 'signed-in' }],
        },
      ],
    },
    { CHECK_SECRET: secret },
  )
  it.each([
    ['a preflight', { 'x-forwarded-method': 'OPTIONS', 'access-control-request-method': 'POST' }, 403],
    ['what only looks like one', { 'x-forwarded-method': 'POST', 'access-control-request-method': 'POST' }, 401],
  ])('is not for a proxy to send on with all that came: %s', async (_, more, status) => {
    const answer = await check(opened, '/orders', { origin: 'https://console.example.com', ...more })
    expect(answer.status).toBe(status)
  })
})

describe('a header that names another path or method than the one that is asked about', () => {
  const opened = openTestGateway(
    { origins: [originOf([{ path: '/*', access: 'public' }], { session: false })] },
    { CHECK_SECRET: secret },
  )

  it.each([
    ['destination', '/admin/x', 403],
    ['x-http-method-override', 'DELETE', 403],
    ['X_HTTP_Method', 'DELETE', 403],
    ['x-method-override', 'DELETE', 403],
    ['x-destination', '/admin/x', 200],
  ])('is not for a proxy to send on: %s', async (name, value, status) => {
    expect((await check(opened, '/public', { 'x-forwarded-method': 'COPY', [name]: value })).status).toBe(status)
  })
})

describe('Authorization, as the upstream would get it', () => {
  let provider: IdentityProvider
  beforeAll(async () => {
    provider = await startIdentityProvider()
  })
  afterAll(() => provider.stop())
  const basic = 'Basic Y2xpZW50OnNlbnQ='

  const open = () =>
    openRealSignIn(provider, {
      environment: { CHECK_SECRET: secret },
      configuration: {
        ttl: { AccessToken: 300, Grant: 3_600, IdToken: 3_600, Session: 3_600, Interaction: 600 },
      },
      origin: {
        rules: [
          { path: '/api/*', access: 'signed-in', accessToken: true },
          { path: '/maybe/*', access: 'optional', accessToken: true },
          { path: '/both/*', access: 'optional', accessToken: true, pass: { authorization: true } },
          { path: '/basic/*', access: 'signed-in', pass: { authorization: true } },
          { path: '/public/*', access: 'public' },
          { path: '/*', access: 'signed-in' },
        ],
      },
    })

  it('is what the gateway itself would send, rule by rule', async () => {
    const { gateway, signIn } = await open()
    const cookie = await signIn()
    const mine = (await gateway.ask('GET https://app.example.com/api/x', { cookie })).sent.get('authorization')
    expect(mine).toMatch(/^Bearer [\w-]{40,}$/)
    const rows: [string, Record<string, string>, number, string | null | undefined][] = [
      ['/api/x', { cookie }, 200, mine],
      ['/api/x', { cookie, authorization: basic }, 200, mine],
      ['/maybe/x', { cookie }, 200, mine],
      ['/both/x', { cookie, authorization: basic }, 200, mine],
      ['/both/x', { authorization: basic }, 200, basic],
      ['/maybe/x', { authorization: basic }, 200, null],
      ['/basic/x', { cookie, authorization: basic }, 200, basic],
      ['/basic/x', { cookie, authorization: 'NTLM TlRMTVNTUAAB' }, 200, null],
      ['/page', { cookie, authorization: basic }, 200, null],
      ['/public/x', { cookie, authorization: basic }, 200, null],
      ['/api/x', { authorization: basic }, 401, null],
      ['/api/x', { cookie, 'x-sallyport-secret': `${secret}x` }, 404, null],
    ]
    for (const [path, headers, status, authorization] of rows) {
      const answer = await check(gateway, path, headers)
      expect([path, headers, answer.status, answer.headers.get('authorization')]).toEqual([
        path,
        headers,
        status,
        authorization,
      ])
      if (status !== 200) continue
      const { sent } = await gateway.ask(`GET https://app.example.com${path}`, headers)
      expect(sent.get('authorization') ?? null).toBe(authorization)
    }
    expect(gateway.lines.join('')).not.toContain(mine?.slice(7))
  })

  it('is missing with 401 where the session has no token, with 503 where there is none that is good just now', async () => {
    const real = await open()
    const cookie = await real.signIn()
    const { cookie: other } = await laySession(
      real.store,
      { subject: 'ann', ttlSeconds: 3_600, origins: ['app'] },
      real.now(),
    )
    const without = await check(real.gateway, '/api/x', { cookie: `__Host-sallyport=${other}` })
    expect([without.status, without.headers.get('authorization')]).toEqual([401, null])
    const { read } = real.store
    real.store.read = async (keys) =>
      keys.some(({ name }) => name.startsWith('tokens:')) ? Promise.reject(new TypeError('down')) : read(keys)
    const unknown = await check(real.gateway, '/api/x', { cookie })
    expect([unknown.status, unknown.headers.get('authorization')]).toEqual([503, null])
    expect(real.gateway.entries.at(-1)?.refusal).toEqual({ reason: 'token-unavailable', cause: 'TypeError' })
  })
})

it('leaves what it began to the platform, which ends it with the answer otherwise: a session stays awake', async () => {
  let now = 1_800_000_000
  const store = createMemoryStore(() => now)
  const opened = openTestGateway(
    { origins: [originOf([{ path: '/*', access: 'signed-in' }])] },
    { SESSION_STORE: 'memory', CHECK_SECRET: secret },
    { store, now: () => now },
  )
  const { cookie, key } = await laySession(store, { subject: 'ann', ttlSeconds: 3_600 }, now)
  now += 120
  const left: Promise<unknown>[] = []
  const facts: Facts = { clientAddress: null, waitUntil: (work) => void left.push(work) }
  expect((await check(opened, '/', { cookie: `__Host-sallyport=${cookie}` }, facts)).status).toBe(200)
  expect(left.length).toBeGreaterThan(0)
  await Promise.all(left)
  const [text] = await store.read([key])
  expect(JSON.parse(text ?? '')).toMatchObject({ lastSeenAt: now })
})
