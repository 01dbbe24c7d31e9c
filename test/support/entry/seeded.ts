/** The memory store with what stands in `TEST_SESSIONS`, for runtimes whose store is this process. */

import type { SessionStore } from '../../../src/session/store.ts'
import { createMemoryStore } from '../../../src/session/stores/memory.ts'

/** @param text JSON: a list of place, name and record; a record of null hangs, as a store does that is cut off */
export async function seeded(text = '[]'): Promise<SessionStore> {
  const store = createMemoryStore(() => Date.now() / 1000)
  const hung = new Set<string>()
  for (const [place, name, record] of JSON.parse(text) as [string, string, string | null][]) {
    if (record === null) hung.add(name)
    else await store.write({ place, name }, record, 3600)
  }
  const isHung = (keys: readonly { readonly name: string }[]): boolean => keys.some(({ name }) => hung.has(name))
  return { ...store, read: (keys) => (isHung(keys) ? new Promise<never>(() => undefined) : store.read(keys)) }
}
