/** Where the keys of issuers come from: memory, then the cache that instances share, then the network. */

import {
  discover,
  type Fetch,
  fetchJson,
  type KeyOwner,
  type KeySet,
  KeysUnavailable,
  keySetOf,
  propertyOf,
} from './key-document.ts'
import { createShare, type WaitUntil, within } from './share.ts'

export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'inline'; readonly keys: readonly Record<string, unknown>[] }

export interface KeyProvider {
  /** The keys as known, where that takes nobody's answer; else null. */
  knownKeys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): KeySet | null
  /** The keys as known, or as soon as they are; throws {@link KeysUnavailable}. */
  keys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): Promise<KeySet>
  /**
   * Keys that are newer than `tried`, which lacks the one that a token names; null inside the cool-down.
   * Throws {@link KeysUnavailable} where nobody can say whether there are any.
   */
  renewedKeys(owner: KeyOwner, source: KeySource, tried: KeySet, waitUntil: WaitUntil): Promise<KeySet | null>
}

/** What is asked of a cache that instances share (Workers KV): two methods. */
export interface KeyCache {
  read(key: string): Promise<string | null>
  write(key: string, text: string, ttlSeconds: number): Promise<void>
}

export interface KeyProviderParts {
  readonly fetch: Fetch
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Bound of everything that one request waits for: cache, discovery and keys together. */
  readonly timeoutMilliseconds: number
  readonly cache?: KeyCache | undefined
}

export const softAgeSeconds = 600
export const hardAgeSeconds = 86_400
export const coolDownSeconds = 30
/** So soon the network is asked again when it gave nothing and there is nothing else. */
export const retrySeconds = 5
/** The cache may take this part of the time-out: it spares a fetch, and must not prevent it. */
const cacheShare = 1 / 4

interface Kept {
  readonly keys: KeySet
  readonly fetchedAt: number
}

export function createKeyProvider({ fetch, now, timeoutMilliseconds, cache }: KeyProviderParts): KeyProvider {
  const kept = new Map<string, Kept>()
  const triedAt = new Map<string, number>()
  const failed = new Set<string>()
  const loads = createShare<Kept>(timeoutMilliseconds, now)
  const fetches = createShare<Kept>(timeoutMilliseconds, now)

  return {
    knownKeys,
    async keys(owner, source, waitUntil) {
      if (source.kind === 'inline') return inline(owner.name, source.keys)
      return knownKeys(owner, source, waitUntil) ?? (await load(owner, source, waitUntil)).keys
    },
    async renewedKeys(owner, source, tried, waitUntil) {
      if (source.kind === 'inline') return null
      const newer = kept.get(owner.name)
      if (newer && newer.keys !== tried) return newer.keys
      if (fetches.isRunning(owner.name) || hasCooled(owner, coolDownSeconds))
        return (await fetchKeys(owner, source, waitUntil)).keys
      if (failed.has(owner.name)) throw new KeysUnavailable('the issuer failed a moment ago')
      return null
    },
  }

  function knownKeys(owner: KeyOwner, source: KeySource, waitUntil: WaitUntil): KeySet | null {
    const known = kept.get(owner.name)
    if (!known || source.kind === 'inline') return known?.keys ?? null
    if (ageOf(known) >= hardAgeSeconds) return null
    refreshIfOld(known, owner, source, waitUntil)
    return known.keys
  }

  function inline(name: string, published: readonly Record<string, unknown>[]): KeySet {
    const known = kept.get(name) ?? { keys: keySetOf({ keys: published }), fetchedAt: now() }
    kept.set(name, known)
    return known.keys
  }

  /** When memory has nothing: the shared cache, then the network. Who comes meanwhile waits for the same. */
  function load(owner: KeyOwner, source: NetworkSource, waitUntil: WaitUntil): Promise<Kept> {
    return named(
      loads.run(owner.name, waitUntil, async () => {
        if (!hasCooled(owner, retrySeconds) && failed.has(owner.name))
          throw new KeysUnavailable('the issuer failed a moment ago')
        const cached = await fromCache(owner, source)
        if (!cached) return fetchKeys(owner, source, waitUntil)
        keep(owner, cached)
        refreshIfOld(cached, owner, source, waitUntil)
        return cached
      }),
    )
  }

  function refreshIfOld(known: Kept, owner: KeyOwner, source: NetworkSource, waitUntil: WaitUntil): void {
    if (ageOf(known) >= softAgeSeconds && hasCooled(owner, coolDownSeconds))
      waitUntil(fetchKeys(owner, source, waitUntil).catch(() => undefined))
  }

  function fetchKeys(owner: KeyOwner, source: NetworkSource, waitUntil: WaitUntil): Promise<Kept> {
    const work = fetches.run(owner.name, waitUntil, async () => {
      const fetchedAt = now()
      triedAt.set(owner.name, fetchedAt)
      const signal = AbortSignal.timeout(timeoutMilliseconds)
      const url = source.kind === 'url' ? source.url : await discover(fetch, owner, 'jwks_uri', signal)
      const document = await fetchJson(fetch, url, signal)
      const found = { keys: keySetOf(document), fetchedAt }
      failed.delete(owner.name)
      keep(owner, found)
      const text = JSON.stringify({ issuer: owner.issuer, source: nameOf(source), fetchedAt, document })
      if (cache) waitUntil(cache.write(cacheKey(owner), text, hardAgeSeconds).catch(() => undefined))
      return found
    })
    return named(work).catch((error: unknown) => {
      failed.add(owner.name)
      throw error
    })
  }

  /** null for whatever isn't whole, ours, from this source, and young enough. */
  async function fromCache(owner: KeyOwner, source: NetworkSource): Promise<Kept | null> {
    if (!cache) return null
    try {
      const text = await within(timeoutMilliseconds * cacheShare, cache.read(cacheKey(owner)))
      const json: unknown = text === null ? null : JSON.parse(text)
      const fetchedAt = propertyOf(json, 'fetchedAt')
      if (propertyOf(json, 'issuer') !== owner.issuer || propertyOf(json, 'source') !== nameOf(source)) return null
      // what was fetched in the future would never grow old
      if (typeof fetchedAt !== 'number' || fetchedAt > now() + coolDownSeconds) return null
      const found = { keys: keySetOf(propertyOf(json, 'document')), fetchedAt }
      return ageOf(found) < hardAgeSeconds ? found : null
    } catch {
      // a cache that is down or corrupt is as good as empty: the issuer itself is asked next
      return null
    }
  }

  function keep(owner: KeyOwner, found: Kept): void {
    if ((kept.get(owner.name)?.fetchedAt ?? 0) <= found.fetchedAt) kept.set(owner.name, found)
  }

  function ageOf(known: Kept): number {
    return now() - known.fetchedAt
  }

  function hasCooled(owner: KeyOwner, seconds: number): boolean {
    return now() - (triedAt.get(owner.name) ?? Number.NEGATIVE_INFINITY) >= seconds
  }
}

type NetworkSource = Exclude<KeySource, { readonly kind: 'inline' }>

const cacheKey = (owner: KeyOwner): string => `keys:${owner.name}`
const nameOf = (source: NetworkSource): string => (source.kind === 'url' ? source.url : source.kind)

/** Whatever went wrong on the way to the keys: they are unavailable. */
async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KeysUnavailable) throw error
    throw new KeysUnavailable('the issuer could not be asked, or did not answer in time', { cause: error })
  }
}
