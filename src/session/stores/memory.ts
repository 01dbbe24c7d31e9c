/** Keeps sessions in this process: for tests, demos and a single Node or Deno process. Gone when it ends. */

import type { SessionStore } from '../store.ts'

const capacity = 100_000

/** @param now seconds since the epoch */
export function createMemoryStore(now: () => number): SessionStore {
  const entries = new Map<string, { readonly text: string; readonly endsAt: number }>()
  return {
    promises: { consistency: 'strong', atomic: true, stalenessSeconds: 0 },
    async read(key) {
      const entry = entries.get(key)
      if (!entry) return null
      if (entry.endsAt > now()) return entry.text
      entries.delete(key)
      return null
    },
    async write(key, text, ttlSeconds) {
      if (entries.size >= capacity && !entries.has(key)) dropEnded()
      if (entries.size >= capacity && !entries.has(key))
        throw new Error(`the memory store is full: ${capacity} sessions`)
      entries.set(key, { text, endsAt: now() + ttlSeconds })
    },
    async delete(key) {
      entries.delete(key)
    },
  }

  function dropEnded(): void {
    for (const [key, entry] of entries) if (entry.endsAt <= now()) entries.delete(key)
  }
}
