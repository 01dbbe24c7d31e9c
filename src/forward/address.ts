/** Turns paths and URLs between the public address and the upstream's: what the one calls `/app`, the other may call `/`. */

import type { Prefix } from '../route/forwarding.ts'
import { readTarget, type Target } from '../route/path.ts'
import type { Origin, Upstream } from '../route/table.ts'

/**
 * The target as the upstream has it. It is read again after the change, so that nothing two servers could read
 * differently comes of it. A path that doesn't begin with the prefix stays.
 *
 * Throws where the change makes an ambiguous path of a good one: no prefix that the schema lets pass does.
 */
export function upstreamTarget(target: Target, prefix: Prefix | null, { paths }: Pick<Origin, 'paths'>): Target {
  if (!prefix) return target
  const rest = restOf(target.path, prefix.from, paths.caseInsensitive)
  if (rest === null) return target
  const read = readTarget(`${prefix.to}${rest || '/'}${target.search}`, paths)
  if (!read.ok) throw new TypeError(`the prefix made a bad path: ${String(read.error)}`)
  return read.value
}

/** Whether the path is another one at the upstream: then the upstream is told what is missing. */
export const isRewritten = ({ path }: Target, prefix: Prefix, { paths }: Pick<Origin, 'paths'>): boolean =>
  restOf(path, prefix.from, paths.caseInsensitive) !== null

/** The public address, and everything that the upstream may call it. */
export interface Addresses {
  /** `https://app.example.com` */
  readonly self: string
  readonly upstreams: readonly Upstream[]
  readonly prefix: Prefix | null
}

/**
 * What an upstream's URL or path is to the public. An absolute one is changed if it names an upstream's host, with
 * whatever scheme and port, or our own by another scheme; a path if it lies below the upstream's. All else stays.
 */
export function publicAddress(address: string, { self, upstreams, prefix }: Addresses): string {
  if (address.startsWith('/') && !address.startsWith('//')) return publicPath(address, basesOf(upstreams), prefix)
  if (!/^(?:https?:)?\/\//i.test(address)) return address
  const url = URL.parse(address, self)
  if (!url || url.username || url.password) return address
  const own = new URL(self)
  if (url.hostname === own.hostname && (url.port === '' || url.host === own.host))
    return address.replace(authority, self)
  const found = upstreams.some(
    (upstream) => upstream.kind === 'url' && new URL(upstream.base).hostname === url.hostname,
  )
  if (!found) return address
  const rest = address.replace(authority, '')
  return `${self}${publicPath(rest.startsWith('/') ? rest : `/${rest}`, basesOf(upstreams), prefix)}`
}

const authority = /^(?:https?:)?\/\/[^/?#\\]*/i

/** A path of the upstream, without its base, with the prefix that the public knows. */
export function publicPath(path: string, bases: readonly string[], prefix: Prefix | null): string {
  const base = bases.find((one) => one !== '' && restOf(path, one, false) !== null)
  const below = base === undefined ? path : `${restOf(path, base, false)}` || '/'
  if (!prefix) return below
  const rest = restOf(below, prefix.to, false)
  return rest === null ? below : `${prefix.from}${rest || '/'}`
}

/** The paths under which the upstreams live; empty for the root. */
export const basesOf = (upstreams: readonly Upstream[]): readonly string[] =>
  upstreams.map((upstream) => (upstream.kind === 'url' ? withoutSlash(new URL(upstream.base).pathname) : ''))

const withoutSlash = (path: string): string => path.replace(/\/+$/, '')

/** What follows the prefix, if it ends where a segment does; null where the path isn't below it. */
function restOf(path: string, prefix: string, isCaseInsensitive: boolean): string | null {
  const start = path.slice(0, prefix.length)
  const isBelow = isCaseInsensitive ? start.toLowerCase() === prefix.toLowerCase() : start === prefix
  const rest = path.slice(prefix.length)
  return isBelow && (rest === '' || /^[/?#]/.test(rest)) ? rest : null
}
