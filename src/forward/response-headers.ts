/** What comes back: the upstream's headers without those that aren't its to send. */

import type { HeaderPair } from '../head.ts'
import type { CookieHardening } from '../route/forwarding.ts'
import { setsSessionCookie } from '../session/cookie.ts'
import { isCorsHeader } from '../shield/cors.ts'
import type { Addresses } from './address.ts'
import { withoutConnectionAuth } from './connection-auth.ts'
import type { UpstreamHead } from './forward.ts'
import { rewriteLink } from './links.ts'
import { hopByHop, namedBy } from './request-headers.ts'
import { rewriteSetCookie } from './set-cookie.ts'

/** They speak of the upstream's own address, or in the gateway's name. */
const notTheirs: ReadonlySet<string> = new Set(['alt-svc', 'x-request-id'])

export interface ResponseHeaderRules {
  /** The upstream speaks for itself about who may read. */
  readonly passesCors: boolean
  readonly addresses: Addresses
  readonly cookies: CookieHardening
  /** The answer is for everybody: it sets nobody's cookies. */
  readonly isShared: boolean
}

/**
 * What isn't changed stays the very same pair.
 *
 * @param theirs names in lower case; `Set-Cookie` one by one
 */
export function responseHeaders(
  theirs: Iterable<HeaderPair>,
  { passesCors, addresses, cookies, isShared }: ResponseHeaderRules,
): HeaderPair[] {
  let connection: string | null = null
  for (const header of theirs)
    if (header[0] === 'connection') connection = connection ? `${connection},${header[1]}` : header[1]
  const named = namedBy(connection)
  const headers: HeaderPair[] = []
  const pass = (header: HeaderPair, value: string): void => {
    headers.push(value === header[1] ? header : [header[0], value])
  }
  for (const header of theirs) {
    const name = header[0]
    const value = header[1]
    if (hopByHop.has(name) || named?.has(name) || notTheirs.has(name)) continue
    if (!passesCors && isCorsHeader(name)) continue
    if (name.startsWith('x-sallyport')) continue
    if (name === 'set-cookie') {
      if (!isShared && !setsSessionCookie(value)) pass(header, rewriteSetCookie(value, addresses, cookies))
    } else if (name === 'clear-site-data') {
      const kept = withoutCookies(value)
      if (kept !== '') pass(header, kept)
    } else if (name === 'www-authenticate') {
      const kept = withoutConnectionAuth(value)
      if (kept !== '') pass(header, kept)
    } else pass(header, rewriteLink(name, value, addresses))
  }
  return headers
}

/** `Clear-Site-Data` without what would take the gateway's cookie away (W3C Clear Site Data section 3.1). */
const withoutCookies = (value: string): string =>
  value
    .split(',')
    .map((type) => type.trim())
    .flatMap((type) => (type === '"*"' ? ['"cache"', '"storage"', '"executionContexts"'] : [type]))
    .filter((type) => type !== '"cookies"')
    .join(', ')

/** As much as any server is known to send, and as every runtime can take. */
const maxHeadChars = 65_536

/**
 * What makes a head one that can't be passed on; null for a good one. An upstream that lies is no upstream.
 *
 * @param isWebSocket protocols may be switched (RFC 9110 section 15.2.2)
 */
export function faultInHead({ status, headers }: UpstreamHead, isWebSocket = false): string | null {
  const isFinal = Number.isInteger(status) && status >= 200 && status <= 599
  if (!isFinal && !(isWebSocket && status === 101)) return `status ${status}`
  let chars = 0
  for (const header of headers) {
    const name = header[0]
    const value = header[1]
    chars += name.length + value.length
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return 'a header name that is none'
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `a control character in ${name}`
  }
  return chars > maxHeadChars ? 'headers without end' : null
}
