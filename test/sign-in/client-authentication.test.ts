import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { clientSecret, type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { openRealSignIn } from '../support/real-sign-in.ts'
import { codeRequest, self } from '../support/sign-in-gateway.ts'

let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const kid = 'of-the-gateway'
const clientKey = JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: 'ES256' })
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] }
const assertion = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }

interface Way {
  /** What the provider expects, and takes nothing else. */
  readonly client: Record<string, unknown>
  readonly config: Record<string, unknown>
  /** What of it stands in a form. */
  readonly shown: Record<string, unknown>
  readonly hidden: readonly string[]
}

const ways: Readonly<Record<string, Way>> = {
  client_secret_basic: {
    client: { client_secret: clientSecret },
    config: {},
    shown: {},
    hidden: ['client_secret', 'client_assertion'],
  },
  client_secret_post: {
    client: { client_secret: clientSecret },
    config: { clientAuthentication: 'post' },
    shown: { client_id: 'gateway', client_secret: clientSecret },
    hidden: ['client_assertion'],
  },
  private_key_jwt: {
    client: { jwks, token_endpoint_auth_signing_alg: 'ES256' },
    config: { clientSecret: undefined, clientKey: { env: 'CORP_KEY' } },
    shown: assertion,
    hidden: ['client_secret'],
  },
  none: {
    client: {},
    config: { clientSecret: undefined },
    shown: { client_id: 'gateway' },
    hidden: ['client_secret', 'client_assertion'],
  },
}

const open = (method: string, { client, config }: Way, change: Record<string, unknown> = {}) =>
  openRealSignIn(provider, {
    config: { ...config, ...change },
    environment: { CORP_KEY: clientKey },
    configuration: {
      pkce: { required: () => true },
      issueRefreshToken: () => true,
      ttl: { AccessToken: 4 },
      clients: [
        {
          client_id: 'gateway',
          token_endpoint_auth_method: method,
          redirect_uris: [`${self}/.sallyport/callback/corp`],
          grant_types: ['authorization_code', 'refresh_token'],
          ...client,
        },
      ],
    },
  })

const formsOf = (from: number, name: string) => provider.forms.slice(from).filter((form) => name in form)

describe.each(Object.entries(ways))('a client that shows who it is by %s', (method, way) => {
  it('is let in when it pushes the request, redeems the code, refreshes and revokes', async () => {
    const from = provider.forms.length
    const real = await open(method, way)
    const visitor = real.browser()
    const cookie = await real.signIn('alice', visitor)
    const token = async () => (await real.gateway.ask(`GET ${self}/api/x`, { cookie })).sent.get('authorization')
    const first = await token()
    // an assertion is of now: so the clock goes on by itself
    await vi.waitFor(async () => expect(await token()).not.toBe(first), { timeout: 20_000, interval: 300 })
    await visitor.go(`${self}/.sallyport/sign-out`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    })
    expect(real.audit.map(({ outcome }) => outcome)).toEqual(['signed-in'])

    const forms = [
      ...formsOf(from, 'code_challenge'),
      ...formsOf(from, 'grant_type'),
      ...formsOf(from, 'token_type_hint'),
    ]
    expect(forms.map((form) => form['grant_type'] ?? form['token_type_hint'] ?? 'pushed')).toEqual([
      'pushed',
      'authorization_code',
      'refresh_token',
      'refresh_token',
    ])
    for (const form of forms) {
      expect(form).toMatchObject(way.shown)
      for (const name of way.hidden) expect(form).not.toHaveProperty(name)
    }
    if (method === 'private_key_jwt') {
      const claims = forms.map((form) => decodeJwt(String(form['client_assertion'])))
      // each good for one use, at this provider, for a short while
      expect(new Set(claims.map(({ jti }) => jti)).size).toBe(4)
      for (const { iss, sub, aud, exp = 0, iat = 0 } of claims)
        expect([iss, sub, aud, exp - iat]).toEqual(['gateway', 'gateway', provider.issuer, expect.closeTo(60, -2)])
    }
  })

  it('puts all of the request into what it pushes, and nothing of it into the address', async () => {
    const real = await open(method, way, { parameters: { login_hint: 'alice@example.com', ui_locales: 'de' } })
    const from = provider.forms.length
    const path = '/.sallyport/sign-in?return_to=/x&max_age=600&acr_values=mfa+hwk'
    const sent = await real.browser().go(self + path)
    const address = new URL(sent.headers.get('location') ?? '')
    expect([...address.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    const [form = {}] = formsOf(from, 'code_challenge')
    expect(form).toMatchObject({
      ...codeRequest,
      max_age: expect.anything(),
      acr_values: 'mfa hwk',
      login_hint: 'alice@example.com',
      ui_locales: 'de',
      ...way.shown,
    })
  })
})

describe('a client that shows it wrongly', () => {
  it.each([
    ['another secret', 'client_secret_basic', { client_secret: `${clientSecret}-2` }, {}],
    [
      'no secret where one is asked for',
      'client_secret_basic',
      { client_secret: clientSecret },
      { clientSecret: undefined },
    ],
    ['a secret where a key is asked for', 'private_key_jwt', { jwks }, {}],
  ])('is refused with %s, and nobody is signed in', async (_, method, client, config) => {
    const real = await open(method, { client, config, shown: {}, hidden: [] })
    const visitor = real.browser()
    const response = await visitor.go(`${self}/.sallyport/sign-in`)
    expect([response.status, real.audit.at(-1)?.reason]).toEqual([502, 'client-refused'])
    expect(visitor.cookies(self).size).toBe(0)
  })
})
