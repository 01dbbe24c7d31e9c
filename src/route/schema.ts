/** What an operator may write in `routes/`: one strict schema, and the two functions that lend it to an editor. */

import * as z from 'zod/mini'
import { readPattern } from './pattern.ts'
import { cache, forwarding, upstream } from './schema-forward.ts'
import { identity } from './schema-identity.ts'
import { issuer } from './schema-issuer.ts'
import { shield } from './schema-shield.ts'
import { provider } from './schema-sign-in.ts'
import { atLeastOne, claimPath, list, maybe, method, text, texts } from './schema-words.ts'

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
      z.strictObject({ roles: texts }),
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

/** What an origin's rules inherit, and each may override. */
const inherited = {
  ...forwarding,
  ...shield,
  identity: z.optional(identity),
  freshness: z.optional(z.number().check(z.minimum(0), z.maximum(60))),
  staleIfError: z.optional(z.number().check(z.minimum(0), z.maximum(3_600))),
  pass: z.optional(z.strictObject({ authorization: maybe, sessionCookie: maybe })),
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
    accessToken: maybe,
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
  claims: z.optional(texts),
  clearSiteData: maybe,
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
  bearer: z.optional(texts),
  providers: z.optional(texts),
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
      caseInsensitive: maybe,
      encodedSlash: maybe,
      pathParameters: maybe,
      emptySegments: maybe,
    }),
  ),
  redirectToHttps: maybe,
  ...inherited,
  rules: atLeastOne(rule, 'rule'),
})

export const gatewaySchema = z.strictObject({
  issuers: z.optional(z.record(z.string().check(z.regex(/^[a-z][a-z0-9-]*$/, 'name an issuer in lower case')), issuer)),
  providers: z.optional(
    z.record(z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'name a provider in lower case')), provider),
  ),
  origins: atLeastOne(originSchema, 'origin'),
})

export type GatewayConfig = z.input<typeof gatewaySchema>
export type OriginConfig = z.input<typeof originSchema>
export type RuleConfig = z.input<typeof rule>
export type InheritedConfig = z.input<z.ZodMiniObject<typeof inherited>>

/** What `routes/index.ts` exports by default. Checked at start, and by `sallyport check`. */
export const defineGateway = (config: GatewayConfig): GatewayConfig => config

/** What each other file in `routes/` exports by default. */
export const defineOrigin = (config: OriginConfig): OriginConfig => config
