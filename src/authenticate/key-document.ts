/** Fetches the published keys of an issuer: bounded, never redirected, and none but public ones. */

import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose'

/** Finds the keys that a token's header asks for; throws jose's JWKSNoMatchingKey where there are none. */
export type KeySet = ReturnType<typeof createLocalJWKSet>

export interface KeyOwner {
  readonly name: string
  readonly issuer: string
}

/** Neither the issuer nor any cache has keys that are young enough. Its message says nothing of what was read. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const maxDocumentBytes = 262_144
const maxKeys = 100

/** OpenID Connect Discovery 1.0 section 4: the document must name the issuer that it was asked of. */
export async function discover(
  fetch: Fetch,
  owner: KeyOwner,
  what: 'jwks_uri' | 'introspection_endpoint',
  signal: AbortSignal,
): Promise<string> {
  const document = await fetchJson(fetch, `${owner.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal)
  if (propertyOf(document, 'issuer') !== owner.issuer)
    throw new KeysUnavailable('the discovery document names another issuer')
  const url = propertyOf(document, what)
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (!parsed) throw new KeysUnavailable(`the discovery document has no ${what}`)
  const { protocol } = parsed
  if (protocol !== 'https:' && (protocol !== 'http:' || owner.issuer.startsWith('https:')))
    throw new KeysUnavailable(`${what} is not https`)
  return parsed.href
}

/** Fetches JSON; throws {@link KeysUnavailable} for any answer but a whole one of status 200 and bounded size. */
export async function fetchJson(fetch: Fetch, url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal,
    headers: { accept: 'application/json, application/jwk-set+json' },
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new KeysUnavailable(`the issuer answered ${response.status}`)
  }
  const text = await readBounded(response)
  try {
    return JSON.parse(text)
  } catch {
    throw new KeysUnavailable('the issuer did not answer in JSON')
  }
}

/** Throws {@link KeysUnavailable} as soon as there is more than any such document needs. */
export async function readBounded(response: Response, maxBytes = maxDocumentBytes): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new KeysUnavailable(`the document is larger than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Public asymmetric keys only: a shared secret in a published document is nobody's key. */
export function keySetOf(document: unknown): KeySet {
  const keys = propertyOf(document, 'keys')
  if (!Array.isArray(keys)) throw new KeysUnavailable('the document is no key set')
  if (keys.length > maxKeys) throw new KeysUnavailable(`the key set has more than ${maxKeys} keys`)
  const set: JSONWebKeySet = { keys: keys.filter(isPublic) }
  return createLocalJWKSet(set)
}

const isPublic = (key: unknown): key is JWK =>
  typeof key === 'object' &&
  key !== null &&
  'kty' in key &&
  typeof key.kty === 'string' &&
  key.kty !== 'oct' &&
  !('k' in key) &&
  !('d' in key)

/** A property of its own of what was parsed from JSON. */
export const propertyOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
