/** Sends a person to the provider: the authorization request (OpenID Connect Core section 3.1.2.1), pushed where it can be. */

import * as oauth from 'oauth4webapi'
import type { Provider } from '../route/compile-provider.ts'
import type { ProviderClient } from './client.ts'
import { challengeOf, nonceOf, type Transaction } from './transaction.ts'

/** @returns the address to send the browser to */
export async function authorizationUrl(
  provider: Provider,
  metadata: oauth.AuthorizationServer,
  { client, authentication, options }: ProviderClient,
  transaction: Transaction,
  redirectUri: string,
): Promise<string> {
  const parameters = new URLSearchParams([
    ...provider.parameters.map(([name, value]): [string, string] => [name, value]),
    ['client_id', provider.clientId],
    ['response_type', 'code'],
    ['redirect_uri', redirectUri],
    ['scope', provider.scopes.join(' ')],
    ['state', transaction.state],
    ['nonce', await nonceOf(transaction)],
    ['code_challenge', await challengeOf(transaction)],
    ['code_challenge_method', 'S256'],
    ...pair('max_age', maxAgeOf(transaction)),
    ...pair('acr_values', transaction.acr),
  ])
  const url = new URL(metadata.authorization_endpoint ?? '')
  if (metadata.pushed_authorization_request_endpoint === undefined) {
    for (const [name, value] of parameters) url.searchParams.set(name, value)
    return url.href
  }
  // RFC 9126: then nothing of the request is in anybody's history
  const answer = await oauth.pushedAuthorizationRequest(metadata, client, authentication, parameters, options)
  const pushed = await oauth.processPushedAuthorizationResponse(metadata, client, answer)
  url.searchParams.set('client_id', provider.clientId)
  url.searchParams.set('request_uri', pushed.request_uri)
  return url.href
}

/** Less than the rule takes: who is let through by the provider's clock, in whole seconds, would be sent back by ours. */
const maxAgeOf = ({ maxAgeSeconds }: Transaction): number | null =>
  maxAgeSeconds === null ? null : maxAgeSeconds - Math.min(aheadSeconds, Math.ceil(maxAgeSeconds / 2))

const aheadSeconds = 5

const pair = (name: string, value: string | number | null): [string, string][] =>
  value === null ? [] : [[name, String(value)]]
