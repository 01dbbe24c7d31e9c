/** What an operator may write in `routes/`: one strict schema, and the two functions that lend it to an editor. */

import * as z from 'zod/mini'
import { readPattern } from './pattern.ts'
import { cache, forwarding, upstream } from './schema-forward.ts'
import { shield } from './schema-shield.ts'
import { provider } from './schema-sign-in.ts'
import { claimPath, env, httpUrl, identityName, list, method, text } from './schema-words.ts'

/** Who may. Roles: one of them is enough; scopes: every one is needed (RFC 6750 section 3.1). */
export type Access = 'public' | 'optional' | Requirement

export type Requirement =
  | 'signed-in'
  | { readonly roles: readonly string[] }
  | { readonly scopes: readonly string[] }
  | { readonly claim: string | readonly string[]; readonly is: ClaimValue | readonly ClaimValue[] }
  /** Seconds since they showed who they are. */
  | { readonly signedInWithin: number }
  /** How they showed it (OpenID Connect Core section 2). */
  | { readonly acr: readonly string[] }
  | { readonly all: readonly Requirement[] }
  | { readonly any: readonly Requirement[] }
  | { readonly not: Requirement }

export type ClaimValue = string | number | boolean

const requirement: z.ZodMiniType<Requirement, Requirement> = z.lazy(() =>
  z.union(
    [
      z.literal('signed-in'),
      z.strictObject({ roles: list(text) }),
      z.strictObject({
        scopes: list(
          text.check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no spaces or quotes (RFC 6749 section 3.3)')),
        ),
      }),
      z.strictObject({
        claim: claimPath,
        is: z.union([claimValue, list(claimValue)], 'write a string, a number, a boolean, or a list of them'),
      }),
      z.strictObject({ signedInWithin: z.int().check(z.minimum(1), z.maximum(31_536_000)) }),
      z.strictObject({
        acr: list(text.check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'an acr has no spaces or quotes'))),
      }),
      z.strictObject({ all: list(requirement) }),
      z.strictObject({ any: list(requirement) }),
      z.strictObject({ not: requirement }),
    ],
    'write "signed-in", { roles }, { scopes }, { claim, is }, { signedInWithin }, { acr }, { all }, { any } or { not }',
  ),
)
const claimValue = z.union([z.string(), z.number(), z.boolean()])

const access: z.ZodMiniType<Access, Access> = z.union(
  [z.literal('public'), z.literal('optional'), requirement],
  'write "public", "optional", "signed-in", { roles }, { scopes }, { claim, is }, { signedInWithin }, { acr }, { all }, { any } or { not }',
)

const selector = z
  .string()
  .check(
    z.regex(
      /^(?:subject|issuer|roles|scopes|expiresAt|claims\.[^.]+(?:\.[^.]+)*)$/,
      'write "subject", "issuer", "roles", "scopes", "expiresAt" or "claims.<path>"',
    ),
  )

const identity = z.strictObject({
  headers: z
    .record(identityName, selector)
    .check(z.refine(areApart, 'two of these names are one to HTTP or to CGI, which fold case: keep one')),
  encoding: z.optional(z.enum(['percent', 'base64url'])),
  assertion: z.optional(z.boolean()),
})

function areApart(headers: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  return new Set(names).size === names.length
}

/** What an origin's rules inherit, and each may override. */
const inherited = {
  ...forwarding,
  ...shield,
  identity: z.optional(identity),
  freshness: z.optional(z.number().check(z.minimum(0), z.maximum(60))),
  staleIfError: z.optional(z.number().check(z.minimum(0), z.maximum(3_600))),
  pass: z.optional(z.strictObject({ authorization: z.optional(z.boolean()), sessionCookie: z.optional(z.boolean()) })),
}

const path = z.string().check((payload) => {
  const pattern = readPattern(payload.value)
  if (!pattern.ok) payload.issues.push({ code: 'custom', input: payload.value, message: pattern.error })
})

const rule = z
  .strictObject({
    path,
    methods: z.optional(list(method)),
    access,
    cache,
    signIn: z.optional(z.literal('vouched')),
    accessToken: z.optional(z.boolean()),
    ...inherited,
  })
  .check(
    z.refine(
      ({ cache, access }) => !cache || access === 'public',
      'only an answer to a public rule is the same for everybody: leave "cache" out',
    ),
    z.refine(
      ({ accessToken, access }) => !accessToken || access !== 'public',
      'a public rule asks nobody who they are, so there is no access token: leave "accessToken" out',
    ),
    z.refine(
      ({ cache, signIn }) => !cache || !signIn,
      'an answer that signs somebody in is for them alone: leave "cache" out',
    ),
  )

