import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createScriptedProvider } from '../support/scripted-provider.ts'
import { openSignInGateway, self } from '../support/sign-in-gateway.ts'

interface Known {
  readonly name: string
  /** As docs/sign-in.md tells operators to write it. */
  readonly config: Record<string, unknown>
  /** What its ID token says, beside what each has to say. */
  readonly says: Record<string, unknown>
  readonly roles: string
  /** Whether it is asked by a pushed request, and whether people can be sent there to sign out. */
  readonly isPushed: boolean
  readonly signsOut: boolean
}

const zitadelRoles = 'urn:zitadel:iam:org:project:roles'

/**
 * Their discovery documents stand in test/sign-in/discovery: the shapes of late 2026. None was fetched for this test: they
 * were put together from copies in public repositories, from the endpoints that each documents, and where neither
 * was at hand from memory; the names of organisations are made up, long lists of algorithms cut short. The tokens are
 * written after what each documents of its own. Whether a live one does otherwise, `sallyport doctor` tells.
 */
const known: readonly Known[] = [
  {
    name: 'keycloak',
    config: { roles: 'realm_access.roles' },
    says: { realm_access: { roles: ['admin', 'offline_access'] }, typ: 'ID', azp: 'gateway', sid: 'k-1' },
    roles: 'admin,offline_access',
    isPushed: true,
    signsOut: true,
  },
  {
    name: 'entra-id',
    config: { roles: 'roles' },
    says: { roles: ['Billing.Admin'], tid: '11111111-2222-3333-4444-555555555555', ver: '2.0', oid: 'o' },
    roles: 'Billing.Admin',
    isPushed: false,
    signsOut: true,
  },
  {
    name: 'okta',
    config: { roles: 'groups' },
    says: { groups: ['Everyone', 'Finance'], ver: 1, amr: ['pwd'], idp: '00o1' },
    roles: 'Everyone,Finance',
    isPushed: true,
    signsOut: true,
  },
  {
    name: 'auth0',
    config: { roles: ['https://example.com/roles'] },
    says: { 'https://example.com/roles': ['editor'], sid: 'a-1' },
    roles: 'editor',
    isPushed: false,
    signsOut: true,
  },
  {
    name: 'google',
    config: { claims: ['email', 'hd'] },
    says: { hd: 'example.com', email_verified: true, azp: 'gateway' },
    roles: '',
    isPushed: false,
    signsOut: false,
  },
  {
    name: 'cognito',
    config: { roles: ['cognito:groups'] },
    says: { 'cognito:groups': ['admins'], 'cognito:username': 'alice', token_use: 'id', event_id: 'e' },
    roles: 'admins',
    isPushed: false,
    signsOut: true,
  },
  {
    name: 'zitadel',
    config: { roles: [zitadelRoles] },
    says: { [zitadelRoles]: { admin: { '1234': 'corp.example.com' }, auditor: { '1234': 'corp.example.com' } } },
    roles: 'admin,auditor',
    isPushed: false,
    signsOut: true,
  },
]

const documentOf = (name: string): Record<string, unknown> & { readonly issuer: string } =>
  JSON.parse(readFileSync(join(import.meta.dirname, `discovery/${name}.json`), 'utf8'))

async function open({ name, config }: Known) {
  const discovery = documentOf(name)
  const provider = await createScriptedProvider(discovery.issuer)
  provider.discovery = discovery
  const gateway = await openSignInGateway({
    provider: { issuer: discovery.issuer, ...config },
    beside: [provider],
    origin: {
      rules: [
        { path: '/hosted', access: { claim: 'hd', is: 'example.com' } },
        { path: '/*', access: 'signed-in' },
      ],
    },
  })
  return { ...gateway, discovery, provided: provider }
}

describe.each(known)('$name, by a discovery document of its shape', (one) => {
  it('is asked as it wants to be, and its roles are found', async () => {
    const { provided, discovery, visitor, audit, ask } = await open(one)
    const sent = await visitor.go(`${self}/.sallyport/sign-in?return_to=/x`)
    const asked = new URL(sent.headers.get('location') ?? '')
    expect(asked.origin + asked.pathname).toBe(discovery['authorization_endpoint'])
    const pushed = provided.asked.find(({ form }) => form.has('code_challenge'))?.form
    expect(pushed !== undefined).toBe(one.isPushed)
    expect([...asked.searchParams.keys()].sort()).toEqual(
      one.isPushed
        ? ['client_id', 'request_uri']
        : [
            'client_id',
            'code_challenge',
            'code_challenge_method',
            'nonce',
            'redirect_uri',
            'response_type',
            'scope',
            'state',
          ],
    )
    const request = pushed ?? asked.searchParams
    provided.nonce = request.get('nonce') ?? ''
    provided.idToken = (good) => provided.sign({ ...good, ...one.says })
    const back = new URLSearchParams({ code: 'c', state: request.get('state') ?? '' })
    if (discovery['authorization_response_iss_parameter_supported']) back.set('iss', discovery.issuer)
    const response = await visitor.go(`${self}/.sallyport/callback/corp?${back}`)
    expect([response.headers.get('location'), audit.at(-1)?.reason]).toEqual(['/x', null])
    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    const page = await ask(`GET ${self}/`, { cookie })
    expect([page.sent.get('x-remote-user'), page.sent.get('x-remote-roles') ?? '']).toEqual(['alice', one.roles])
    expect((await ask(`GET ${self}/hosted`, { cookie })).forwarded).toBe(one.name === 'google')

    const out = await visitor.go(`${self}/.sallyport/sign-out`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    const onwards = /content="0;url=([^"?]+)/.exec(await out.text())?.[1]
    expect(onwards).toBe(one.signsOut ? discovery['end_session_endpoint'] : undefined)
  })

  it('gives no roles where it says nothing of them', async () => {
    const { provided, visitor, ask } = await open(one)
    const sent = await visitor.go(`${self}/.sallyport/sign-in?return_to=/x`)
    const asked = new URL(sent.headers.get('location') ?? '')
    const request = provided.asked.find(({ form }) => form.has('code_challenge'))?.form ?? asked.searchParams
    provided.nonce = request.get('nonce') ?? ''
    const back = new URLSearchParams({ code: 'c', state: request.get('state') ?? '', iss: provided.issuer })
    await visitor.go(`${self}/.sallyport/callback/corp?${back}`)
    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    const page = await ask(`GET ${self}/`, { cookie })
    expect([page.forwarded, page.sent.get('x-remote-roles') ?? '']).toEqual([true, ''])
  })

  it('is not believed when its document names another issuer', async () => {
    const { provided, discovery, visitor, audit } = await open(one)
    provided.discovery = { ...discovery, issuer: `${discovery.issuer}x` }
    expect((await visitor.go(`${self}/.sallyport/sign-in`)).status).toBe(503)
    expect(audit.at(-1)?.reason).toBe('provider-unavailable')
  })
})
