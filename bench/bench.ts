/** Measures the gateway beside the bare runtimes. Run by `npm run bench`; bench/README.md says how to read it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { overBudget, readBudgets } from './budget.ts'
import { type Figure, figureOf } from './figures.ts'
import { findLoader } from './load.ts'
import { createMeasure, type Pace } from './measure.ts'
import { plot } from './plot.ts'
import { makeCredentials, many } from './requests.ts'
import { chosen, type Scenario } from './scenarios.ts'
import { createSubjects } from './subjects.ts'
import { head, rowOf } from './table.ts'
import { surround } from './world.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true, default: [] },
    plot: { type: 'string' },
  },
})
const pace: Pace = options.quick
  ? { rounds: 3, seconds: 1, connections: 32, longWarmUpSeconds: 3 }
  : { rounds: 9, seconds: 3, connections: 32, longWarmUpSeconds: 12 }
// with --json the last line is all that goes to stdout
const say = options.json ? console.error : console.log

let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isInterrupted = true))

const wanted = chosen(options.scenario.flatMap((words) => words.split(',')))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
try {
  const figures = await run(wanted)
  if (options.plot) writeFileSync(options.plot, plot(figures, `CPU per request against the bare runtime (${rounds()})`))
  const faults = overBudget(figures, readBudgets())
  for (const fault of faults) console.error(fault)
  if (faults.length > 0 || isInterrupted) process.exitCode = 1
  const json = figures.map(({ scenario, ratio, min, max }) => [scenario.name, { ratio, min, max }])
  console.log(JSON.stringify(Object.fromEntries(json)))
} finally {
  rmSync(folder, { recursive: true })
}

async function run(scenarios: readonly Scenario[]): Promise<readonly Figure[]> {
  const legs = scenarios.flatMap(({ ours, base }) => [ours, base])
  const credentials = await makeCredentials(legs.some(({ requests }) => requests === 'sessions20k') ? many : 1)
  const delays = [0, 5, 30].filter((delay) => legs.some(({ subject }) => subject === `workerd upstash ${delay} ms`))
  const world = await surround(folder, credentials, delays)
  const subjects = createSubjects(world)
  const figures: Figure[] = []
  try {
    const loader = findLoader()
    say(`load: ${loader.name}; origin: ${world.origin}; ${rounds()}\n\n${head()}`)
    const measure = createMeasure({ subjects, loader, credentials, folder, pace, fetches: world.fetches })
    for (const scenario of scenarios) {
      if (isInterrupted) break
      if (scenario.ours.subject.includes('upstash') && world.bridges.size === 0) continue
      const figure = figureOf(scenario, await measure(scenario))
      figures.push(figure)
      say(rowOf(figure))
    }
  } finally {
    await subjects.stop()
    await world.stop()
  }
  return figures
}

function rounds(): string {
  return `${pace.rounds} rounds of ${pace.seconds} s, ${pace.connections} connections`
}
