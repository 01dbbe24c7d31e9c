/** Finds what is well-formed and yet not what the operator can have meant. */

import type { Gateway } from './compile.ts'
import { lintRoute } from './lint-rules.ts'
import { readTarget } from './path.ts'
import { matches } from './pattern.ts'
import { type Problem, problemAt } from './problem.ts'
import { lintSites } from './site.ts'
import type { Origin } from './table.ts'

/** @returns what is to be mended before this may guard a door; empty when there is nothing */
export function lint(gateway: Gateway): Problem[] {
  return [
    ...hostsClaimedTwice(gateway.origins),
    ...namesTakenTwice(gateway.origins),
    ...gateway.origins.flatMap(lintOrigin),
    ...askedTwice(gateway),
    ...lintSites(gateway.origins),
  ]
}

const lintOrigin = (origin: Origin): Problem[] => [
  ...origin.routes.flatMap(lintRoute),
  ...signInGuarded(origin),
  ...credentialsMissing(origin),
  ...sessionsUnread(origin),
]

function hostsClaimedTwice(origins: readonly Origin[]): Problem[] {
  const claimed = new Map<string, string>()
  const problems: Problem[] = []
  for (const origin of origins) {
    for (const host of origin.hosts) {
      const other = claimed.get(host)
      if (other !== undefined)
        problems.push(
          problemAt(
            origin,
            ['host'],
            host,
            `the host is claimed by "${other}" already`,
            'one host has one file: join the two, or name the hosts apart',
          ),
        )
      else claimed.set(host, origin.name)
    }
  }
  return problems
}

function namesTakenTwice(origins: readonly Origin[]): Problem[] {
  return origins
    .filter((origin, at) => origins.findIndex((other) => other.name === origin.name) < at)
    .map((origin) =>
      problemAt(origin, ['name'], origin.name, 'another origin has this name', 'name each origin as its file'),
    )
}

/** A token that is no JWT doesn't say whose it is, and one issuer's is not for another to see. */
function askedTwice({ origins, issuers }: Gateway): Problem[] {
  const asked = (name: string): boolean => Boolean(issuers.get(name)?.introspection)
  return origins
    .filter(({ bearer }) => bearer.filter(asked).length > 1)
    .map((origin) =>
      problemAt(
        origin,
        ['bearer'],
        origin.bearer.filter(asked),
        'each of these issuers would be asked about the tokens of the other',
        'keep one issuer with introspection, and put the other on an origin of its own',
      ),
    )
}

function signInGuarded(origin: Origin): Problem[] {
  const read = origin.signIn?.startsWith('/') ? readTarget(origin.signIn, origin.paths) : null
  if (!read?.ok) return []
  const [segments = []] = read.value.readings
  if (segments[0] === '.sallyport') return []
  const route = origin.routes.find(
    (other) => matches(other.pattern, segments, origin.paths) && (other.methods?.has('GET') ?? true),
  )
  if (route && (route.access === 'public' || route.access === 'optional')) return []
  return [
    problemAt(
      origin,
      ['signIn'],
      origin.signIn,
      'who is sent there to sign in would be sent there again: no public rule reaches it',
      'add a public rule for it',
    ),
  ]
}

/** A guarded rule of an origin that reads no credential refuses everybody. */
function credentialsMissing(origin: Origin): Problem[] {
  if (origin.session || origin.bearer.length > 0) return []
  const guarded = origin.routes.find((route) => route.access !== 'public')
  return guarded
    ? [
        problemAt(
          origin,
          ['rules', guarded.index, 'access'],
          guarded.access,
          'nobody can pass: the origin reads neither sessions nor Bearer tokens',
          'write session: true, or bearer: ["<issuer>"]',
        ),
      ]
    : []
}

/** Who signs in gets a session, and here it would never be read. */
const sessionsUnread = (origin: Origin): Problem[] =>
  origin.providers.length > 0 && !origin.session
    ? [
        problemAt(
          origin,
          ['providers'],
          origin.providers,
          'who signs in here is not known here: the origin reads no sessions',
          'write session: true',
        ),
      ]
    : []
