/** Where the keys of issuers come from: memory, then the cache that instances share, then the network. */

import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose'
import { createShare, type WaitUntil } from './share.ts'

/** Finds the keys that a token's header asks for; throws jose's JWKSNoMatchingKey where there are none. */
export type KeySet = ReturnType<typeof createLocalJWKSet>

export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'inline'; readonly keys: readonly Record<string, unknown>[] }

export interface KeyOwner {
  readonly name: string
  readonly issuer: string
}

export interface KeyProvider {
  /** The keys as known; throws {@link KeysUnavailable}. */
  keys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): Promise<KeySet>
  /** The keys fetched anew because a token names one that isn't known, or null inside the cool-down. */
  renewedKeys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): Promise<KeySet | null>
}

/** Neither the issuer nor any cache has keys that are young enough. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** What is asked of a cache that instances share (Workers KV): two methods. */
export interface KeyCache {
  read(key: string): Promise<string | null>
  write(key: string, text: string, ttlSeconds: number): Promise<void>
}

export interface KeyProviderParts {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly timeoutMilliseconds: number
  readonly cache?: KeyCache | undefined
}

export const softAgeSeconds = 600
export const hardAgeSeconds = 86_400
export const coolDownSeconds = 30
const retrySeconds = 5
const maxDocumentBytes = 262_144
const maxKeys = 100

interface Kept {
  readonly keys: KeySet
  readonly fetchedAt: number
}

export function createKeyProvider({ fetch, now, timeoutMilliseconds, cache }: KeyProviderParts): KeyProvider {
  const kept = new Map<string, Kept>()
  const triedAt = new Map<string, number>()
  // discovery and key set, one after the other
  const share = createShare<Kept>(timeoutMilliseconds, now)

  return {
    async keys(owner, source, waitUntil) {
      if (source.kind === 'inline') return inline(owner.name, source)
      const known = kept.get(owner.name) ?? (await fromCache(owner))
      const age = known ? now() - known.fetchedAt : Number.POSITIVE_INFINITY
      if (!known || age >= hardAgeSeconds) {
        if (!hasCooled(owner, retrySeconds)) throw new KeysUnavailable('the issuer failed a moment ago')
        return (await fetchShared(owner, source, waitUntil)).keys
      }
      if (age >= softAgeSeconds && hasCooled(owner, coolDownSeconds)) {
        waitUntil(fetchShared(owner, source, waitUntil).catch(() => undefined))
      }
      return known.keys
    },
    async renewedKeys(owner, source, waitUntil) {
      if (source.kind === 'inline' || !hasCooled(owner, coolDownSeconds)) return null
      return (await fetchShared(owner, source, waitUntil)).keys
    },
  }

  function inline(name: string, source: { readonly keys: readonly Record<string, unknown>[] }): KeySet {
    const known = kept.get(name)
    if (known) return known.keys
    const keys = keySetOf({ keys: source.keys })
    kept.set(name, { keys, fetchedAt: now() })
    return keys
  }

  function hasCooled(owner: KeyOwner, seconds: number): boolean {
    return now() - (triedAt.get(owner.name) ?? Number.NEGATIVE_INFINITY) >= seconds
  }

  function fetchShared(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): Promise<Kept> {
    return share(owner.name, waitUntil, async () => {
      triedAt.set(owner.name, now())
      try {
        return await fetchKeys(owner, source, waitUntil)
      } catch (error) {
        throw new KeysUnavailable(error instanceof Error ? error.message : 'unknown', { cause: error })
      }
    }).catch((error: unknown) => {
      throw error instanceof KeysUnavailable
        ? error
        : new KeysUnavailable('the issuer did not answer in time', { cause: error })
    })
  }

  async function fetchKeys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): Promise<Kept> {
    const fetchedAt = now()
    const url = source.kind === 'url' ? source.url : await discover(owner)
    const document = await fetchJson(url)
    const keys = keySetOf(document)
    const found = { keys, fetchedAt }
    kept.set(owner.name, found)
    if (cache) {
      const text = JSON.stringify({ issuer: owner.issuer, fetchedAt, document })
      waitUntil(cache.write(cacheKey(owner), text, hardAgeSeconds).catch(() => undefined))
    }
    return found
  }

  async function fromCache(owner: KeyOwner): Promise<Kept | null> {
    const text = await cache?.read(cacheKey(owner)).catch(() => null)
    if (!text) return null
    const { issuer, fetchedAt, document } = JSON.parse(text) as { issuer: string; fetchedAt: number; document: unknown }
    if (issuer !== owner.issuer) return null
    const found = { keys: keySetOf(document), fetchedAt }
    kept.set(owner.name, found)
    return found
  }

  /** OpenID Connect Discovery 1.0 section 4; the document must name the issuer that it was asked of. */
  async function discover(owner: KeyOwner): Promise<string> {
    const document = await fetchJson(`${owner.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const { issuer, jwks_uri: url } = document as { issuer?: unknown; jwks_uri?: unknown }
    if (issuer !== owner.issuer) throw new KeysUnavailable('the discovery document names another issuer')
    if (typeof url !== 'string' || !URL.canParse(url))
      throw new KeysUnavailable('the discovery document has no jwks_uri')
    if (new URL(owner.issuer).protocol === 'https:' && new URL(url).protocol !== 'https:')
      throw new KeysUnavailable('jwks_uri is not https')
    return url
  }

  async function fetchJson(url: string): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMilliseconds)
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json, application/jwk-set+json' },
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new KeysUnavailable(`the issuer answered ${response.status}`)
    }
    return JSON.parse(await readBounded(response))
  }
}

const cacheKey = (owner: KeyOwner): string => `keys:${owner.name}`

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxDocumentBytes) throw new KeysUnavailable(`the document is larger than ${maxDocumentBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Public asymmetric keys only: a shared secret in a published document is nobody's key. */
function keySetOf(document: unknown): KeySet {
  const keys = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) throw new KeysUnavailable('the document is no key set')
  if (keys.length > maxKeys) throw new KeysUnavailable(`the key set has more than ${maxKeys} keys`)
  const usable = keys.filter(
    (key): key is JWK => typeof key === 'object' && key !== null && typeof key.kty === 'string' && key.kty !== 'oct',
  )
  const set: JSONWebKeySet = { keys: usable }
  return createLocalJWKSet(set)
}
