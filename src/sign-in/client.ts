/** This gateway as a client of one provider: how it shows who it is, and what oauth4webapi needs to know of it. */

import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import type { Fetch } from '../authenticate/key-document.ts'
import type { Provider } from '../route/compile-provider.ts'

export interface ProviderClient {
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  /** For every request to the provider. */
  readonly options: {
    readonly [oauth.customFetch]: (
      url: string,
      init: oauth.CustomFetchOptions<string, RequestInit['body']>,
    ) => Promise<Response>
    readonly [oauth.allowInsecureRequests]: boolean
  }
}

/** @param now seconds since the epoch */
export async function clientOf(
  provider: Provider,
  metadata: oauth.AuthorizationServer,
  fetch: Fetch,
  now: number,
): Promise<ProviderClient> {
  return {
    client: {
      client_id: provider.clientId,
      id_token_signed_response_alg: provider.algorithm,
      [oauth.clockSkew]: Math.round(now - Date.now() / 1000),
      [oauth.clockTolerance]: clockToleranceSeconds,
    },
    authentication: await authenticationOf(provider, metadata),
    options: {
      [oauth.customFetch]: (url, { body, headers, method }) => fetch(url, { headers, method, ...(body && { body }) }),
      // only where the operator wrote an issuer without TLS: for trying things out on one machine
      [oauth.allowInsecureRequests]: provider.issuer.startsWith('http:'),
    },
  }
}

/** How far apart the provider's clock and ours may be. */
export const clockToleranceSeconds = 30

async function authenticationOf(provider: Provider, metadata: oauth.AuthorizationServer): Promise<oauth.ClientAuth> {
  const { client } = provider
  if (client.kind === 'none') return oauth.None()
  if (client.kind === 'key') return privateKeyJwt(client.key)
  // client_secret_basic is what a provider takes that doesn't say (OpenID Connect Discovery 1.0 section 3)
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const by = client.by ?? (methods.includes('client_secret_basic') ? 'basic' : 'post')
  return by === 'basic' ? oauth.ClientSecretBasic(client.secret) : oauth.ClientSecretPost(client.secret)
}

/** RFC 7523 section 2.2. */
async function privateKeyJwt(jwk: Readonly<Record<string, unknown>>): Promise<oauth.ClientAuth> {
  const key = await importJWK({ ...jwk, ext: true }, String(jwk['alg']))
  if (key instanceof Uint8Array) throw new TypeError('a shared secret is no private key')
  return oauth.PrivateKeyJwt({ key, kid: String(jwk['kid']) })
}
