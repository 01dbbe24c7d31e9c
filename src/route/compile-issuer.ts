/** Turns an issuer, as the operator wrote it, into one whose tokens can be judged. */

import { isHttpUrl } from './http-url.ts'
import type { IssuerConfig } from './schema-issuer.ts'

/** Whoever signs Bearer JWTs that we accept. */
export interface Issuer {
  readonly name: string
  /** The `iss` of its tokens, compared whole. */
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  readonly roles: readonly string[] | null
  readonly scopes: readonly string[] | null
  readonly type: string | null
  readonly maxAgeSeconds: number | null
  readonly clockToleranceSeconds: number
  readonly isAdvertised: boolean
  readonly introspection: Introspection | null
}

/** How an issuer is asked about tokens that are no JWT; a `url` of null: its discovery document says where. */
export interface Introspection {
  readonly url: string | null
  readonly clientId: string
  readonly clientSecret: string
}

/** Where the keys of an issuer come from; `discovery` asks its `/.well-known/openid-configuration`. */
export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'inline'; readonly keys: readonly Record<string, unknown>[] }
  | { readonly kind: 'secret'; readonly secret: Uint8Array }

/** A literal, or what the environment holds under a name; reports what isn't there. */
export type Read = (
  value: string | { env: string },
  path: readonly PropertyKey[],
  isGood?: (text: string) => boolean,
) => string
export type Report = (path: readonly PropertyKey[], value: unknown, message: string, fix: string) => void

export function compileIssuer(name: string, config: IssuerConfig, read: Read, report: Report): Issuer {
  const path = ['issuers', name]
  const audience = Array.isArray(config.audience) ? config.audience : [read(config.audience, [...path, 'audience'])]
  const issuer = read(config.issuer, [...path, 'issuer'], isHttpUrl)
  return {
    name,
    issuer,
    audience,
    algorithms: config.algorithms ?? [],
    keys: keySource(config, path, read, report),
    roles: config.roles ? keysOf(config.roles) : null,
    scopes: config.scopes ? keysOf(config.scopes) : null,
    type: config.type ?? null,
    maxAgeSeconds: config.maxAgeSeconds ?? null,
    clockToleranceSeconds: config.clockToleranceSeconds ?? 5,
    // nobody can ask a shared secret for a token
    isAdvertised: config.advertised ?? !config.secret,
    introspection: introspectionOf(config, issuer, [...path, 'introspection'], read, report),
  }
}

function keySource(config: IssuerConfig, path: readonly string[], read: Read, report: Report): KeySource {
  if (config.secret) {
    const text = read(config.secret, [...path, 'secret'])
    const secret = new TextEncoder().encode(text)
    // RFC 7518 section 3.2: a key of at least the size of the hash
    if (text && secret.length < 32)
      report(
        [...path, 'secret', 'env'],
        config.secret.env,
        'the secret is shorter than 32 bytes',
        'make one with: npx sallyport secret',
      )
    return { kind: 'secret', secret }
  }
  // one whose JWTs nobody takes has no keys to ask for
  if (!config.algorithms) return { kind: 'inline', keys: [] }
  if (!config.jwks) return { kind: 'discovery' }
  if (typeof config.jwks === 'object' && 'keys' in config.jwks) return { kind: 'inline', keys: config.jwks.keys }
  return { kind: 'url', url: read(config.jwks, [...path, 'jwks'], isHttpUrl) }
}

function introspectionOf(
  { introspection }: IssuerConfig,
  issuer: string,
  path: readonly string[],
  read: Read,
  report: Report,
): Introspection | null {
  if (!introspection) return null
  const { url, clientId, clientSecret } = introspection
  const address = url === undefined ? null : read(url, [...path, 'url'], isHttpUrl)
  if (address?.startsWith('http:') && issuer.startsWith('https:'))
    report([...path, 'url'], address, 'tokens, and the secret of the client, would travel in the open', 'write https')
  return {
    url: address,
    clientId: read(clientId, [...path, 'clientId']),
    clientSecret: read(clientSecret, [...path, 'clientSecret']),
  }
}

/** `'a.b'` → `['a', 'b']`; a list stands as it is, for keys that have dots. */
const keysOf = (path: string | readonly string[]): readonly string[] =>
  typeof path === 'string' ? path.split('.') : path
