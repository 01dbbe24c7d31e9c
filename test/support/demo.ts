/** Starts the demo as a newcomer does, and ends it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { vi } from 'vitest'

export interface Demo {
  readonly child: ChildProcess
  readonly pid: number
  readonly output: () => string
}

const started: Demo[] = []

/** Ends what still runs: after each test. */
export function endDemos(): void {
  for (const { child, pid } of started.splice(0))
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGTERM')
}

/** `npm start` as a terminal runs it: in a process group of its own. */
export async function startDemo(): Promise<Demo> {
  const child = spawn('npm', ['start'], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  if (child.pid === undefined) throw new Error('npm did not start')
  const demo = { child, pid: child.pid, output: () => output }
  started.push(demo)
  const isThere = (): boolean => output.includes('Ctrl-C ends everything')
  await vi.waitUntil(() => isThere() || child.exitCode !== null, { timeout: 150_000, interval: 100 })
  if (!isThere()) throw new Error(`the demo didn't start:\n${output}`)
  return demo
}
