/** The memory store with what stands in `TEST_SESSIONS`, for runtimes whose store is this process. */

import type { SessionStore } from '../../../src/session/store.ts'
import { createMemoryStore } from '../../../src/session/stores/memory.ts'

/** @param text JSON: a list of key and record; a record of null hangs, as a store does that is cut off */
export async function seeded(text = '[]'): Promise<SessionStore> {
  const store = createMemoryStore(() => Date.now() / 1000)
  const hung = new Set<string>()
  for (const [key, record] of JSON.parse(text) as [string, string | null][]) {
    if (record === null) hung.add(key)
    else await store.write(key, record, 3600)
  }
  return { ...store, read: (key) => (hung.has(key) ? new Promise<never>(() => undefined) : store.read(key)) }
}
