/** A session that the hosts of one site share: which origins do, and which can't have been meant to. */

import { type Problem, problemAt } from './problem.ts'
import type { OriginConfig } from './schema.ts'
import type { Origin } from './table.ts'

const siteOf = ({ session }: OriginConfig): string | null => (typeof session === 'object' && session.site) || null

/** @returns the names of the origins that take a session of this one: itself, and whoever names the same site */
export function sharersOf(origin: OriginConfig, origins: readonly OriginConfig[]): readonly string[] {
  const site = siteOf(origin)
  if (site === null) return [origin.name]
  return origins.filter((other) => siteOf(other) === site).map(({ name }) => name)
}

/** @returns what is to be mended before a cookie may be shared */
export function lintSites(origins: readonly Origin[]): Problem[] {
  const sharing = origins.filter(({ sessionOptions }) => sessionOptions.site !== null)
  return sharing.flatMap((origin, at) => [
    ...hostsElsewhere(origin),
    ...sitesWithin(origin, sharing.slice(0, at)),
    ...providersApart(origin, sharing.slice(0, at)),
  ])
}

/** A browser keeps no cookie for a domain that the host doesn't stand under (RFC 6265 section 5.3, step 6). */
function hostsElsewhere(origin: Origin): Problem[] {
  const { site } = origin.sessionOptions
  const stray = origin.hosts.find((host) => host !== site && !host.endsWith(`.${site}`))
  if (stray === undefined) return []
  return [
    problem(
      origin,
      `the host "${stray}" does not stand under it: no browser would keep the cookie there`,
      'write the domain above all hosts of the origin, or give that host an origin of its own',
    ),
  ]
}

/** Below the inner one a browser would send two cookies of one name, and neither is believed. */
function sitesWithin(origin: Origin, others: readonly Origin[]): Problem[] {
  const { site } = origin.sessionOptions
  const other = others.find(
    ({ sessionOptions: { site: its } }) => its?.endsWith(`.${site}`) || site?.endsWith(`.${its}`),
  )
  if (!other) return []
  return [
    problem(
      origin,
      `it overlaps the site "${other.sessionOptions.site}" of "${other.name}": a browser would send both cookies`,
      'write the same site at both, or leave it out at one',
    ),
  ]
}

/** Who signs in at one is signed in at all: with a provider that one of them doesn't trust, that would be a way around. */
function providersApart(origin: Origin, others: readonly Origin[]): Problem[] {
  const named = (of: Origin): string => [...of.providers].sort().join(', ')
  const other = others.find(
    (one) =>
      one.sessionOptions.site === origin.sessionOptions.site &&
      one.providers.length > 0 &&
      origin.providers.length > 0 &&
      named(one) !== named(origin),
  )
  if (!other) return []
  return [
    problem(
      origin,
      `"${other.name}" shares it, and people sign in there with other providers (${named(other)}): they would be signed in here too`,
      'name the same providers at both, or leave site out at one',
    ),
  ]
}

const problem = (origin: Origin, message: string, fix: string): Problem =>
  problemAt(origin, ['session', 'site'], origin.sessionOptions.site, message, fix)
