/** The reference of `defineGateway`: the gateway, its issuers and its providers. */

import type { GatewayConfig } from '../../route/schema.ts'
import type { IssuerConfig } from '../../route/schema-issuer.ts'
import type { ProviderConfig } from '../../route/schema-sign-in.ts'
import { type Entries, entry } from './entry.ts'

export const gateway: Entries<GatewayConfig> = {
  issuers: entry(
    '{ [name]: issuer }',
    'none',
    'Whoever signs Bearer JWTs that origins may accept, by a name in lower case.',
    "issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'api', algorithms: ['RS256'] } }",
  ),
  providers: entry(
    '{ [name]: provider }',
    'none',
    'Whom people sign in with (OpenID Connect), by a name in lower case; see docs/sign-in.md.',
    "providers: { corp: { issuer: 'https://id.example.com', clientId: 'gateway', clientSecret: { env: 'CORP_SECRET' } } }",
  ),
  origins: entry(
    'origin[]',
    'required',
    'The origins, each from a file of its own that is named after it.',
    'origins: [billing, api]',
  ),
}

export const issuer: Entries<IssuerConfig> = {
  issuer: entry(
    'string | { env }',
    'required',
    'The `iss` of its tokens: a URL, compared whole.',
    "issuer: { env: 'CORP_ISSUER' }",
  ),
  audience: entry(
    'string | string[] | { env }',
    'required',
    'The `aud` that a token must have, or one of several.',
    "audience: 'https://api.example.com'",
  ),
  algorithms: entry(
    'string[]',
    'required, but with `introspection`',
    'The signatures of JWTs that are accepted: RS, PS or ES with 256, 384 or 512, or EdDSA; or HS256 alone, with `secret`.',
    "algorithms: ['RS256', 'ES256']",
  ),
  jwks: entry(
    'string | { env } | { keys }',
    'asked of `/.well-known/openid-configuration`',
    'Where its keys are: a URL, or the key set itself, public keys alone.',
    "jwks: 'https://issuer.example.com/jwks.json'",
  ),
  secret: entry(
    '{ env }',
    'none',
    'A shared secret of at least 32 bytes, for HS256, never beside `jwks`. Make one with `npx sallyport secret`.',
    "secret: { env: 'CORP_SECRET' }",
  ),
  roles: entry(
    'string | string[]',
    'none: its tokens bring no roles',
    'The claim with the roles: a path with dots, or a list of keys. The claim is a list, or words between spaces or commas.',
    "roles: 'realm_access.roles'",
  ),
  scopes: entry(
    'string | string[]',
    '`scope`, else `scp`',
    'The claim with the scopes, likewise.',
    "scopes: ['https://example.com/scopes']",
  ),
  type: entry('string', 'any', "The `typ` that a token's header must have.", "type: 'at+jwt'"),
  maxAgeSeconds: entry(
    'integer, more than 0',
    'no limit but `exp`',
    'How long after its `iat` a token is accepted; one without `iat` is refused.',
    'maxAgeSeconds: 3600',
  ),
  clockToleranceSeconds: entry(
    'integer, 0 to 60',
    '5',
    "How far ahead the issuer's clock may be, for `nbf` and `iat`. Nothing prolongs `exp`.",
    'clockToleranceSeconds: 0',
  ),
  introspection: entry(
    '{ url?, clientId, clientSecret: { env } }',
    'none: a token that is no JWT is refused',
    'How it is asked about tokens that are no JWT (RFC 7662), by a client of its own; without `url` at the `introspection_endpoint` of its discovery document. One such issuer for each origin.',
    "introspection: { clientId: 'gateway', clientSecret: { env: 'CORP_SECRET' } }",
  ),
  advertised: entry(
    'false',
    'told, unless its tokens are signed with a shared secret',
    'Whether API clients are told of it at `/.well-known/oauth-protected-resource`, so that they find it by themselves.',
    'advertised: false',
  ),
}

export const provider: Entries<ProviderConfig> = {
  issuer: entry(
    'string | { env }',
    'required',
    'Its issuer: a URL, compared whole. Discovery (`/.well-known/openid-configuration` below it) tells the rest.',
    "issuer: { env: 'CORP_ISSUER' }",
  ),
  clientId: entry('string | { env }', 'required', 'The id that it gave to this gateway.', "clientId: 'gateway'"),
  clientSecret: entry(
    '{ env }',
    'none: PKCE alone',
    'The secret that it gave to this gateway.',
    "clientSecret: { env: 'CORP_SECRET' }",
  ),
  clientKey: entry(
    '{ env }',
    'none',
    'In place of a secret: a private key as JWK with `kid` and `alg`, for `private_key_jwt`.',
    "clientKey: { env: 'CORP_KEY' }",
  ),
  clientAuthentication: entry(
    "'basic' | 'post'",
    'what the provider takes, `basic` first',
    'How the secret is sent.',
    "clientAuthentication: 'post'",
  ),
  label: entry(
    'string',
    'its name',
    'What people read where there are several to choose from.',
    "label: 'Example Inc.'",
  ),
  scopes: entry(
    'string[]',
    "`['openid', 'profile', 'email']`",
    'What is asked for; `openid` must be among them.',
    "scopes: ['openid', 'email', 'groups']",
  ),
  claims: entry(
    'string[] | { [name]: path }',
    '`email`, `email_verified`, `name`, `preferred_username`',
    'The claims that the session keeps, of the ID token and of userinfo: names, or names and the paths where they stand. `auth_time`, `acr` and `amr` are always kept.',
    "claims: { email: 'email', team: 'org.team' }",
  ),
  roles: entry(
    'string | string[]',
    'none: its people have no roles',
    'The claim with the roles: a path with dots, or a list of keys. The claim is a list, words between spaces or commas, or an object whose keys are the roles.',
    "roles: 'realm_access.roles'",
  ),
  userinfo: entry('boolean', 'true', 'Whether userinfo is asked, where the provider has it.', 'userinfo: false'),
  algorithm: entry(
    'string',
    "`'RS256'`",
    'The one algorithm that its ID tokens are signed with: RS, PS or ES with 256, 384 or 512, or EdDSA.',
    "algorithm: 'ES256'",
  ),
  parameters: entry(
    '{ [name]: string }',
    'none',
    "More of the authorization request, such as `prompt` or `audience`; never what is the gateway's to say.",
    "parameters: { prompt: 'select_account' }",
  ),
}
