/** Tells a request that a page of ours meant to send from one that another site made the browser send. */

import type { Cors, Shield } from '../route/shield.ts'
import { isMember } from '../route/web-origin.ts'

export interface Sent {
  readonly method: string
  /** `https://app.example.com`: scheme and host as the platform saw them; asked for only where it is needed. */
  self(): string
  readonly headers: { get(name: string): string | null }
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const maxRefererChars = 8_192

/** What a browser without `Sec-Fetch-Site`, `Origin` and `Referer` says of where a request came from: nothing. */
export const unknownSender = 'unknown'

/**
 * Only a cookie travels unasked, so only a request with a session credential is looked at: an unsafe method,
 * or a WebSocket handshake. The content type is no excuse.
 *
 * The browser's own word comes first (`Sec-Fetch-Site`, Fetch Metadata section 2.2), then `Origin`, then
 * `Referer`; what is there and says no isn't mended by the next.
 *
 * @returns null, or where the request came from
 */
export function detectForgery({ method, self, headers }: Sent, { csrf, cors }: Shield): string | null {
  if (csrf.exempt || (safeMethods.has(method) && headers.get('upgrade') === null)) return null
  const origin = headers.get('origin')
  if (origin !== null && (isMember(csrf.origins, origin) || isTrusted(cors, origin, method))) return null
  const site = headers.get('sec-fetch-site')
  if (site !== null) {
    // none: typed, or from a bookmark; a page can't bring it about
    if (site === 'same-origin' || site === 'none' || (site === 'same-site' && csrf.siblings)) return null
    return origin ?? site
  }
  if (origin !== null) return origin === self() ? null : origin
  const referer = headers.get('referer')
  if (referer === null) return unknownSender
  const from = referer.length <= maxRefererChars ? URL.parse(referer)?.origin : undefined
  return from === self() ? null : (from ?? 'malformed')
}

/** An origin that may read with credentials may write with them too. */
function isTrusted(cors: Shield['cors'], origin: string, method: string): boolean {
  if (cors === null || cors === 'upstream' || !cors.credentials || !allowsMethod(cors, method)) return false
  return cors.origins !== '*' && isMember(cors.origins, origin)
}

const allowsMethod = ({ methods }: Cors, method: string): boolean => !methods || methods.has(method)
