/** Makes the upstream's cookies ones that the public host can set, and as hard as the origin asks. */

import type { CookieHardening } from '../route/forwarding.ts'
import type { Upstream } from '../route/table.ts'
import { type Addresses, basesOf, publicPath } from './address.ts'

/**
 * A `Set-Cookie` (RFC 6265 section 4.1) as the public host would have sent it. `Domain` goes where it names the
 * upstream's host: the cookie is then the public host's alone. `Path` is turned as links are. Attributes that
 * harden are added where they are absent, and never changed where they are there.
 */
export function rewriteSetCookie(value: string, addresses: Addresses, hardening: CookieHardening): string {
  const [pair = '', ...attributes] = value.split(';')
  // browsers drop a __Host- cookie with another path, and a __Secure- one without Secure: those are left as they are
  const isHost = /^\s*__host-/i.test(pair)
  const kept = attributes.flatMap((attribute) => {
    const [name = '', text = ''] = attribute.split('=', 2).map((part) => part.trim())
    if (name.toLowerCase() === 'domain') return isOfUpstream(text, addresses.upstreams) ? [] : [attribute]
    if (name.toLowerCase() !== 'path' || isHost || !text.startsWith('/')) return [attribute]
    return [` ${name}=${cookiePath(text, addresses)}`]
  })
  const has = (name: string): boolean =>
    kept.some((attribute) => attribute.trim().toLowerCase().split('=')[0]?.trim() === name)
  // over plain http a browser would drop what is Secure
  if (hardening.secure && addresses.self.startsWith('https:') && !has('secure')) kept.push(' Secure')
  if (hardening.httpOnly && !has('httponly')) kept.push(' HttpOnly')
  if (hardening.sameSite && !has('samesite')) kept.push(` SameSite=${hardening.sameSite}`)
  return [pair, ...kept].join(';')
}

/** The scope of a cookie isn't a page: `/` of the upstream is all that we show of it. */
function cookiePath(path: string, { upstreams, prefix }: Addresses): string {
  const turned = publicPath(path, basesOf(upstreams), prefix)
  // a path of `/` can't be written without its slash, and below a prefix it would leave out the prefix itself
  const isFolder = path.length > 1 && path.endsWith('/')
  return turned.length > 1 && !isFolder ? turned.replace(/\/$/, '') || '/' : turned
}

/** `Domain=legacy.internal` or a parent of it, as a browser would match it (RFC 6265 section 5.1.3). */
function isOfUpstream(domain: string, upstreams: readonly Upstream[]): boolean {
  const name = domain.replace(/^\./, '').toLowerCase()
  return upstreams.some((upstream) => {
    if (upstream.kind !== 'url') return false
    const { hostname } = new URL(upstream.base)
    return hostname === name || hostname.endsWith(`.${name}`)
  })
}