const host = z
  .string()
  .check(
    z.regex(
      /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?$/i,
      'write a host name without scheme or port: "billing.example.com" or "*.example.com"',
    ),
  )

/** How an origin keeps sessions, beyond reading them. */
const sessionOptions = z.strictObject({
  claims: z.optional(list(text)),
  clearSiteData: z.optional(z.boolean()),
  site: z.optional(
    z
      .string()
      .check(
        z.regex(
          /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
          'write the domain that the sharing hosts stand under, in lower case, of two labels or more: "example.com"',
        ),
      ),
  ),
})

const originSchema = z.strictObject({
  name: z.string().check(z.regex(/^[a-z][a-z0-9-]*$/, 'name it as its file: lower case, digits, hyphens')),
  host: z.union([host, list(host)], 'write a host name, "billing.example.com", or a list of them'),
  upstream,
  failover: z.optional(z.strictObject({ restSeconds: z.number().check(z.minimum(0), z.maximum(3_600)) })),
  session: z.optional(z.union([z.boolean(), sessionOptions], 'write true, or { claims, clearSiteData, site }')),
  bearer: z.optional(list(text)),
  providers: z.optional(list(text)),
  signIn: z.optional(
    z
      .string()
      .check(
        z.refine(
          (value) => URL.canParse(value, 'https://h') && /^(?:https?:\/\/[^/\\]|\/(?![/\\]))/.test(value),
          'write a path, "/login", or an http URL',
        ),
      ),
  ),
  paths: z.optional(
    z.strictObject({
      caseInsensitive: z.optional(z.boolean()),
      encodedSlash: z.optional(z.boolean()),
      pathParameters: z.optional(z.boolean()),
      emptySegments: z.optional(z.boolean()),
    }),
  ),
  redirectToHttps: z.optional(z.boolean()),
  ...inherited,
  rules: list(rule),
})

const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const issuerSchema = z
  .strictObject({
    issuer: z.union([httpUrl, env], 'write the "iss" of its tokens, a URL, or { env }'),
    audience: z.union([text, env, list(text)], 'write the "aud" that its tokens must have, a list of them, or { env }'),
    algorithms: z.optional(list(z.enum([...asymmetric, 'HS256']))),
    jwks: z.optional(
      z.union(
        [httpUrl, env, z.strictObject({ keys: list(z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) })) })],
        'write a URL, { env } or { keys: [...] }',
      ),
    ),
    secret: z.optional(env),
    roles: z.optional(claimPath),
    scopes: z.optional(claimPath),
    type: z.optional(text),
    maxAgeSeconds: z.optional(z.int().check(z.positive())),
    clockToleranceSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(60))),
    introspection: z.optional(
      z.strictObject({ url: z.optional(z.union([httpUrl, env])), clientId: z.union([text, env]), clientSecret: env }),
    ),
    advertised: z.optional(z.literal(false, 'write false, or leave it out')),
  })
  .check(
    z.refine(
      (value) => Boolean(value.algorithms ?? value.introspection),
      'say how its tokens are judged: write algorithms for JWTs, introspection for others, or both',
    ),
    z.refine(
      (value) => Boolean(value.algorithms) || !value.jwks,
      'keys are of no use without algorithms: write both or neither',
    ),
    z.refine(
      (value) => !(value.secret && value.jwks),
      'a shared secret and a key set never serve one issuer: keep one',
    ),
    z.refine(
      (value) => Boolean(value.secret) === (value.algorithms?.includes('HS256') ?? false),
      'HS256 and { secret: { env } } go together, and with nothing else',
    ),
    z.refine(
      (value) => !value.secret || value.algorithms?.length === 1,
      'with a shared secret the only algorithm is HS256',
    ),
  )

export const gatewaySchema = z.strictObject({
  issuers: z.optional(
    z.record(z.string().check(z.regex(/^[a-z][a-z0-9-]*$/, 'name an issuer in lower case')), issuerSchema),
  ),
  providers: z.optional(
    z.record(z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'name a provider in lower case')), provider),
  ),
  origins: list(originSchema),
})

export type GatewayConfig = z.input<typeof gatewaySchema>
export type OriginConfig = z.input<typeof originSchema>
export type IssuerConfig = z.input<typeof issuerSchema>
export type RuleConfig = z.input<typeof rule>
export type InheritedConfig = z.input<z.ZodMiniObject<typeof inherited>>
export type IdentityConfig = z.input<typeof identity>

/** What `routes/index.ts` exports by default. Checked at start, and by `sallyport check`. */
export const defineGateway = (config: GatewayConfig): GatewayConfig => config

/** What each other file in `routes/` exports by default. */
export const defineOrigin = (config: OriginConfig): OriginConfig => config
