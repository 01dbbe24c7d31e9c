/** What the conformance suite saw, as a table of those exchanges that don't end alike on all runtimes. */

import { type Message, statusOf, valuesOf } from '../support/http.ts'
import { tableOf } from '../support/markdown.ts'
import { type RuntimeName, runtimeNames } from '../support/runtimes.ts'
import type { Exchange } from './exchange.ts'

export interface Outcome {
  readonly answer: Message | null
  readonly received: readonly Message[]
}

export type Outcomes = ReadonlyMap<Exchange, ReadonlyMap<RuntimeName, Outcome>>

export const isDifferent = (row: Exchange, outcomes: Outcomes): boolean => new Set(cellsOf(row, outcomes)).size > 1

/** @param topics the rows of the suite, all of which have an outcome on each runtime */
export function reportOf(
  topics: readonly { readonly topic: string; readonly rows: readonly Exchange[] }[],
  outcomes: Outcomes,
): string {
  const all = topics.flatMap(({ rows }) => rows)
  const different = all.filter((row) => isDifferent(row, outcomes))
  const rows = different.map((row) => [row.title, ...cellsOf(row, outcomes), row.why ?? ''].map(escaped))
  // a row more or less that ends alike is no news
  const many = Math.floor(all.length / 50) * 50
  const names = topics.map(({ topic }) => topic).join(', ')
  return `Of more than ${many} exchanges (${names}) all but these ${different.length} end alike on the three runtimes:

${tableOf([['', 'workerd', 'Deno', 'Node', 'why'], ...rows])}`
}

const escaped = (cell: string): string => cell.replace(/[|<>]/g, (sign) => (sign === '|' ? '\\|' : `\\${sign}`))

function cellsOf(row: Exchange, outcomes: Outcomes): readonly string[] {
  const seen = outcomes.get(row)
  return runtimeNames.map((name) => {
    const outcome = seen?.get(name)
    return outcome ? cellOf(row, outcome) : 'not run'
  })
}

/** The answer's status; what reached the origin, as far as the row speaks of it for one runtime and not for another. */
function cellOf({ on }: Exchange, { answer, received }: Outcome): string {
  const status = answer ? String(statusOf(answer)) : 'hangs up'
  const [message] = received
  if (!message) return `${status}, not forwarded`
  const wants = Object.values(on ?? {}).map(({ origin }) => origin)
  const names = new Set(wants.flatMap((origin) => Object.keys(origin?.headers ?? {})))
  const told = [...names].map((name) => `${name}: ${valuesOf(message, name).join(', ') || 'none'}`)
  const line = wants.some((origin) => origin?.line !== undefined) ? [`\`${message.start.replace(/ HTTP.*/, '')}\``] : []
  return [status, ...line, ...told].join(', ')
}
