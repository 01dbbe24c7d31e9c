/** What is logged of a request: what was asked, what became of it. No token, cookie, query or secret. */

import type { Spent } from './authenticate/spent.ts'
import type { Decision, Refusal } from './decision.ts'
import { methodForLog, pathForLog, redactRefusal } from './redact.ts'
import type { Answer, Asked } from './respond.ts'

/** One line of the log: what was asked, what became of it. No token, cookie, query or secret. */
export interface LogEntry {
  readonly at: number
  readonly requestId: string
  readonly origin: string | null
  readonly rule: string | null
  readonly method: string
  readonly path: string
  /** `endpoint`: it was for us, and nothing was to be decided. */
  readonly decision: Decision['kind'] | 'endpoint'
  readonly reason: string | null
  readonly refusal: Refusal | null
  /** What would have been refused, had the rule not been told to report only. */
  readonly would: Refusal | null
  readonly status: number
  readonly subject: string | null
  readonly milliseconds: number
  /** How long it waited for the store, for the keys of issuers, and for the upstream's head. */
  readonly storeMilliseconds: number
  readonly keysMilliseconds: number
  readonly upstreamMilliseconds: number
}

/** Seconds since the epoch. */
export interface Times {
  readonly startedAt: number
  /** When it went to the upstream; null: it never did. */
  readonly plannedAt: number | null
  readonly now: number
  readonly spent: Spent
}

export function entryOf(
  decision: Decision,
  { head, route, origin, requestId }: Asked,
  answer: Answer,
  refusal: Refusal | null,
  { startedAt, plannedAt, now, spent }: Times,
): LogEntry {
  const would = decision.kind === 'forward' ? decision.would : undefined
  return {
    at: startedAt,
    requestId,
    origin: origin?.name ?? null,
    rule: route?.path ?? null,
    method: methodForLog(head.method),
    path: pathForLog(head.target),
    decision: decision.kind,
    reason: refusal?.reason ?? null,
    refusal: refusal && redactRefusal(refusal, head),
    would: would ? redactRefusal(would, head) : null,
    status: answer.status,
    subject: decision.kind === 'preflight' ? null : (decision.principal?.subject ?? null),
    milliseconds: Math.round((now - startedAt) * 1000),
    storeMilliseconds: Math.round(spent.storeMilliseconds),
    keysMilliseconds: Math.round(spent.keysMilliseconds),
    upstreamMilliseconds: plannedAt === null ? 0 : Math.round((now - plannedAt) * 1000),
  }
}
