/** A gateway that couldn't start: it refuses every request, says why in the log, and forwards nothing. */

import { Hono } from 'hono/tiny'
import { refuse } from '../decision.ts'
import type { Own } from '../endpoints/line.ts'
import { type Gateway, isOwnPath } from '../gateway.ts'
import { type Head, isHost } from '../head.ts'
import type { LogEntry } from '../log-entry.ts'
import { methodForLog, pathForLog } from '../redact.ts'
import { type Answer, respondRefused } from '../respond.ts'
import { headersOf } from './native-headers.ts'

/**
 * What `open` opens; or, where it throws, a gateway that is closed. For a runtime that has no start of its own to
 * fail at, such as workerd: there each request must be told, and each must leave a line.
 */
export function openOrClose(open: () => Gateway, now: () => number, log: (entry: LogEntry) => void): Gateway {
  try {
    return open()
  } catch (error) {
    return createClosedGateway(error instanceof Error ? error.message : 'unknown', now, log)
  }
}

/**
 * @param cause what is to be mended: for the log, never for the answer
 * @param now seconds since the epoch
 */
export function createClosedGateway(cause: string, now: () => number, log: (entry: LogEntry) => void): Gateway {
  const refusal = { reason: 'fault', cause } as const
  const endpoints = new Hono<Own>()
  endpoints.all('*', ({ req }) => {
    const { method, raw } = req
    const target = new URL(req.url).pathname
    const { status, headers, body } = answer({ method, target, headers: raw.headers, ...nowhere })
    return new Response(body, { status, headers: headersOf(headers) })
  })
  return {
    begin: async (head) => ({ kind: 'answer', answer: answer(head) }),
    decide: async () => refuse(refusal),
    plan: () => Promise.reject(new TypeError('a closed gateway forwards nothing')),
    owns: ({ host, target }) => isOwnPath(target) && isHost(host),
    endpoints,
  }

  function answer(head: Head): Answer {
    const requestId = crypto.randomUUID()
    const given = respondRefused(refusal, { head, route: null, origin: null, requestId })
    log({
      at: now(),
      requestId,
      origin: null,
      rule: null,
      method: methodForLog(head.method),
      path: pathForLog(head.target),
      decision: 'refuse',
      reason: refusal.reason,
      refusal,
      would: null,
      status: given.status,
      subject: null,
      milliseconds: 0,
      storeMilliseconds: 0,
      keysMilliseconds: 0,
      upstreamMilliseconds: 0,
    })
    return given
  }
}

const nowhere = { scheme: 'http', host: '', clientAddress: null } as const
