/** What is logged of a request: what was asked, what became of it. No token, cookie, query or secret. */

import type { Decision, Refusal } from './decision.ts'
import { pathForLog, redactRefusal } from './redact.ts'
import type { Answer, Asked } from './respond.ts'

/** One line of the log: what was asked, what became of it. No token, cookie, query or secret. */
export interface LogEntry {
  readonly at: number
  readonly requestId: string
  readonly origin: string | null
  readonly rule: string | null
  readonly method: string
  readonly path: string
  readonly decision: Decision['kind']
  readonly reason: string | null
  readonly refusal: Refusal | null
  /** What would have been refused, had the rule not been told to report only. */
  readonly would: Refusal | null
  readonly status: number
  readonly subject: string | null
  readonly milliseconds: number
}

/** @param times seconds since the epoch */
export function entryOf(
  decision: Decision,
  { head, route, origin, requestId }: Asked,
  answer: Answer,
  refusal: Refusal | null,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): LogEntry {
  const would = decision.kind === 'forward' ? decision.would : undefined
  return {
    at: startedAt,
    requestId,
    origin: origin?.name ?? null,
    rule: route?.path ?? null,
    method: head.method,
    path: pathForLog(head.target),
    decision: decision.kind,
    reason: refusal?.reason ?? null,
    refusal: refusal && redactRefusal(refusal, head),
    would: would ? redactRefusal(would, head) : null,
    status: answer.status,
    subject: decision.kind === 'preflight' ? null : (decision.principal?.subject ?? null),
    milliseconds: Math.round((now - startedAt) * 1000),
  }
}
