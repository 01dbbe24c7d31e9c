/** Gives a page its nonce: in its policy here, in its scripts and styles by the runtime that streams it. */

import type { HeaderPair } from '../head.ts'
import type { NoncePolicy } from '../route/shield.ts'
import { isForSharedCaches } from './cache.ts'
import { makeNonce } from './csp.ts'

/** They speak of a body that is another now, or would let an old page meet a new nonce. */
const stale: ReadonlySet<string> = new Set([
  'accept-ranges',
  'cache-control',
  'content-length',
  'content-md5',
  'digest',
  'etag',
  'expires',
  'last-modified',
])

export interface Noted {
  readonly headers: HeaderPair[]
  /** null: no page, so nothing is rewritten. */
  readonly nonce: string | null
}

/**
 * The policy of an answer: with a fresh nonce where it is a page.
 *
 * @param headers the upstream's, names in lower case
 * @param hasBody false for HEAD, and for a status that has none
 */
export function noteNonce(headers: readonly HeaderPair[], policy: NoncePolicy, hasBody: boolean): Noted {
  const others = headers.filter(([name]) => name !== policy.name)
  if (!hasBody || !isPage(headers)) return { headers: [...others, [policy.name, policy.plain]], nonce: null }
  const nonce = makeNonce()
  const kept = others.filter(([name]) => !stale.has(name) && !isForSharedCaches(name))
  return { headers: [...kept, ['cache-control', 'no-store'], [policy.name, policy.around.join(nonce)]], nonce }
}

const isPage = (headers: readonly HeaderPair[]): boolean =>
  headers.some(
    ([name, value]) => name === 'content-type' && /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(value),
  )

/** What a client may not ask of an upstream whose page is to be read here: packed, in part, or not at all. */
export const notForPages: ReadonlySet<string> = new Set([
  'accept-encoding',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
])
