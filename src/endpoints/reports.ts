/** `/.sallyport/reports`: takes what browsers report of broken policies, a little at a time, into the log. */

import { Hono } from 'hono/tiny'
import type { Table } from '../route/table.ts'
import { reportsPath } from '../shield/csp.ts'
import { maxReportBytes, readReports, type Violation } from '../shield/reports.ts'

export interface ReportEntry extends Violation {
  readonly kind: 'csp-report'
  /** Seconds since the epoch. */
  readonly at: number
  readonly origin: string
}

export interface ReportsEndpointParts {
  readonly table: Pick<Table, 'originOf'>
  readonly now: () => number
  readonly log: (entry: ReportEntry) => void
}

/** More than these are dropped, for anyone may send them: per minute, and instance of the gateway. */
const maxEntriesPerMinute = 200

export function createReportsEndpoint({ table, now, log }: ReportsEndpointParts): Hono {
  const app = new Hono()
  let minute = 0
  let entries = 0

  app.post(reportsPath, async (c) => {
    const origin = table.originOf(new URL(c.req.url).host)
    if (!origin?.routes.some((route) => route.headers.reports)) return c.notFound()
    const at = now()
    if (Math.floor(at / 60) !== minute) [minute, entries] = [Math.floor(at / 60), 0]
    if (entries >= maxEntriesPerMinute) return c.body(null, 429, { 'Retry-After': '60' })
    const text = await readText(c.req.raw.body, maxReportBytes)
    if (text === null) return c.body(null, 413)
    const violations = readReports(text)
    if (!violations) return c.body(null, 400)
    entries += violations.length
    for (const violation of violations) log({ kind: 'csp-report', at, origin: origin.name, ...violation })
    return c.body(null, 204)
  })
  return app
}

/** @returns null as soon as there is more than may be */
async function readText(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string | null> {
  if (!body) return ''
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > maxBytes) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}
