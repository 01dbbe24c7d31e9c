/** Each request to an endpoint of our own gets an id, and leaves a line in the log as any other does. */

import type { Context, MiddlewareHandler } from 'hono'
import { nothingSpent, type Spent } from '../authenticate/spent.ts'
import type { Refusal } from '../decision.ts'
import type { LogEntry } from '../log-entry.ts'
import { methodForLog, pathForLog, redactRefusal } from '../redact.ts'
import type { Table } from '../route/table.ts'
import type { Facts } from './facts.ts'

/** What an endpoint finds out about its request, for the line. */
export interface Told {
  readonly requestId: string
  readonly spent: Spent
  /** Why it was refused, where it was. */
  refusal: Refusal | null
  /** The same in a word, for what is no refusal of a decision. */
  reason: string | null
  subject: string | null
  /** The endpoint has written its line itself. */
  isLogged: boolean
}

/** What our endpoints are handed: by the platform, and by the line. */
export interface Own {
  readonly Bindings: Partial<Facts>
  readonly Variables: { readonly told: Told }
}

export interface LineParts {
  readonly table: Pick<Table, 'originOf'>
  readonly log: (entry: LogEntry, isRefused: boolean) => void
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function createLine({ table, log, now }: LineParts): MiddlewareHandler<Own> {
  return async (c, next) => {
    const startedAt = now()
    const told: Told = {
      requestId: crypto.randomUUID(),
      spent: nothingSpent(),
      refusal: null,
      reason: null,
      subject: null,
      isLogged: false,
    }
    c.set('told', told)
    await next()
    c.header('X-Request-Id', told.requestId)
    if (!told.isLogged) log(entryOf(c, told), c.res.status >= 400)

    function entryOf({ req, res }: Context<Own>, { requestId, spent, refusal, reason, subject }: Told): LogEntry {
      const { host, pathname, search } = new URL(req.url)
      return {
        at: startedAt,
        requestId,
        origin: table.originOf(host)?.name ?? null,
        rule: null,
        method: methodForLog(req.method),
        path: pathForLog(pathname),
        decision: 'endpoint',
        reason: refusal?.reason ?? reason,
        refusal: refusal && redactRefusal(refusal, { headers: req.raw.headers, target: pathname + search }),
        would: null,
        status: res.status,
        subject,
        milliseconds: Math.round((now() - startedAt) * 1000),
        storeMilliseconds: Math.round(spent.storeMilliseconds),
        keysMilliseconds: Math.round(spent.keysMilliseconds),
        upstreamMilliseconds: 0,
      }
    }
  }
}
