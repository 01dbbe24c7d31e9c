/** Asks the gateway about one request, and each rule why it did or didn't take it. */

import { type Decision, type PathFault, refuse } from '../decision.ts'
import type { Gateway } from '../gateway.ts'
import { type Head, selfOrigin } from '../head.ts'
import type { Principal } from '../principal.ts'
import { respondPreflight, respondRefused } from '../respond.ts'
import type { Gateway as Config } from '../route/compile.ts'
import { readTarget } from '../route/path.ts'
import type { Problem } from '../route/problem.ts'
import type { Segments } from '../route/readings.ts'
import { createTable, type Origin } from '../route/table.ts'
import { type Forwarding, forwardingOf } from './explain-forward.ts'
import { type RuleTrace, traceRules } from './explain-rules.ts'

export interface Explained {
  /** The origin that claims the host, and its file. */
  readonly origin: string | null
  readonly file: string | null
  /** Every way to read the path, as segments; null where it isn't read, or can be read in no way. */
  readonly readings: readonly Segments[] | null
  readonly pathFault: PathFault | 'too long' | null
  readonly rules: readonly RuleTrace[]
  /** `own`: an address of the gateway's own, which no rule sees. */
  readonly decision: Decision['kind'] | 'own'
  readonly reason: string | null
  /** The refusal with every fact of it; null where nothing is refused. */
  readonly refusal: Readonly<Record<string, unknown>> | null
  /** Whose request it is, where that is known. */
  readonly principal: Pick<Principal, 'kind' | 'subject' | 'issuer' | 'roles' | 'scopes'> | null
  /** The status of the gateway's own answer; null where the upstream gives one. */
  readonly status: number | null
  /** The gateway's own answer: where it sends the client, and what it asks for. */
  readonly answer: Readonly<Record<string, string>>
  readonly forward: Forwarding | null
}

export interface Question {
  readonly config: Config
  readonly gateway: Gateway
  readonly head: Head
  /** Says in which file of the operator's something stands. */
  place(problem: Problem): Problem
}

export async function explainRequest({ config, gateway, head, place }: Question): Promise<Explained> {
  const origin = createTable(config.origins).originOf(head.host)
  const target = origin && readTarget(head.target, origin.paths)
  const fault = target && !target.ok ? target.error : null
  const readings = target?.ok ? target.value.readings : null
  const seen = {
    origin: origin?.name ?? null,
    file: origin && fileOf(origin, place),
    readings,
    pathFault: fault,
  }
  if (gateway.owns(head)) {
    const address = `${selfOrigin(head)}${head.target.split('?', 1)[0]}`
    const { status } = await gateway.endpoints.request(address, { method: head.method })
    const nothing = { rules: [], reason: null, refusal: null, principal: null, answer: {}, forward: null }
    return { ...seen, ...nothing, decision: 'own', status }
  }
  const decision = await decideSafely(gateway, head)
  const principal = decision.kind === 'preflight' ? null : decision.principal
  return {
    ...seen,
    rules: traceRules(config, origin, readings, head, decision),
    decision: decision.kind,
    reason: decision.kind === 'refuse' ? decision.refusal.reason : null,
    refusal: decision.kind === 'refuse' ? { ...decision.refusal } : null,
    principal: principal && {
      kind: principal.kind,
      subject: principal.subject,
      issuer: principal.issuer,
      roles: principal.roles,
      scopes: principal.scopes,
    },
    ...answerOf(decision, head),
    forward: decision.kind === 'forward' ? await forwardingOf(gateway, decision, head) : null,
  }
}

/** As the gateway does: any exception is a refusal. */
async function decideSafely(gateway: Gateway, head: Head): Promise<Decision> {
  try {
    return await gateway.decide(head, (work) => void work.catch(() => undefined))
  } catch (error) {
    return refuse({ reason: 'fault', cause: error instanceof Error ? error.message : 'unknown' })
  }
}

const fileOf = (origin: Origin, place: Question['place']): string =>
  place({ file: `routes/${origin.name}.ts`, path: '', value: '', message: '', fix: '' }).file

const told = new Set(['location', 'www-authenticate', 'allow', 'retry-after'])

function answerOf(decision: Decision, head: Head): Pick<Explained, 'status' | 'answer'> {
  if (decision.kind === 'forward') return { status: null, answer: {} }
  const origin = decision.kind === 'refuse' ? decision.origin : decision.route.origin
  const asked = { head, route: decision.route, origin, requestId: 'explained' }
  const { status, headers } =
    decision.kind === 'preflight' ? respondPreflight(decision.route, asked) : respondRefused(decision.refusal, asked)
  const kept = headers.filter(([name]) => told.has(name) || name.startsWith('access-control-'))
  return { status, answer: Object.fromEntries(kept) }
}
