/** The reference of `defineOrigin`: what an origin has, and what its rules inherit from it. */

import type { InheritedConfig, OriginConfig, RuleConfig } from '../../route/schema.ts'
import { type Entries, entry } from './entry.ts'

export const origin: Entries<Omit<OriginConfig, keyof InheritedConfig>> = {
  name: entry('string', 'required', 'The name of its file: lower case, digits, hyphens.', "name: 'billing'"),
  host: entry(
    'string | string[]',
    'required',
    'The hosts it guards, in any case, on any port: exact, or `*.` and a domain for one label or more before it, never the bare domain.',
    "host: ['billing.example.com', '*.billing.example.com']",
  ),
  upstream: entry(
    "string | { env } | { binding } | 'same-host' | a list of them",
    'required',
    "Where it forwards to: a URL; a Workers binding that can fetch; or, on Workers alone, the zone's own DNS origin. Of several the first that can be reached is taken, for requests that can be repeated.",
    "upstream: { env: 'BILLING_URL' }",
  ),
  failover: entry(
    '{ restSeconds }',
    '{ restSeconds: 10 }',
    'For how long an upstream that could not be reached is asked last.',
    'failover: { restSeconds: 30 }',
  ),
  session: entry(
    'boolean | { claims, clearSiteData, site }',
    'false',
    'Whether the session cookie is read; `claims` are those that a page may read at `/.sallyport/session`, `clearSiteData` sends `Clear-Site-Data` on sign-out, `site` shares the session with the other origins of that domain (docs/sessions.md).',
    "session: { claims: ['email'] }",
  ),
  bearer: entry(
    'string[]',
    'none: `Authorization` is not read',
    'The issuers whose Bearer tokens it takes.',
    "bearer: ['corp']",
  ),
  providers: entry(
    'string[]',
    'none',
    'The providers that people sign in with here; wants `session: true`.',
    "providers: ['corp']",
  ),
  signIn: entry(
    'string',
    '`/.sallyport/sign-in` where there are providers, else none: 401',
    'Where a navigation without credential is sent: a path or a URL; `return_to` is added.',
    "signIn: '/login'",
  ),
  paths: entry(
    '{ … }',
    'each off',
    'What else than a canonical path it takes; see below.',
    'paths: { encodedSlash: true }',
  ),
  redirectToHttps: entry('boolean', 'false', 'Whether a request over http is sent to https.', 'redirectToHttps: true'),
  rules: entry(
    'rule[]',
    'required',
    'The first that matches decides; a request that meets none gets 404.',
    "rules: [{ path: '/*', access: 'signed-in' }]",
  ),
}

export const paths: Entries<NonNullable<OriginConfig['paths']>> = {
  caseInsensitive: entry(
    'boolean',
    'false',
    'Rules match in any case (IIS, Windows).',
    'paths: { caseInsensitive: true }',
  ),
  encodedSlash: entry(
    'boolean',
    'false',
    'Takes `%2F`; a path whose readings meet different rules is refused still.',
    'paths: { encodedSlash: true }',
  ),
  pathParameters: entry(
    'boolean',
    'false',
    'Takes `;name=value` in a segment (servlets).',
    'paths: { pathParameters: true }',
  ),
  emptySegments: entry('boolean', 'false', 'Takes `//`.', 'paths: { emptySegments: true }'),
}

export const rule: Entries<Omit<RuleConfig, keyof InheritedConfig>> = {
  path: entry(
    'string',
    'required',
    'Literal segments, `:name` for any one segment, a last `/*` for the rest (and for none).',
    "path: '/users/:id/*'",
  ),
  methods: entry(
    'string[]',
    'all but TRACE and CONNECT',
    'The methods it matches, in capitals.',
    "methods: ['GET', 'HEAD']",
  ),
  cache: entry(
    "{ key: 'url' }",
    'as the upstream says; never shared if a cookie or Authorization came',
    'Public rules only: shared caches may keep the answer, told apart by method and URL alone. No cookie or Authorization goes with the request, no Set-Cookie comes back.',
    "cache: { key: 'url' }",
  ),
  access: entry('access', 'required', 'Who may; see below.', "access: { roles: ['admin'] }"),
  signIn: entry(
    "'vouched'",
    'its answers sign nobody in',
    "The upstream's answer may sign somebody in or out: see docs/sessions.md.",
    "signIn: 'vouched'",
  ),
  accessToken: entry(
    'boolean',
    'false',
    "Whether the upstream gets the access token that the provider gave for the session, as `Authorization: Bearer`, in the place of the client's; it is refreshed before its end. Not on a public rule. See docs/sign-in.md.",
    'accessToken: true',
  ),
}
