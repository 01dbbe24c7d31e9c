/** The same exchanges on workerd, Deno and Node, over sockets: what left the client, what reached the origin, what came back. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runtimeNames } from '../support/runtimes.ts'
import { type Surroundings, surround } from '../support/surroundings.ts'
import { run } from './exchange.ts'
import { exchanges } from './exchanges/all.ts'

describe.each(runtimeNames)('%s', (name) => {
  let around: Surroundings
  beforeAll(async () => {
    around = await surround(name)
  })
  afterAll(() => around?.stop())

  describe.each(exchanges)('$topic', ({ rows }) => {
    it.each(rows)('$title', (row) => run(row, around))
  })

  it('wrote no word of an unhandled error', () => {
    const odd = around.runtime
      .output()
      .split('\n')
      .filter((line) => /uncaught|unhandled|^Deno\.serve:/i.test(line))
    expect(odd.filter((line) => !aboutConnect.test(line))).toEqual([])
  })
})

/** workerd complains of CONNECT, which the table sends and a Worker isn't made for, and of bodies that we break off. */
const aboutConnect =
  /connect event but we lack a handler|does not export a connect\(\) function|AbortError\): The operation was aborted/
