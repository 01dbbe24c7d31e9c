/** Reads the log of a running gateway, which comes behind its answers. */

import { vi } from 'vitest'
import { requestText, send } from './http.ts'
import type { RunningRuntime } from './runtimes.ts'

type Running = Pick<RunningRuntime, 'output' | 'port'>

/** The lines that have come whole: of the last one there may be half. */
export const linesOf = ({ output }: Pick<Running, 'output'>): readonly Record<string, unknown>[] =>
  output()
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

let asked = 0

/** What it wrote until now: with the line of one request more, all that was written before that is there too. */
export async function wholeOutput(runtime: Running): Promise<string> {
  const path = `/nowhere/${process.pid}-${asked++}`
  await send(runtime.port, requestText(`GET ${path}`, 'nowhere.test'))
  await vi.waitUntil(() => linesOf(runtime).some((line) => line['path'] === path), { timeout: 20_000 })
  return runtime.output()
}
