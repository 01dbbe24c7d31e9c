/** Starts a gateway of any runtime with routes of the test's own, and somebody who has signed in there. */

import type { GatewayConfig } from '../../src/route/schema.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { type RunningRuntime, type RuntimeName, type RuntimeOptions, startRuntime } from './runtimes.ts'
import { laySession } from './sessions.ts'
import { listen, serveKv } from './surroundings.ts'

export interface Door {
  readonly runtime: RunningRuntime
  /** `Cookie` of user-0, user0@example.com. */
  readonly cookie: string
  stop(): Promise<void>
}

const anyEntry = { workerd: 'entry/any-worker.ts', deno: 'entry/any-deno.ts', node: 'entry/any-node.ts' }

export async function openDoor(
  name: RuntimeName,
  routes: GatewayConfig,
  options: Partial<RuntimeOptions> = {},
): Promise<Door> {
  const now = Date.now() / 1000
  const session = { subject: 'user-0', claims: { email: 'user0@example.com' }, ttlSeconds: 3600 }
  const { key, record, cookie } = await laySession(
    createMemoryStore(() => now),
    session,
    now,
  )
  const text = JSON.stringify(record)
  const kv = serveKv(new Map([[`${key.place}/${key.name}`, text]]))
  const kvUrl = await listen(kv)
  const runtime = await startRuntime(name, {
    entry: anyEntry,
    kvPort: Number(new URL(kvUrl).port),
    ...options,
    environment: {
      SESSION_STORE: name === 'workerd' ? 'kv' : 'memory',
      STORE_TIMEOUT_MS: '20000',
      TEST_SESSIONS: JSON.stringify([[key.place, key.name, text]]),
      TEST_ROUTES: JSON.stringify(routes),
      ...options.environment,
    },
  })
  return {
    runtime,
    cookie: `__Host-sallyport=${cookie}`,
    async stop() {
      await runtime.stop()
      kv.close()
      kv.closeAllConnections()
    },
  }
}
