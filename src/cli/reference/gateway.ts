/** The reference of `defineGateway`: the gateway and its issuers. */

import type { GatewayConfig, IssuerConfig } from '../../route/schema.ts'
import { type Entries, entry } from './entry.ts'

export const gateway: Entries<GatewayConfig> = {
  issuers: entry(
    '{ [name]: issuer }',
    'none',
    'Whoever signs Bearer JWTs that origins may accept, by a name in lower case.',
    "issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'api', algorithms: ['RS256'] } }",
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
    'required',
    'The signatures that are accepted: RS, PS or ES with 256, 384 or 512, or EdDSA; or HS256 alone, with `secret`.',
    "algorithms: ['RS256', 'ES256']",
  ),
  jwks: entry(
    'string | { env } | { keys }',
    'asked of `/.well-known/openid-configuration`',
    'Where its keys are: a URL, or the key set itself.',
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
}
