/** Finds rules that can't be reached, or that others above or below make useless. */

import { hasWindowsName } from './path.ts'
import { covers } from './pattern.ts'
import { type Problem, problemAt } from './problem.ts'
import { resourceMetadataPath } from './resource.ts'
import type { Route } from './table.ts'

/** @returns what is wrong with where a rule stands among the rules of its origin */
export function lintRoute(route: Route): Problem[] {
  const { origin } = route
  const at = (key: string): readonly PropertyKey[] => ['rules', route.index, key]
  const [first, second] = route.pattern.segments
  const isResources = origin.resources.length > 0 && `/.well-known/${second}` === resourceMetadataPath
  if (first === '.sallyport' || (first === '.well-known' && (second === 'sallyport' || isResources))) {
    return [problemAt(origin, at('path'), route.path, 'the path is reserved for the gateway itself', 'choose another')]
  }
  const above = origin.routes
    .slice(0, route.index)
    .filter((other) => covers(other.pattern, route.pattern, origin.paths))
  const door = isOpen(route) ? undefined : above.find((other) => isOpen(other) && meet(other, route))
  if (door) {
    return [
      problemAt(
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
      problemAt(
        origin,
        at('path'),
        route.path,
        `the rule can't be reached: rules[${shadow.index}] ("${shadow.path}") takes all of it`,
        'move it up, or delete it',
      ),
    ]
  }
  return [...literalNeverMet(route), ...methodsGoPast(route)]
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

/**
 * HEAD is GET without its body (RFC 9110 section 9.3.2), and to many an old server so is a method that it doesn't know,
 * with the body: a rule that guards GET and lets those past guards nothing.
 */
function methodsGoPast(route: Route): Problem[] {
  const { methods, origin } = route
  if (isOpen(route) || !methods?.has('GET')) return []
  const past = (takes: (other: Route) => boolean, what: string, fix: string): Problem[] => {
    const next = origin.routes.find((other) => takes(other) && covers(other.pattern, route.pattern, origin.paths))
    if (!next || !isOpen(next)) return []
    const message = `${what} goes past it to rules[${next.index}] ("${next.path}", ${next.access})`
    return [problemAt(origin, ['rules', route.index, 'methods'], [...methods], message, fix)]
  }
  const head = methods.has('HEAD')
    ? []
    : past(({ methods: its }) => its?.has('HEAD') ?? true, 'HEAD', 'add "HEAD" beside "GET"')
  if (head.length > 0) return head
  return past(
    ({ methods: its }) => its === null,
    'any other method',
    'leave "methods" out here, to guard each of them, or write "methods" there',
  )
}

/** Windows folds letters outside ASCII in ways of its own: a request for such a literal is always ambiguous. */
function literalNeverMet(route: Route): Problem[] {
  const odd = route.pattern.segments.some((segment) => segment !== null && !/^[\x20-\x7e]*$/.test(segment))
  const named = route.pattern.segments.some((segment) => segment !== null && hasWindowsName([segment]))
  if (!route.origin.paths.caseInsensitive || !(odd || named)) return []
  return [
    problemAt(
      route.origin,
      ['rules', route.index, 'path'],
      route.path,
      'no request can meet it: with paths.caseInsensitive a literal is ASCII, without ":" or a short name',
      'write ":name" in its place',
    ),
  ]
}
