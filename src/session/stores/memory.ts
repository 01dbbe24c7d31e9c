/** Keeps sessions in this process: for tests, demos and a single Node or Deno process. Gone when it ends. */

import { isLater, type Key, pageSize, promisesOf, type SessionStore } from '../store.ts'

const capacity = 400_000

interface Entry {
  readonly key: Key
  readonly text: string
  readonly endsAt: number
}

/** @param now seconds since the epoch */
export function createMemoryStore(now: () => number): SessionStore {
  const entries = new Map<string, Entry>()
  const places = new Map<string, Set<string>>()
  return {
    promises: promisesOf.memory,
    read: async (keys) => keys.map(({ name }) => find(name)?.text ?? null),
    async write(key, text, ttlSeconds) {
      put(key, text, ttlSeconds)
    },
    async swap(key, before, text, ttlSeconds) {
      if ((find(key.name)?.text ?? null) !== before) return false
      put(key, text, ttlSeconds)
      return true
    },
    async raise(key, time, ttlSeconds) {
      if (isLater(time, find(key.name)?.text ?? null)) put(key, time, ttlSeconds)
    },
    async delete({ name }) {
      remove(name)
    },
    async list(place, after) {
      const names = [...(places.get(place) ?? [])].filter((name) => after === null || name > after).sort()
      const page = names.slice(0, pageSize)
      const next = names.length > pageSize ? (page.at(-1) ?? null) : null
      return { stored: page.flatMap((name) => find(name) ?? []), next }
    },
  }

  function find(name: string): Entry | undefined {
    const entry = entries.get(name)
    if (!entry || entry.endsAt > now()) return entry
    remove(name)
    return undefined
  }

  function put(key: Key, text: string, ttlSeconds: number | null): void {
    const { place, name } = key
    if (entries.size >= capacity && !entries.has(name)) for (const old of entries.keys()) find(old)
    if (entries.size >= capacity && !entries.has(name)) throw new Error(`the memory store is full: ${capacity} entries`)
    entries.set(name, { key, text, endsAt: ttlSeconds === null ? Number.POSITIVE_INFINITY : now() + ttlSeconds })
    if (!name.startsWith('session:')) return
    const names = places.get(place) ?? new Set()
    places.set(place, names.add(name))
  }

  function remove(name: string): void {
    const place = entries.get(name)?.key.place ?? ''
    entries.delete(name)
    const names = places.get(place)
    names?.delete(name)
    if (names?.size === 0) places.delete(place)
  }
}
