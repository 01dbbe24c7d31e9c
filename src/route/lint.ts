/** Finds what is well-formed and yet not what the operator can have meant. */

import type { Gateway } from './compile.ts'
import { hasWindowsName, readTarget } from './path.ts'
import { covers, matches } from './pattern.ts'
import { formatPath, type Problem, showValue } from './problem.ts'
import { resourceMetadataPath } from './resource.ts'
import { lintSites } from './site.ts'
import type { Origin, Route } from './table.ts'

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
  ...origin.routes.flatMap((route) => lintRoute(route)),
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
          problem(
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
      problem(origin, ['name'], origin.name, 'another origin has this name', 'name each origin as its file'),
    )
}

/** A token that is no JWT doesn't say whose it is, and one issuer's is not for another to see. */
function askedTwice({ origins, issuers }: Gateway): Problem[] {
  const asked = (name: string): boolean => Boolean(issuers.get(name)?.introspection)
  return origins
    .filter(({ bearer }) => bearer.filter(asked).length > 1)
    .map((origin) =>
      problem(
        origin,
        ['bearer'],
        origin.bearer.filter(asked),
        'each of these issuers would be asked about the tokens of the other',
        'keep one issuer with introspection, and put the other on an origin of its own',
      ),
    )
}

function lintRoute(route: Route): Problem[] {
  const { origin } = route
  const at = (key: string): readonly PropertyKey[] => ['rules', route.index, key]
  const [first, second] = route.pattern.segments
  const isResources = origin.resources.length > 0 && `/.well-known/${second}` === resourceMetadataPath
  if (first === '.sallyport' || (first === '.well-known' && (second === 'sallyport' || isResources))) {
    return [problem(origin, at('path'), route.path, 'the path is reserved for the gateway itself', 'choose another')]
  }
  const above = origin.routes
    .slice(0, route.index)
    .filter((other) => covers(other.pattern, route.pattern, origin.paths))
  const door = isOpen(route) ? undefined : above.find((other) => isOpen(other) && meet(other, route))
  if (door) {
    return [
      problem(
        origin,
        at('path'),
        route.path,
        `rules[${door.index}] ("${door.path}", ${door.access}) stands above it and lets everyone in`,
        `move this rule above rules[${door.index}], or narrow that one`,
      ),
    ]
  }
  const shadow = takesAll(above, route)
  if (shadow) {
    return [
      problem(
        origin,
        at('path'),
        route.path,
        `the rule can't be reached: rules[${shadow.index}] ("${shadow.path}") takes all of it`,
        'move it up, or delete it',
      ),
    ]
  }
  return [...literalNeverMet(route), ...headGoesPast(route)]
}

/** Some method is taken by both. */
const meet = (a: Route, b: Route): boolean =>
  !a.methods || !b.methods || [...a.methods].some((method) => b.methods?.has(method))

/** Anonymous requests pass. */
const isOpen = ({ access }: Route): boolean => access === 'public' || access === 'optional'

/** The last of the rules it takes to take every method of this one, if together they do. */
function takesAll(above: readonly Route[], route: Route): Route | undefined {
  const whole = above.find(({ methods }) => methods === null)
  if (whole || route.methods === null) return whole
  const wanted = [...route.methods]
  const taken = new Set<string>()
  return above.find(({ methods }) => {
    for (const method of methods ?? []) taken.add(method)
    return wanted.every((method) => taken.has(method))
  })
}

/** HEAD is GET without its body (RFC 9110 section 9.3.2): a rule that guards one and lets the other past guards neither. */
function headGoesPast(route: Route): Problem[] {
  if (isOpen(route) || !route.methods?.has('GET') || route.methods.has('HEAD')) return []
  const takesHead = ({ methods }: Route): boolean => methods?.has('HEAD') ?? true
  const meetsHead = (other: Route): boolean =>
    takesHead(other) && covers(other.pattern, route.pattern, route.origin.paths)
  const next = route.origin.routes.find(meetsHead)
  if (!next || !isOpen(next)) return []
  return [
    problem(
      route.origin,
      ['rules', route.index, 'methods'],
      [...route.methods],
      `HEAD goes past it to rules[${next.index}] ("${next.path}", ${next.access})`,
      'add "HEAD" beside "GET"',
    ),
  ]
}

/** Windows folds letters outside ASCII in ways of its own: a request for such a literal is always ambiguous. */
function literalNeverMet(route: Route): Problem[] {
  const odd = route.pattern.segments.some((segment) => segment !== null && !/^[\x20-\x7e]*$/.test(segment))
  const named = route.pattern.segments.some((segment) => segment !== null && hasWindowsName([segment]))
  if (!route.origin.paths.caseInsensitive || !(odd || named)) return []
  return [
    problem(
      route.origin,
      ['rules', route.index, 'path'],
      route.path,
      'no request can meet it: with paths.caseInsensitive a literal is ASCII, without ":" or a short name',
      'write ":name" in its place',
    ),
  ]
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
    problem(
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
        problem(
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
        problem(
          origin,
          ['providers'],
          origin.providers,
          'who signs in here is not known here: the origin reads no sessions',
          'write session: true',
        ),
      ]
    : []

const problem = (
  origin: Origin,
  path: readonly PropertyKey[],
  value: unknown,
  message: string,
  fix: string,
): Problem => ({
  file: `routes/${origin.name}.ts`,
  path: formatPath(path),
  value: showValue(value),
  message,
  fix,
})
