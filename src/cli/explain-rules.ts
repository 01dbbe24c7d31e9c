/** Says of every rule why it did or didn't take a request. decide() decides; this only looks over its shoulder. */

import type { Decision } from '../decision.ts'
import type { Head } from '../head.ts'
import type { Gateway as Config } from '../route/compile.ts'
import { matches } from '../route/pattern.ts'
import type { Segments } from '../route/readings.ts'
import type { Access } from '../route/schema.ts'
import type { Origin, Route } from '../route/table.ts'
import { announcedMethod } from '../shield/cors.ts'

export interface RuleTrace {
  readonly origin: string
  /** Its place in the file, from 0. */
  readonly rule: number
  readonly path: string
  readonly methods: readonly string[] | null
  readonly access: Access
  readonly hostMatches: boolean
  /** null where the host isn't its own. */
  readonly methodMatches: boolean | null
  /** One for each reading of the path; empty where there is none, or the host isn't its own. */
  readonly pathMatches: readonly boolean[]
  /** True for the rule that decided. */
  readonly decided: boolean
  readonly why: string
}

/** @returns every rule of every origin, in file order */
export function traceRules(
  config: Config,
  origin: Origin | null,
  readings: readonly Segments[] | null,
  head: Head,
  decision: Decision,
): RuleTrace[] {
  const method = (isAboutPreflight(decision) ? announcedMethod(head.headers) : null) ?? head.method
  const taken = decision.route
  return config.origins.flatMap((other) =>
    other.routes.map((route) => traceRule(route, route.origin === origin, readings, method, taken)),
  )
}

/** The rules were asked for the method that the preflight announces. */
const isAboutPreflight = (decision: Decision): boolean =>
  decision.kind === 'preflight' || (decision.kind === 'refuse' && decision.refusal.reason === 'cross-origin')

function traceRule(
  route: Route,
  hostMatches: boolean,
  readings: readonly Segments[] | null,
  method: string,
  taken: Route | null,
): RuleTrace {
  const methodMatches = hostMatches ? (route.methods?.has(method) ?? true) : null
  const pathMatches = hostMatches
    ? (readings ?? []).map((segments) => matches(route.pattern, segments, route.origin.paths))
    : []
  const seen = { hostMatches, methodMatches, pathMatches, decided: route === taken }
  return {
    origin: route.origin.name,
    rule: route.index,
    path: route.path,
    methods: route.methods ? [...route.methods] : null,
    access: route.access,
    ...seen,
    why: why(seen, method, taken, route),
  }
}

function why(
  seen: Pick<RuleTrace, 'hostMatches' | 'methodMatches' | 'pathMatches' | 'decided'>,
  method: string,
  taken: Route | null,
  route: Route,
): string {
  if (!seen.hostMatches) return 'no: another host'
  if (seen.decided) return 'yes: the first that matches'
  if (seen.pathMatches.length === 0) return 'no: the path is refused before any rule sees it'
  const met = seen.pathMatches.filter(Boolean).length
  if (met === 0) return 'no: another path'
  if (!seen.methodMatches) return `no: the path would, the method ${method} is not among its own`
  if (met < seen.pathMatches.length)
    return `no: only ${met} of the ${seen.pathMatches.length} readings of the path ${met === 1 ? 'matches' : 'match'}`
  return taken && taken.index < route.index
    ? `no: it would, rule ${taken.index} stands above it`
    : 'no: it would, the request is refused before'
}
