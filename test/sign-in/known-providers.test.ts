import { describe, expect, it } from 'vitest'
import { compile } from '../../src/route/compile.ts'
import { readMetadata } from '../../src/sign-in/directory.ts'
import { identityOf } from '../../src/sign-in/identity.ts'

interface Known {
  readonly name: string
  readonly issuer: string
  /** Its endpoints, where they aren't below the issuer; null where it publishes none. */
  readonly endpoints: Record<string, string | undefined>
  readonly roles?: string | string[]
  /** What its ID token or userinfo says, beside the usual claims. */
  readonly says: Record<string, unknown>
  readonly has: readonly string[]
}

/** As their documents publish it; roles as docs/sign-in.md tells operators to write them. Written by hand after what each documents, not recorded. */
const known: readonly Known[] = [
  {
    name: 'Keycloak',
    issuer: 'https://id.example.com/realms/corp',
    endpoints: {
      authorization_endpoint: 'https://id.example.com/realms/corp/protocol/openid-connect/auth',
      token_endpoint: 'https://id.example.com/realms/corp/protocol/openid-connect/token',
      jwks_uri: 'https://id.example.com/realms/corp/protocol/openid-connect/certs',
      userinfo_endpoint: 'https://id.example.com/realms/corp/protocol/openid-connect/userinfo',
      end_session_endpoint: 'https://id.example.com/realms/corp/protocol/openid-connect/logout',
      pushed_authorization_request_endpoint:
        'https://id.example.com/realms/corp/protocol/openid-connect/ext/par/request',
    },
    roles: 'realm_access.roles',
    says: { realm_access: { roles: ['admin', 'offline_access'] } },
    has: ['admin', 'offline_access'],
  },
  {
    name: 'Entra ID',
    issuer: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
    endpoints: {
      authorization_endpoint:
        'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/authorize',
      token_endpoint: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token',
      jwks_uri: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys',
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      end_session_endpoint: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/logout',
    },
    roles: 'roles',
    says: { roles: ['Billing.Admin'], tid: '11111111-2222-3333-4444-555555555555' },
    has: ['Billing.Admin'],
  },
  {
    name: 'Okta',
    issuer: 'https://corp.okta.com/oauth2/default',
    endpoints: {
      authorization_endpoint: 'https://corp.okta.com/oauth2/default/v1/authorize',
      token_endpoint: 'https://corp.okta.com/oauth2/default/v1/token',
      jwks_uri: 'https://corp.okta.com/oauth2/default/v1/keys',
      userinfo_endpoint: 'https://corp.okta.com/oauth2/default/v1/userinfo',
      pushed_authorization_request_endpoint: 'https://corp.okta.com/oauth2/default/v1/par',
    },
    roles: 'groups',
    says: { groups: ['Everyone', 'Finance'] },
    has: ['Everyone', 'Finance'],
  },
  {
    name: 'Auth0',
    issuer: 'https://corp.eu.auth0.com/',
    endpoints: {
      authorization_endpoint: 'https://corp.eu.auth0.com/authorize',
      token_endpoint: 'https://corp.eu.auth0.com/oauth/token',
      jwks_uri: 'https://corp.eu.auth0.com/.well-known/jwks.json',
      userinfo_endpoint: 'https://corp.eu.auth0.com/userinfo',
    },
    roles: ['https://example.com/roles'],
    says: { 'https://example.com/roles': ['editor'] },
    has: ['editor'],
  },
  {
    name: 'Google',
    issuer: 'https://accounts.google.com',
    endpoints: {
      authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
      token_endpoint: 'https://oauth2.googleapis.com/token',
      jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
      userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
      revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
    },
    says: { hd: 'example.com', email_verified: true },
    has: [],
  },
  {
    name: 'Cognito',
    issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
    endpoints: {
      authorization_endpoint: 'https://corp.auth.eu-central-1.amazoncognito.com/oauth2/authorize',
      token_endpoint: 'https://corp.auth.eu-central-1.amazoncognito.com/oauth2/token',
      jwks_uri: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json',
      userinfo_endpoint: 'https://corp.auth.eu-central-1.amazoncognito.com/oauth2/userInfo',
    },
    roles: ['cognito:groups'],
    says: { 'cognito:groups': ['admins'] },
    has: ['admins'],
  },
  {
    name: 'ZITADEL',
    issuer: 'https://corp-abc123.zitadel.cloud',
    endpoints: {
      authorization_endpoint: 'https://corp-abc123.zitadel.cloud/oauth/v2/authorize',
      token_endpoint: 'https://corp-abc123.zitadel.cloud/oauth/v2/token',
      jwks_uri: 'https://corp-abc123.zitadel.cloud/oauth/v2/keys',
      userinfo_endpoint: 'https://corp-abc123.zitadel.cloud/oidc/v1/userinfo',
      end_session_endpoint: 'https://corp-abc123.zitadel.cloud/oidc/v1/end_session',
    },
    roles: ['urn:zitadel:iam:org:project:roles'],
    says: { 'urn:zitadel:iam:org:project:roles': { admin: { '1234': 'corp.example.com' }, auditor: {} } },
    has: ['admin', 'auditor'],
  },
]

describe('a provider that people have', () => {
  it.each(known)(
    '$name: its discovery document is taken, and its roles are found',
    ({ issuer, endpoints, roles, says, has }) => {
      const config = compile(
        {
          providers: { corp: { issuer, clientId: 'gateway', ...(roles && { roles }) } },
          origins: [
            {
              name: 'app',
              host: 'app.example.com',
              upstream: 'https://u.example.net',
              session: true,
              providers: ['corp'],
              rules: [{ path: '/*', access: 'signed-in' }],
            },
          ],
        },
        {},
      )
      const provider = config.ok ? config.value.providers.get('corp') : undefined
      if (!provider) throw new Error(JSON.stringify(config))
      const document = { issuer, ...endpoints }
      expect(readMetadata(document, provider)).toBe(document)
      expect(() => readMetadata({ ...document, issuer: `${issuer}x` }, provider)).toThrow('another issuer')
      const identity = identityOf(provider, { sub: 'alice', ...says })
      expect(identity).toMatchObject({ subject: 'alice', issuer, roles: has })
      // a provider that says nothing of roles gives none
      expect(identityOf(provider, { sub: 'alice' }).roles).toEqual([])
    },
  )
})
