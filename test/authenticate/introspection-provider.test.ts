import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { headerOf, openTestGateway } from '../support/gateway.ts'
import { clientSecret, type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'

const audience = 'https://api.example.com'
let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider()
  const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }
  await provider.admit('https://app.example.com', {
    clients: [
      { ...machine, client_id: 'batch', client_secret: clientSecret, scope: 'orders.read' },
      { ...machine, client_id: 'gateway', client_secret: `${clientSecret}-of-the-gateway`, grant_types: [] },
    ],
    scopes: ['orders.read'],
    // of a client itself it says no subject, unless it is told to
    extraTokenClaims: (_: unknown, token: { clientId: string }) => ({ sub: `machine-${token.clientId}` }),
    features: {
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, indicator: string) => ({
          audience: indicator,
          scope: 'orders.read',
          accessTokenFormat: 'opaque',
        }),
      },
    },
  })
})
afterAll(() => provider.stop())

async function post(path: string, form: Record<string, string>): Promise<Response> {
  return await fetch(`${provider.issuer}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`batch:${clientSecret}`)}` },
    body: new URLSearchParams(form),
  })
}

async function tokenFor(resource: string): Promise<string> {
  const answer = await post('/token', { grant_type: 'client_credentials', scope: 'orders.read', resource })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}

function open(secret = `${clientSecret}-of-the-gateway`) {
  const { ask, entries, gateway } = openTestGateway(
    {
      issuers: {
        corp: {
          issuer: provider.issuer,
          audience,
          introspection: { clientId: 'gateway', clientSecret: { env: 'SECRET' } },
        },
      },
      origins: [
        {
          name: 'api',
          host: 'api.example.com',
          upstream: 'https://api.example.net',
          bearer: ['corp'],
          freshness: 0,
          identity: { headers: { 'X-Remote-User': 'subject' } },
          rules: [
            { path: '/orders', access: { scopes: ['orders.read'] } },
            { path: '/*', access: { scopes: ['orders.write'] } },
          ],
        },
      ],
    },
    { SECRET: secret, SESSION_STORE: 'memory' },
    { fetch: (url, init) => fetch(url, init), store: createMemoryStore(() => Date.now() / 1000) },
  )
  const outcome = async (token: string, path = '/orders'): Promise<string> => {
    const { forwarded, answer, sent } = await ask(`GET ${audience}${path}`, { authorization: `Bearer ${token}` })
    if (forwarded) return `200 ${sent.get('x-remote-user')}`
    return [answer.status, ...Object.values(entries.at(-1)?.refusal ?? {}).slice(1)].join(' ')
  }
  return { ask, gateway, outcome }
}

describe('an opaque token of a real provider', () => {
  it('is good where it is meant for us, for the scopes that it has, until it is revoked', async () => {
    const { outcome } = open()
    const token = await tokenFor(audience)
    expect(token).not.toContain('.')
    expect(await outcome(token)).toBe('200 machine-batch')
    expect(await outcome(token, '/elsewhere')).toBe('403 orders.write')
    expect((await post('/token/revocation', { token })).status).toBe(200)
    expect(await outcome(token)).toBe('401 inactive')
  })

  it('is refused where it is meant for others', async () => {
    expect(await open().outcome(await tokenFor('https://other.example.com'))).toBe('401 audience')
  })

  it('is refused where it was made up', async () => {
    expect(await open().outcome('made-up-by-a-stranger')).toBe('401 inactive')
  })

  it('is no verdict where the provider doesn’t know the gateway', async () => {
    expect(await open('another-secret-that-it-never-gave').outcome(await tokenFor(audience))).toBe(
      '503 corp introspection answered 401',
    )
  })
})

describe('a client that knows nothing but the address of the API', () => {
  it('finds the issuer, and gets a token that is taken there', async () => {
    const { ask, gateway, outcome } = open()
    const { answer } = await ask(`GET ${audience}/orders`)
    const challenge = headerOf(answer, 'www-authenticate') ?? ''
    const [, metadata = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? []
    const read = (response: Response) => oauth.processResourceDiscoveryResponse(new URL(audience), response)
    const resource = await read(await gateway.endpoints.request(metadata))
    // one that isn't told of it looks where it must stand
    const looked = await oauth.resourceDiscoveryRequest(new URL(audience), {
      [oauth.customFetch]: async (url) => gateway.endpoints.request(url),
    })
    expect(await read(looked)).toEqual(resource)

    const [issuer = ''] = resource.authorization_servers ?? []
    const http = { [oauth.allowInsecureRequests]: true }
    const found = await oauth.discoveryRequest(new URL(issuer), http)
    const server = await oauth.processDiscoveryResponse(new URL(issuer), found)
    const client = { client_id: 'batch' }
    const granted = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(clientSecret),
      { resource: resource.resource, scope: 'orders.read' },
      http,
    )
    const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, granted)
    expect(await outcome(token)).toBe('200 machine-batch')
  })
})
