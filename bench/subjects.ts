/** Starts what is measured when it is first needed, on a core of its own, and keeps it until the end of the run. */

import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import process from 'node:process'
import { findProgram } from '../test/support/programs.ts'
import { type RunningRuntime, type RuntimeName, startRuntime } from '../test/support/runtimes.ts'
import { loadCpu } from './load.ts'
import type { Subject } from './scenarios.ts'
import type { World } from './world.ts'

const measuredCpu = '0'
const entry = (name: string) => `../../bench/entry/${name}.ts`
const gatewayEntry = { workerd: entry('worker'), deno: entry('deno'), node: entry('node') }
const bareEntry = { workerd: entry('bare-worker'), deno: entry('bare-deno'), node: entry('bare-node') }
const answeringEntry = { ...bareEntry, workerd: entry('answering-worker') }

export interface Subjects {
  running(subject: Subject): Promise<RunningRuntime>
  stop(): Promise<void>
}

export function createSubjects(world: World): Subjects {
  const started = new Map<Subject, RunningRuntime>()
  const pin = createPin()
  pin(process.pid, loadCpu)
  return {
    async running(subject) {
      const there = started.get(subject)
      if (there) return there
      const runtime = await start(subject, world)
      started.set(subject, runtime)
      pin(runtime.pid, measuredCpu)
      return runtime
    },
    async stop() {
      for (const runtime of started.values()) await runtime.stop()
    },
  }
}

function start(subject: Subject, { environment, kvPort, bridges, seeds }: World): Promise<RunningRuntime> {
  const name = subject.split(' ')[0] as RuntimeName
  if (subject.endsWith('bare')) return startRuntime(name, { entry: bareEntry, environment })
  if (subject === 'workerd answering') return startRuntime(name, { entry: answeringEntry, environment })
  if (subject === 'workerd kv')
    return startRuntime(name, { entry: gatewayEntry, environment: { ...environment, SESSION_STORE: 'kv' }, kvPort })
  const bridge = bridges.get(subject)
  const store = bridge
    ? { SESSION_STORE: 'upstash', UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token }
    : { SESSION_STORE: 'memory', TEST_SESSIONS: seeds }
  return startRuntime(name, { entry: gatewayEntry, environment: { ...environment, ...store } })
}

/** Puts a process on one core, so that it and its load don't take turns there. */
function createPin(): (pid: number, cpu: string) => void {
  const taskset = findProgram('taskset')
  if (taskset && cpus().length > 1) return (pid, cpu) => execFileSync(taskset, ['-acp', cpu, String(pid)])
  console.error('load and what is measured share the cores: figures are noisier')
  return () => undefined
}
