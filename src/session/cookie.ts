/** The gateway's own cookie: making one, reading it out of `Cookie`, cutting it out of what goes upstream. */

import { base64url } from 'jose'
import { cookiePairs } from '../cookie-pairs.ts'

/**
 * A host's own cookie, or the one that the hosts of a site share. An origin reads one of the two, by its file, and never
 * the other in its stead: a sibling host can set the shared one, and no host but this the other.
 *
 * @param site the domain that the sharing hosts stand under; null: nothing is shared
 */
export const cookieNameOf = (site: string | null): string => (site === null ? '__Host-sallyport' : '__Secure-sallyport')

/** `v1.<place>.<32 random bytes in base64url>` */
const form = /^v1\.[\w-]{0,64}\.[\w-]{43}$/

export type CookieReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: string }
  /** It is there once, and isn't of the form we give out. */
  | { readonly kind: 'malformed' }
  /** It is there twice, or in a place where servers disagree about whether it is there. */
  | { readonly kind: 'ambiguous' }

/**
 * Finds the gateway's cookie in a `Cookie` header (RFC 6265 section 5.4). Believed only if its name occurs
 * exactly once, as a whole name: not twice, not after a no-break space, not behind the comma of two headers
 * that were joined.
 */
export function readSessionCookie(header: string, site: string | null): CookieReading {
  const name = cookieNameOf(site)
  const at = header.indexOf(name)
  if (at < 0) return { kind: 'none' }
  if (header.includes(name, at + 1)) return { kind: 'ambiguous' }
  for (const pair of cookiePairs(header)) {
    if (!pair.startsWith(`${name}=`)) continue
    const value = pair.slice(name.length + 1)
    return form.test(value) ? { kind: 'value', value } : { kind: 'malformed' }
  }
  return { kind: 'ambiguous' }
}

/** The session's cookie of either name, and those of a sign-in under way. */
const ours = /__(?:host|secure)-(?:sign-in-)?sallyport/i

/**
 * The header without any part that speaks of the gateway's cookies; null when nothing else is left.
 *
 * @param passed the name of the one that may stay: another origin's, and those of a sign-in, never do
 */
export function cutSessionCookie(header: string, passed: string | null): string | null {
  if (!ours.test(header)) return header
  const isPassed = (pair: string): boolean =>
    passed !== null && pair.startsWith(`${passed}=`) && !ours.test(pair.slice(passed.length))
  const pairs = cookiePairs(header)
  return pairs.filter((pair) => pair !== '' && (!ours.test(pair) || isPassed(pair))).join('; ') || null
}

/**
 * True for a `Set-Cookie` of the upstream that would set or delete the gateway's cookie; so would one without a
 * name (`=__Host-sallyport=x`), which browsers send back as if its value were a name and another value.
 */
export const setsSessionCookie = (setCookie: string): boolean =>
  /^(?:[^=;]*|\s*=[^;]*)__(?:host|secure)-(?:sign-in-)?sallyport/i.test(setCookie)

/** @returns a fresh value: 256 random bits */
export function makeCookieValue(place = ''): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return `v1.${place}.${base64url.encode(bytes)}`
}

const attributesFor = (site: string | null): string =>
  `${site === null ? '' : `Domain=${site}; `}Path=/; Secure; HttpOnly; SameSite=Lax`

/**
 * The `Set-Cookie` header that hands a value out.
 *
 * @param maxAgeSeconds for those who asked to be remembered; null: until the browser is closed
 */
export const setCookie = (value: string, site: string | null, maxAgeSeconds: number | null = null): string =>
  `${cookieNameOf(site)}=${value}; ${attributesFor(site)}${maxAgeSeconds === null ? '' : `; Max-Age=${maxAgeSeconds}`}`

/** The `Set-Cookie` header of a sign-out. */
export const clearCookie = (site: string | null): string => setCookie('', site, 0)
