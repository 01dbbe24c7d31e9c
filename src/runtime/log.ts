/** One JSON line per request, for people and machines to read. */

import type { ReportEntry } from '../endpoints/reports.ts'
import type { SessionEvent } from '../keeper.ts'
import type { LogEntry } from '../log-entry.ts'
import type { SignInEntry } from '../sign-in-entry.ts'

/** Facts that are null are left out; the refusal's own facts stand under `why`. */
export function logLine({ refusal, at, ...entry }: LogEntry): string {
  const facts = Object.entries({ time: new Date(at * 1000).toISOString(), ...entry }).filter(
    ([, value]) => value !== null,
  )
  if (!refusal) return JSON.stringify(Object.fromEntries(facts))
  const { reason: _, ...why } = refusal
  return JSON.stringify({ ...Object.fromEntries(facts), why })
}

/** A report of a broken policy: `sallyport csp suggest` reads these lines. */
export const reportLine = ({ at, ...entry }: ReportEntry): string =>
  JSON.stringify({ time: new Date(at * 1000).toISOString(), ...entry })

/** What happened to a session. */
export const eventLine = ({ at, ...event }: SessionEvent): string =>
  JSON.stringify({ time: new Date(at * 1000).toISOString(), ...event })

/** Who signed in, or could not: the audit line. */
export const signInLine = ({ at, ...entry }: SignInEntry): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries({ time: new Date(at * 1000).toISOString(), ...entry }).filter(([, value]) => value !== null),
    ),
  )
