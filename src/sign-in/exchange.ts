/** The provider's answer → who it is: the code is exchanged, and every promise of the ID token is checked. */

import { base64url } from 'jose'
import * as oauth from 'oauth4webapi'
import type { BearerReader, TrustedIssuer } from '../authenticate/bearer.ts'
import type { WaitUntil } from '../authenticate/share.ts'
import type { Claims } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import { clockToleranceSeconds, type ProviderClient } from './client.ts'
import type { Failure } from './failure.ts'
import { ofTheSignIn } from './identity.ts'
import { type Tokens, tokensOf } from './tokens.ts'
import { nonceOf, type Transaction, verifierOf } from './transaction.ts'

export interface Exchanged {
  readonly claims: Claims
  readonly tokens: Tokens
  readonly scopes: readonly string[]
}

export interface ExchangeParts {
  readonly provider: Provider
  readonly metadata: oauth.AuthorizationServer
  readonly client: ProviderClient
  readonly bearer: BearerReader
  readonly now: () => number
  readonly waitUntil: WaitUntil
}

/** Throws what {@link failureOf} can name, and nothing else that a stranger can cause. */
export async function exchange(
  parts: ExchangeParts,
  transaction: Transaction,
  parameters: URLSearchParams,
  redirectUri: string,
): Promise<Result<Exchanged, Failure>> {
  const { provider, metadata, now } = parts
  const { client, authentication, options } = parts.client
  const valid = oauth.validateAuthResponse(metadata, client, parameters, transaction.state)
  const askedAt = now()
  const answer = await oauth.authorizationCodeGrantRequest(
    metadata,
    client,
    authentication,
    valid,
    redirectUri,
    await verifierOf(transaction),
    options,
  )
  const nonce = await nonceOf(transaction)
  const result = await oauth.processAuthorizationCodeResponse(metadata, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
    ...(transaction.maxAgeSeconds !== null && { maxAge: transaction.maxAgeSeconds }),
  })
  const idToken = result.id_token ?? ''
  const verified = await verifyIdToken(parts, idToken)
  if (!verified.ok) return verified
  const fault = await faultIn(verified.value, { provider, nonce, accessToken: result.access_token, transaction })
  if (fault) return err({ reason: 'bad-id-token', fault })
  const userinfo = await readUserinfo(parts, result.access_token, String(verified.value['sub']))
  // what was signed for us stands over what was only told; of the sign-in itself nothing but that is believed
  const told = Object.entries(userinfo).filter(([name]) => !ofTheSignIn.includes(name))
  return ok({
    claims: { ...Object.fromEntries(told), ...verified.value },
    tokens: tokensOf(result, askedAt),
    scopes: (result.scope ?? provider.scopes.join(' ')).split(' ').filter(Boolean),
  })
}

/** Whose tokens are believed when a provider signs them for this gateway. */
export const trusted = (provider: Provider, metadata: oauth.AuthorizationServer): TrustedIssuer => ({
  name: `provider.${provider.name}`,
  issuer: provider.issuer,
  audience: [provider.clientId],
  algorithms: [provider.algorithm],
  keys: { kind: 'url', url: metadata.jwks_uri ?? '' },
  roles: null,
  scopes: null,
  type: null,
  maxAgeSeconds: null,
  clockToleranceSeconds,
})

/** The signature is checked though it came by TLS: by the provider's keys and the algorithm that the operator wrote. */
export async function verifyIdToken(
  { provider, metadata, bearer, waitUntil }: Omit<ExchangeParts, 'client' | 'now'>,
  idToken: string,
): Promise<Result<Claims, Failure>> {
  const read = await bearer.read(idToken, [trusted(provider, metadata)], waitUntil)
  if (read.ok) return ok(read.value.principal.claims)
  const { error } = read
  if (error.reason === 'bad-token') return err({ reason: 'bad-id-token', fault: error.fault })
  return err({ reason: 'provider-unavailable', cause: error.reason })
}

interface Expected {
  readonly provider: Provider
  readonly nonce: string
  readonly accessToken: string
  readonly transaction: Transaction
}

/** OpenID Connect Core section 3.1.3.7, steps that a Bearer token hasn't got; section 3.1.3.8 for `at_hash`. */
async function faultIn(claims: Claims, expected: Expected): Promise<string | null> {
  const { provider, nonce, accessToken, transaction } = expected
  const { azp, aud } = claims
  if (claims['nonce'] !== nonce) return 'nonce'
  if (azp !== undefined && azp !== provider.clientId) return 'azp'
  if (Array.isArray(aud) && aud.length > 1 && azp === undefined) return 'azp'
  const hash = claims['at_hash']
  if (hash !== undefined && hash !== (await halfHash(accessToken, provider.algorithm))) return 'at_hash'
  if (transaction.acr !== null && !transaction.acr.split(' ').includes(String(claims['acr']))) return 'acr'
  return typeof claims['iat'] === 'number' ? null : 'iat'
}

/** The left half of the hash that the algorithm of the signature uses, in base64url. */
export async function halfHash(text: string, algorithm: string): Promise<string> {
  const bits = algorithm === 'EdDSA' ? '512' : algorithm.slice(2)
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(text)))
  return base64url.encode(digest.slice(0, digest.length / 2))
}

async function readUserinfo(
  { provider, metadata, client: { client, options } }: ExchangeParts,
  accessToken: string,
  subject: string,
): Promise<Claims> {
  if (!provider.userinfo || metadata.userinfo_endpoint === undefined) return {}
  const answer = await oauth.userInfoRequest(metadata, client, accessToken, options)
  return oauth.processUserInfoResponse(metadata, client, subject, answer)
}
