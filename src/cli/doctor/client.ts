/** Whether the provider knows this gateway: its client id and secret, and the addresses it sends people back to. */

import * as oauth from 'oauth4webapi'
import type { Fetch } from '../../authenticate/key-document.ts'
import type { Provider } from '../../route/compile-provider.ts'
import { authorizationUrl } from '../../sign-in/ask.ts'
import { clientOf, type ProviderClient } from '../../sign-in/client.ts'
import { makeTransaction, type Transaction } from '../../sign-in/transaction.ts'
import { causeOf } from '../cause.ts'
import { type Finding, mend, ok, unknown } from './finding.ts'

export interface ClientParts {
  readonly provider: Provider
  readonly metadata: oauth.AuthorizationServer
  /** Bounded in time and size, and never redirected. */
  readonly fetch: Fetch
  /** Where people are sent back to, one for each host. */
  readonly redirects: readonly string[]
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Asks what a sign-in would ask, as far as one gets without a person. The provider's log will show it. */
export async function examineClient(parts: ClientParts): Promise<readonly Finding[]> {
  const { provider, metadata, fetch, redirects, now } = parts
  let client: ProviderClient
  try {
    client = await clientOf(provider, metadata, fetch, now())
  } catch (error) {
    return [
      mend('client', `its clientKey can't be used: ${causeOf(error)}`, 'write a private key as JWK, with its alg'),
    ]
  }
  const known = await examineCredentials(parts, client)
  if (known.verdict === 'mend') return [known]
  const findings: Finding[] = [known]
  for (const redirect of redirects) findings.push(await examineRedirect(parts, client, redirect))
  return findings
}

/** Shows id and secret with a code that was never issued: whoever looks at the code has believed the rest. */
async function examineCredentials(
  { provider, metadata, redirects }: ClientParts,
  known: ProviderClient,
): Promise<Finding> {
  const { client, authentication, options } = known
  const how = provider.client.kind === 'none' ? 'without a secret' : `by its ${provider.client.kind}`
  try {
    const parameters = { code: 'sallyport-doctor', redirect_uri: redirects[0] ?? '', code_verifier: 'a'.repeat(43) }
    const answer = await oauth.genericTokenEndpointRequest(
      metadata,
      client,
      authentication,
      'authorization_code',
      parameters,
      options,
    )
    const error = await errorIn(answer)
    if (error === 'invalid_grant') return ok('client', `the provider knows "${provider.clientId}" ${how}`)
    if (answer.status === 401 || error === 'invalid_client' || error === 'unauthorized_client')
      return mend(
        'client',
        `the provider doesn't take "${provider.clientId}" ${how} (${error})`,
        'compare clientId and secret with what the provider gave, and how it wants the secret sent: clientAuthentication',
      )
    return unknown(
      'client',
      `the provider answers ${answer.status} ${error}: it can't be told whether it knows the client`,
    )
  } catch (error) {
    return mend('client', `the token endpoint gives no answer (${causeOf(error)})`, 'see that the gateway can reach it')
  }
}

async function errorIn(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => null)
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  return typeof error === 'string' && /^[\w-]{1,64}$/.test(error) ? error : 'without a word'
}

async function examineRedirect(parts: ClientParts, client: ProviderClient, redirect: string): Promise<Finding> {
  const { provider, metadata, now } = parts
  const fix = `register ${redirect} at the provider as redirect address, to the letter`
  const transaction = makeTransaction({ provider: provider.name, returnTo: '/', maxAgeSeconds: null, acr: null }, now())
  try {
    const address = await authorizationUrl(provider, metadata, client, transaction, redirect)
    // pushed, and taken (RFC 9126 section 2.2)
    if (metadata.pushed_authorization_request_endpoint !== undefined) return ok('redirect', redirect)
    return await followed(address, redirect, transaction, fix)
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError))
      return unknown('redirect', `${redirect}: no answer (${causeOf(error)})`)
    const says = `the provider refuses ${redirect} (${error.error})`
    const isOther = /^invalid_(?:scope|target)$|^unauthorized_client$/.test(error.error)
    return mend('redirect', says, isOther ? 'see what this client may ask for at the provider' : fix)
  }
}

/** `prompt=none`: the provider has to send the browser back at once, or to say why it won't (OpenID Connect Core section 3.1.2.6). */
async function followed(address: string, redirect: string, { state }: Transaction, fix: string): Promise<Finding> {
  const url = new URL(address)
  url.searchParams.set('prompt', 'none')
  const answer = await fetch(url.href, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
    signal: AbortSignal.timeout(10_000),
  })
  await answer.body?.cancel()
  const location = URL.parse(answer.headers.get('location') ?? '', url.href)
  const isBack = location?.href.split(/[?#]/, 1)[0] === redirect && location.searchParams.get('state') === state
  if (isBack) return ok('redirect', redirect)
  if (answer.status >= 400 && answer.status < 500)
    return mend('redirect', `the provider refuses ${redirect} (it answers ${answer.status})`, fix)
  return unknown(
    'redirect',
    `${redirect}: the provider doesn't say`,
    `open ${address} in a browser: a form is well, an error says what is wrong`,
  )
}
