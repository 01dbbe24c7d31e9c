/** Turns an identity provider, as the operator wrote it, into one that people can be sent to. */

import type { Read, Report } from './compile-issuer.ts'
import { isHttpUrl } from './http-url.ts'
import type { ProviderConfig } from './schema-sign-in.ts'

/** Whom people sign in with. */
export interface Provider {
  readonly name: string
  /** What a person reads where there are several to choose from. */
  readonly label: string
  /** Compared whole with what its discovery document, its answers and its tokens say. */
  readonly issuer: string
  readonly clientId: string
  readonly client: ClientAuthentication
  readonly scopes: readonly string[]
  /** Name in the session → path among what the provider says. */
  readonly claims: readonly (readonly [name: string, path: readonly string[]])[]
  readonly roles: readonly string[] | null
  readonly userinfo: boolean
  /** The one algorithm that its ID tokens are signed with. */
  readonly algorithm: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

export type ClientAuthentication =
  | { readonly kind: 'secret'; readonly secret: string; readonly by: 'basic' | 'post' | null }
  | { readonly kind: 'key'; readonly key: Readonly<Record<string, unknown>> }
  | { readonly kind: 'none' }

const usualClaims = ['email', 'email_verified', 'name', 'preferred_username']

export function compileProvider(name: string, config: ProviderConfig, read: Read, report: Report): Provider {
  const path = ['providers', name]
  return {
    name,
    label: config.label ?? name,
    issuer: read(config.issuer, [...path, 'issuer'], isHttpUrl),
    clientId: read(config.clientId, [...path, 'clientId']),
    client: clientOf(config, path, read, report),
    scopes: config.scopes ?? ['openid', 'profile', 'email'],
    claims: Array.isArray(config.claims)
      ? config.claims.map((claim) => [claim, [claim]])
      : config.claims
        ? Object.entries(config.claims).map(([claim, at]) => [claim, keysOf(at)])
        : usualClaims.map((claim) => [claim, [claim]]),
    roles: config.roles ? keysOf(config.roles) : null,
    userinfo: config.userinfo ?? true,
    algorithm: config.algorithm ?? 'RS256',
    parameters: Object.entries(config.parameters ?? {}),
  }
}

function clientOf(config: ProviderConfig, path: readonly string[], read: Read, report: Report): ClientAuthentication {
  if (config.clientSecret) {
    const secret = read(config.clientSecret, [...path, 'clientSecret'])
    return { kind: 'secret', secret, by: config.clientAuthentication ?? null }
  }
  if (!config.clientKey) return { kind: 'none' }
  const text = read(config.clientKey, [...path, 'clientKey'])
  const key = parseKey(text)
  if (text && !key)
    report(
      [...path, 'clientKey', 'env'],
      config.clientKey.env,
      'it does not hold a private key as JWK',
      'write the JWK as JSON, with kty, d, kid and alg',
    )
  return { kind: 'key', key: key ?? {} }
}

/** A private key that says its own algorithm, and which one of the client's it is. */
function parseKey(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const key: unknown = JSON.parse(text)
    const isKey =
      typeof key === 'object' &&
      key !== null &&
      ['kty', 'd', 'kid', 'alg'].every((name) => typeof (key as Record<string, unknown>)[name] === 'string')
    return isKey ? (key as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** `'a.b'` → `['a', 'b']`; a list stands as it is, for keys that have dots. */
const keysOf = (path: string | readonly string[]): readonly string[] =>
  typeof path === 'string' ? path.split('.') : path
