/** The same exchanges on workerd, Deno and Node, over sockets: what left the client, what reached the origin, what came back. */

import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wholeOutput } from '../support/log-lines.ts'
import { type RuntimeName, runtimeNames } from '../support/runtimes.ts'
import { type Surroundings, surround } from '../support/surroundings.ts'
import { isDifferent, type Outcome, reportOf } from './differences.ts'
import { type Exchange, run } from './exchange.ts'
import { exchanges } from './exchanges/all.ts'

const outcomes = new Map<Exchange, ReadonlyMap<RuntimeName, Outcome>>()

describe.each(runtimeNames)('%s', (name) => {
  let around: Surroundings
  beforeAll(async () => {
    around = await surround(name)
  })
  afterAll(() => around?.stop())

  describe.each(exchanges)('$topic', ({ rows }) => {
    it.each(rows)('$title', async (row) => {
      const outcome = await run(row, around)
      outcomes.set(row, new Map([...(outcomes.get(row) ?? []), [name, outcome]]))
    })
  })

  it('wrote no word of an unhandled error', async () => {
    const lines = (await wholeOutput(around.runtime)).split('\n')
    const odd = lines.filter((line) => /uncaught|unhandled|^Deno\.serve:/i.test(line))
    expect(odd.filter((line) => !aboutConnect.test(line))).toEqual([])
  })
})

const page = new URL('../../docs/runtimes.md', import.meta.url)
const [from, to] = ['<!-- written by test/runtime/conformance.test.ts -->\n', '\n<!-- to here -->']

describe('docs/runtimes.md', () => {
  const rows = exchanges.flatMap(({ rows }) => rows)
  const isComplete = (): boolean => rows.every((row) => outcomes.get(row)?.size === runtimeNames.length)

  it('tells why, where the runtimes differ', ({ skip }) => {
    if (!isComplete()) skip('not every exchange was run')
    expect(
      rows.filter((row) => isDifferent(row, outcomes) !== (row.why !== undefined)).map(({ title }) => title),
    ).toEqual([])
  })

  it('holds what this run has found', async ({ skip }) => {
    if (!isComplete()) skip('not every exchange was run')
    const report = reportOf(exchanges, outcomes)
    console.info(report)
    const text = await readFile(page, 'utf8')
    const [before = '', rest = ''] = text.split(from)
    const [found = '', after = ''] = rest.split(to)
    if (process.env['WRITE_REPORT']) await writeFile(page, `${before}${from}\n${report}\n${to}${after}`)
    expect(found.trim()).toBe(report)
  })
})

/** workerd complains of CONNECT, which the table sends and a Worker isn't made for, and of bodies that we break off. */
const aboutConnect =
  /connect event but we lack a handler|does not export a connect\(\) function|AbortError\): The operation was aborted/
