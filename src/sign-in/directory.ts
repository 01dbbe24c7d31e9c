/** What providers say of themselves: memory, then the cache that instances share, then the network. */

import type { AuthorizationServer } from 'oauth4webapi'
import type { KeyCache } from '../authenticate/jwks.ts'
import { type Fetch, propertyOf } from '../authenticate/key-document.ts'
import { createShare, type WaitUntil } from '../authenticate/share.ts'
import type { Provider } from '../route/compile-provider.ts'
import { ProviderUnavailable } from './http.ts'

export interface ProviderDirectory {
  /** Throws {@link ProviderUnavailable}. */
  metadata(provider: Provider, waitUntil: WaitUntil): Promise<AuthorizationServer>
}

export interface DirectoryParts {
  /** Bounded in time and size. */
  readonly fetch: Fetch
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly timeoutMilliseconds: number
  readonly cache?: KeyCache | undefined
}

/** For so long it is believed without asking. */
export const freshSeconds = 3_600
/** For so long it is believed when the provider can't be asked. */
export const staleSeconds = 86_400
/** So soon a provider that failed is asked again. */
const retrySeconds = 5

interface Kept {
  readonly metadata: AuthorizationServer
  readonly fetchedAt: number
}

export function createDirectory({ fetch, now, timeoutMilliseconds, cache }: DirectoryParts): ProviderDirectory {
  const kept = new Map<string, Kept>()
  const failedAt = new Map<string, number>()
  const share = createShare<Kept>(timeoutMilliseconds, now)
  return {
    async metadata(provider, waitUntil) {
      const known = kept.get(provider.name)
      if (known && now() - known.fetchedAt < freshSeconds) return known.metadata
      try {
        return (await share.run(provider.name, waitUntil, () => load(provider, waitUntil))).metadata
      } catch (error) {
        const last = kept.get(provider.name)
        if (last && now() - last.fetchedAt < staleSeconds) return last.metadata
        if (error instanceof ProviderUnavailable) throw error
        throw new ProviderUnavailable('its discovery document did not come in time', { cause: error })
      }
    },
  }

  async function load(provider: Provider, waitUntil: WaitUntil): Promise<Kept> {
    const cached = await fromCache(provider)
    if (cached) keep(provider, cached)
    if (cached && now() - cached.fetchedAt < freshSeconds) return cached
    if (now() - (failedAt.get(provider.name) ?? Number.NEGATIVE_INFINITY) < retrySeconds)
      throw new ProviderUnavailable('it failed a moment ago')
    failedAt.set(provider.name, now())
    const url = `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const answer = await fetch(url, { headers: { accept: 'application/json' } })
    if (answer.status !== 200) throw new ProviderUnavailable(`its discovery document: status ${answer.status}`)
    const found = { metadata: readMetadata(await parse(answer), provider), fetchedAt: now() }
    failedAt.delete(provider.name)
    keep(provider, found)
    if (cache) waitUntil(cache.write(keyOf(provider), JSON.stringify(found), staleSeconds).catch(() => undefined))
    return found
  }

  /** null for whatever isn't whole, this issuer's, and young enough: then the provider itself is asked. */
  async function fromCache(provider: Provider): Promise<Kept | null> {
    try {
      const text = cache ? await cache.read(keyOf(provider)) : null
      const json: unknown = text === null ? null : JSON.parse(text)
      const fetchedAt = propertyOf(json, 'fetchedAt')
      if (typeof fetchedAt !== 'number' || fetchedAt > now() + 60 || now() - fetchedAt >= staleSeconds) return null
      return { metadata: readMetadata(propertyOf(json, 'metadata'), provider), fetchedAt }
    } catch {
      return null
    }
  }

  function keep(provider: Provider, found: Kept): void {
    if ((kept.get(provider.name)?.fetchedAt ?? 0) < found.fetchedAt) kept.set(provider.name, found)
  }
}

const keyOf = ({ name }: Provider): string => `provider:${name}`

async function parse(answer: Response): Promise<unknown> {
  try {
    return JSON.parse(await answer.text())
  } catch {
    throw new ProviderUnavailable('its discovery document is not JSON')
  }
}

const needed = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const optional = [
  'userinfo_endpoint',
  'end_session_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'pushed_authorization_request_endpoint',
] as const

/**
 * OpenID Connect Discovery 1.0 section 4.3: the document must be of the issuer that was asked, compared whole. Its
 * addresses may be on other hosts (Google's are), and never less safe than the issuer's own.
 */
export function readMetadata(document: unknown, provider: Provider): AuthorizationServer {
  if (propertyOf(document, 'issuer') !== provider.issuer)
    throw new ProviderUnavailable('its discovery document names another issuer')
  for (const name of [...needed, ...optional]) {
    const value = propertyOf(document, name)
    if (value === undefined && !needed.some((other) => other === name)) continue
    if (!isSafe(value, provider.issuer)) throw new ProviderUnavailable(`its discovery document has no good ${name}`)
  }
  // the addresses were looked at; of the rest each is looked at where it is used
  return document as AuthorizationServer
}

function isSafe(value: unknown, issuer: string): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (!url || url.username || url.password || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && issuer.startsWith('http:'))
}
