/** `sallyport csp suggest`: a policy from the reports that came in, for the operator to judge. */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import * as z from 'zod/mini'
import type { Violation } from '../shield/reports.ts'
import { suggestPolicy } from '../shield/suggest.ts'
import { UsageError, type Verb } from './verb.ts'

export const cspSuggest: Verb = {
  name: 'csp suggest',
  summary: 'print a policy from the reports in a log',
  help: `Usage: npx sallyport csp suggest LOG
       npx wrangler tail --format json | npx sallyport csp suggest -

Reads the lines that the gateway logged of broken policies ("kind":"csp-report"), from a file or, with -,
from standard input, and prints the directives that would have let them be, and what no directive should.
Anyone can send a report: read the sources before you write them down.`,
  options: {},
  positionals: ['LOG'],
  async run(given, io) {
    const [place] = given.positionals
    if (place === undefined) throw new UsageError('name the log, or - for standard input')
    const log = place === '-' ? await text(process.stdin) : await readLog(resolve(io.cwd, place))
    const violations = log.split('\n').flatMap(violationsIn)
    const suggestion = suggestPolicy(violations)
    if (given.flag('json')) {
      io.out(JSON.stringify({ reports: violations.length, ...suggestion }, null, 2))
      return 0
    }
    io.out(
      `// from ${violations.length} reports\ncsp: ${printObject({ directives: suggestion.directives, reportOnly: true, reports: true })}`,
    )
    for (const concern of suggestion.concerns) io.out(`// ${concern}`)
    return 0
  },
}

async function readLog(place: string): Promise<string> {
  try {
    return await readFile(place, 'utf8')
  } catch {
    throw new UsageError(`the log can't be read: ${place}`)
  }
}

const report = z.object({
  kind: z.literal('csp-report'),
  directive: z.string(),
  blocked: z.string(),
  page: z.string(),
  isEnforced: z.boolean(),
})

/** A line may be the report itself, or have it in a log of `wrangler tail`. */
function violationsIn(line: string): Violation[] {
  const at = line.indexOf('{')
  if (at < 0 || !line.includes('csp-report')) return []
  try {
    const json: unknown = JSON.parse(line.slice(at))
    const own = z.safeParse(report, json)
    if (own.success) return [own.data]
    const tail = z.safeParse(z.object({ logs: z.array(z.object({ message: z.array(z.string()) })) }), json)
    return tail.success ? tail.data.logs.flatMap(({ message }) => message.flatMap(violationsIn)) : []
  } catch {
    return []
  }
}

/** As one writes it in a route file: double quotes around what holds single ones. */
const printObject = (value: object): string => JSON.stringify(value, null, 2).replace(/"(\w+)":/g, '$1:')
