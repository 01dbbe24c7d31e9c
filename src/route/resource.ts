/** What an API client is told of as a protected resource (RFC 9728): a host, or a part of it that tokens or rules name. */

import type { Access, Requirement } from './schema.ts'
import type { Route } from './table.ts'

/** One resource, at a path of the host; empty: the host itself. */
export interface Resource {
  readonly path: string
  readonly issuers: readonly string[]
  /** Every scope that a rule of it may ask for. */
  readonly scopes: readonly string[]
}

/** RFC 9728 section 3: the path of a resource is put behind it. */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

/** What is needed of an issuer here. */
export interface Advertiser {
  readonly issuer: string
  readonly audience: readonly string[]
  /** Clients may be told of it. */
  readonly isAdvertised: boolean
}

/**
 * Finds which resource a rule belongs to: a client asks its token for that very address (RFC 8707), so what `audience`
 * says of these hosts comes first; where it says nothing of them, a rule of literal segments is its own.
 *
 * @returns null where nobody is told of any
 */
export function createResourceFinder(
  hosts: readonly string[],
  issuers: readonly Advertiser[],
): (rule: { readonly path: string; readonly access: Access }) => string | null {
  const told = issuers.filter(({ isAdvertised }) => isAdvertised)
  if (told.length === 0) return () => null
  const named = told.flatMap(({ audience }) => audience.flatMap((text) => pathNamed(text, hosts) ?? []))
  return ({ path, access }) => {
    if (access === 'public') return null
    const own = path.replace(/\/\*?$/, '')
    if (named.length === 0) return own.includes('/:') ? '' : own
    const above = named.filter((other) => own === other || own.startsWith(`${other}/`))
    return above.reduce((longest, other) => (other.length > longest.length ? other : longest), '')
  }
}

/** The path of an audience that is an address of these hosts; null for any other. */
function pathNamed(audience: string, hosts: readonly string[]): string | null {
  const url = URL.parse(audience)
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) return null
  const isOurs = hosts.some((host) =>
    host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host,
  )
  return isOurs ? url.pathname.replace(/\/$/, '') : null
}

/** The resources of an origin: those of its rules, and the host itself, which is where a client looks that wasn't told. */
export function resourcesOf(
  routes: readonly Pick<Route, 'resource' | 'access'>[],
  issuers: readonly Advertiser[],
): Resource[] {
  const told = issuers.filter(({ isAdvertised }) => isAdvertised).map(({ issuer }) => issuer)
  if (told.length === 0) return []
  const paths = new Set(['', ...routes.flatMap(({ resource }) => resource ?? [])])
  return [...paths].map((path) => ({
    path,
    issuers: [...new Set(told)],
    scopes: [
      ...new Set(routes.flatMap((route) => (path === '' || route.resource === path ? scopesIn(route.access) : []))),
    ],
  }))
}

/** What it would help to have: what a rule wants a token not to have is no use to anybody. */
function scopesIn(access: Access | Requirement): readonly string[] {
  if (typeof access === 'string') return []
  if ('scopes' in access) return access.scopes
  if ('all' in access) return access.all.flatMap(scopesIn)
  return 'any' in access ? access.any.flatMap(scopesIn) : []
}
