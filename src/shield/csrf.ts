/** Tells a request that a page of ours meant to send from one that another site made the browser send. */

import type { Cors, Csrf } from '../route/shield.ts'

export interface Sent {
  readonly method: string
  /** `https://app.example.com`: scheme and host as the platform saw them. */
  readonly self: string
  readonly headers: { get(name: string): string | null }
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Only a cookie travels unasked, so only a request with a session credential is looked at: an unsafe method,
 * or a WebSocket handshake. The content type is no excuse.
 *
 * @returns null, or where the request came from
 */
export function detectForgery({ method, self, headers }: Sent, csrf: Csrf, cors: Cors | null): string | null {
  const isHandshake = headers.get('upgrade') !== null
  if (csrf.exempt || (safeMethods.has(method) && !isHandshake)) return null
  const origin = headers.get('origin')
  if (origin !== null && isAllowed(origin, csrf, cors)) return null
  const site = headers.get('sec-fetch-site')
  if (site === 'same-origin' || (site === 'same-site' && csrf.siblings)) return null
  if (site !== null) return origin ?? site
  return origin === self ? null : (origin ?? 'unknown')
}

/** An origin that may read with credentials may write with them too. */
function isAllowed(origin: string, csrf: Csrf, cors: Cors | null): boolean {
  return csrf.origins.has(origin) || Boolean(cors?.credentials && cors.origins !== '*' && cors.origins.has(origin))
}
