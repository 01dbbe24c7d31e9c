/** What a provider says of itself, and whether the gateway could use it: discovery, abilities, keys, clock. */

import type { AuthorizationServer } from 'oauth4webapi'
import { type Fetch, keySetOf, propertyOf } from '../../authenticate/key-document.ts'
import type { Provider } from '../../route/compile-provider.ts'
import { clockToleranceSeconds } from '../../sign-in/client.ts'
import { readMetadata } from '../../sign-in/directory.ts'
import { ProviderUnavailable } from '../../sign-in/http.ts'
import { causeOf } from '../cause.ts'
import { type Finding, mend, ok, unknown } from './finding.ts'

export interface Examined {
  readonly findings: readonly Finding[]
  /** null where it can't be used, and nothing more can be asked. */
  readonly metadata: AuthorizationServer | null
}

/**
 * @param fetch bounded in time and size
 * @param now seconds since the epoch
 */
export async function examineProvider(provider: Provider, fetch: Fetch, now: () => number): Promise<Examined> {
  const url = `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  let document: unknown
  let clock: Finding
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json' } })
    clock = clockOf(answer.headers, now(), 'the provider')
    if (answer.status !== 200)
      return refused(
        `${url} answers ${answer.status}`,
        'write the issuer as the provider names it: its path counts too',
      )
    document = await answer.json()
  } catch (error) {
    if (error instanceof SyntaxError) return refused(`${url} is not JSON`, 'write the issuer as the provider names it')
    const isRedirect = error instanceof ProviderUnavailable && error.cause === undefined
    return refused(
      `${url}: ${isRedirect ? error.message : `no answer (${causeOf(error)})`}`,
      isRedirect
        ? 'write the issuer that it leads to'
        : 'see that this machine and the gateway can reach it, by that name',
    )
  }
  const said = propertyOf(document, 'issuer')
  if (said !== provider.issuer)
    return refused(
      `it calls itself ${JSON.stringify(said)}, and the routes say ${JSON.stringify(provider.issuer)}`,
      'write the issuer as it calls itself, to the last slash',
    )
  let metadata: AuthorizationServer
  try {
    metadata = readMetadata(document, provider)
  } catch (error) {
    return refused(causeOf(error), 'the gateway refuses this document: ask whoever runs the provider')
  }
  const isPlain = provider.issuer.startsWith('http:')
  return {
    metadata,
    findings: [
      isPlain
        ? unknown('discovery', `${url}, without TLS`, 'good for trying out on one machine, and for nothing else')
        : ok('discovery', url),
      abilitiesOf(provider, metadata),
      await examineKeys(provider, metadata, fetch),
      clock,
    ],
  }
}

const refused = (says: string, fix: string): Examined => ({ findings: [mend('discovery', says, fix)], metadata: null })

/** What the document lists must hold what we ask for; what it leaves out can't be told. */
function abilitiesOf({ algorithm, scopes, client }: Provider, metadata: AuthorizationServer): Finding {
  const lacks = (list: unknown, wanted: string): boolean => Array.isArray(list) && !list.includes(wanted)
  const no = (says: string, fix: string): Finding => mend('abilities', says, fix)
  if (lacks(metadata.response_types_supported, 'code'))
    return no('it offers no authorization code flow', 'switch it on at the provider')
  if (lacks(metadata.code_challenge_methods_supported, 'S256'))
    return no('it takes no PKCE with S256', 'switch it on at the provider')
  const algorithms = metadata.id_token_signing_alg_values_supported
  if (lacks(algorithms, algorithm))
    return no(
      `it signs ID tokens with ${algorithms?.join(', ')}, and not with ${algorithm}`,
      `write algorithm: '${algorithms?.find((one) => one !== 'none' && !one.startsWith('HS')) ?? 'RS256'}' at the provider in routes/index.ts`,
    )
  const scope = scopes.find((one) => lacks(metadata.scopes_supported, one))
  if (scope !== undefined) return no(`it knows no scope "${scope}"`, 'leave it out of scopes')
  if (client.kind === 'key' && lacks(metadata.token_endpoint_auth_methods_supported, 'private_key_jwt'))
    return no('it takes no private_key_jwt', 'use a clientSecret instead of the clientKey')
  return ok('abilities', `code flow, S256, ${algorithm}, ${scopes.join(' ')}`)
}

async function examineKeys(provider: Provider, metadata: AuthorizationServer, fetch: Fetch): Promise<Finding> {
  const url = metadata.jwks_uri ?? ''
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json' } })
    if (answer.status !== 200) return noKeys(`${url} answers ${answer.status}`)
    const document: unknown = await answer.json()
    const keys = keySetOf(document).jwks().keys
    const fitting = keys.filter((key) => fits(key, provider.algorithm)).length
    if (fitting > 0) return ok('keys', `${keys.length} at ${url}, ${fitting} for ${provider.algorithm}`)
    return mend(
      'keys',
      `of ${keys.length} at ${url} none is for ${provider.algorithm}`,
      `write the algorithm of its keys: ${[...new Set(keys.map(({ alg, kty }) => alg ?? kty))].join(', ') || 'it has none'}`,
    )
  } catch (error) {
    return noKeys(`${url}: ${causeOf(error)}`)
  }
}

const noKeys = (says: string): Finding =>
  mend('keys', says, 'without them no ID token can be believed: see that the gateway can reach this address')

const families: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }

const fits = ({ kty, alg, use }: { kty?: string; alg?: string; use?: string }, algorithm: string): boolean =>
  kty === families[algorithm.slice(0, 2)] && (alg ?? algorithm) === algorithm && use !== 'enc'

/**
 * From `Date`, and from `Age` where a cache kept the answer (RFC 9111 section 5.1): whole seconds, so two are nothing.
 *
 * @param whose as in: the clock of …
 */
export function clockOf(headers: Headers, now: number, whose: string): Finding {
  const said = Date.parse(headers.get('date') ?? '') / 1000 + Number(headers.get('age') ?? 0)
  if (!Number.isFinite(said)) return unknown('clock', `${whose} doesn't say what time it is`)
  const ahead = Math.round(said - now)
  const off = `${whose} is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine`
  if (Math.abs(ahead) <= 2) return ok('clock', `${whose} and this machine agree`)
  if (Math.abs(ahead) <= clockToleranceSeconds) return ok('clock', `${off}: ${clockToleranceSeconds} are tolerated`)
  return mend('clock', `${off}, and only ${clockToleranceSeconds} are tolerated`, 'set both clocks by NTP')
}
